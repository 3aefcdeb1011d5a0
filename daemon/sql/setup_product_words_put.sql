-- setup_product_words_put: the words that point to a product; a word that points elsewhere is an error
-- $1 text product, $2 jsonb [{"word", "municipality"?}]
-- columns: none
insert into loket.product_word (municipality, word, product)
select w ->> 'municipality', w ->> 'word', $1 from jsonb_array_elements($2::jsonb) w
