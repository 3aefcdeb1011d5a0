-- article_put: make or change the version of an article that a municipality has, or the region; every version is kept
-- $1 text id, $2 text municipality (null: the region's), $3 text kind, $4 text product, $5 text[] channels (null: all),
-- $6 text language (null: Dutch), $7 text title, $8 text text, $9 jsonb template, $10 boolean enabled (null: yes), $11 uuid token, $12 uuid agent,
-- $13 date when to look at it again
-- columns: made
with put as (
	insert into loket.article (id, municipality, kind, product, channels, language, title, text, template, enabled, changed_at,
	       changed_by, review_on)
	values ($1, $2, $3, $4, $5::text[], coalesce($6, 'nl'), $7, $8, $9, coalesce($10, true), clock_timestamp(), $12, $13::date)
	on conflict (id, municipality) do update
		set kind = excluded.kind, product = excluded.product, channels = excluded.channels, language = excluded.language,
		    title = excluded.title, text = excluded.text, template = excluded.template, enabled = excluded.enabled,
		    changed_at = excluded.changed_at, changed_by = excluded.changed_by, review_on = excluded.review_on
	returning *, (xmax = 0) as made),
kept as (
	insert into loket.article_change (article, municipality, at, token, agent, content)
	select id, municipality, changed_at, $11, $12, jsonb_strip_nulls(jsonb_build_object('kind', kind, 'product', product,
	       'channels', channels, 'language', language, 'title', title, 'text', text, 'template', template, 'enabled', enabled,
	       'reviewOn', review_on))
	  from put)
select made from put
