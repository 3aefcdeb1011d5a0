-- contact_case: the case a contact came into, as it is told to who brought it
-- $1 uuid case
-- columns: as in the contract
select id, reference, municipality, product, channel, inbox, language, state, outcome, to_jsonb(flags) as flags, option0,
	party, owner, epoch, opened_at as "openedAt", arrived_at as "arrivedAt", due_at as "dueAt",
	merged_into as "mergedInto"
from loket.case_file where id = $1
