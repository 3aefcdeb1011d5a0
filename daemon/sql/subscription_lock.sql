-- subscription_lock: its events, before it goes: who records what became of one writes the event first, then the
-- subscription
-- $1 uuid subscription
-- columns: id
select id from loket.event where subscription = $1 order by id for update
