-- setup_product_get: one product, with the words that point to it
-- $1 text id
-- columns: id, name, words (json), needs, "secondLine"
select p.id, p.name, p.needs, p.second_line as "secondLine", coalesce((
	select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('word', w.word, 'municipality', w.municipality)) order by w.id)
	from loket.product_word w where w.product = p.id), '[]') as words
from loket.product p where p.id = $1
