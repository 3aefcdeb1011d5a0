-- intake_party_lock: who is about to get a new case; another instance that wants the same waits here
-- $1 uuid[] party, in order
select id from loket.party where id = any ($1::uuid[]) order by id for update
