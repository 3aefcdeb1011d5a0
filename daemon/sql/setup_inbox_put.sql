-- setup_inbox_put: make or change an inbox; no row when it is another municipality's
-- $1 text id, $2 text municipality, $3 text channel, $4 text account, $5 text product, $6 jsonb settings,
-- $7 boolean enabled (null: yes), $8 text provider (null: the channel's own)
-- columns: made
insert into loket.inbox as i (id, municipality, channel, account, product, settings, enabled, provider)
values ($1, $2, $3, $4, $5, coalesce($6::jsonb, '{}'), coalesce($7::boolean, true), $8)
on conflict (id) do update
	set channel = excluded.channel, account = excluded.account, product = excluded.product,
		settings = excluded.settings, enabled = excluded.enabled, provider = excluded.provider
	where i.municipality = excluded.municipality
returning (xmax = 0) as made
