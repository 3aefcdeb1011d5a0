-- setup_inbox_get: one inbox; of its secrets only how many there are
-- $1 text id
-- columns: id, municipality, channel, provider, account, product, settings (json), enabled, secrets (json: kind to number)
select i.id, i.municipality, i.channel, i.provider, i.account, i.product, i.settings, i.enabled, coalesce((
	select jsonb_object_agg(k.kind, k.n)
	from (select s.kind, count(*) as n from loket.inbox_secret s where s.inbox = i.id group by s.kind) k), '{}')
	as secrets
from loket.inbox i where i.id = $1
