-- world_words: words that point to a product
-- columns: municipality (null: everywhere), word, product
select municipality, word, product from loket.product_word order by id
