-- world_inboxes: every inbox of every municipality, also those that are switched off
-- columns: id, municipality, channel, account, product, settings (json), enabled
select id, municipality, channel, account, product, settings, enabled from loket.inbox order by id
