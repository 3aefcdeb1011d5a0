-- setup_product_words_drop: no word points to a product any more
-- $1 text product
-- columns: none
delete from loket.product_word where product = $1
