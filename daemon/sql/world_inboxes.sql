-- world_inboxes: every inbox of every municipality, also those that are switched off
-- columns: id, municipality, channel, provider, account, product, settings (json), enabled
select id, municipality, channel, coalesce(provider, channel) as provider, account, product, settings, enabled from loket.inbox order by id
