-- sweep_outbox: the oldest replies that left go from the outbox after so many days; the contact keeps what became of it
-- $1 int days
-- columns: none
delete from loket.outbox
 where contact in (select contact from (select contact, state, next_at from loket.outbox order by contact limit 1000) p
                    where state = 'done' and next_at < clock_timestamp() - make_interval(days => $1::int))
