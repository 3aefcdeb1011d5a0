-- intake_preference: how somebody would like to be helped, when this is the first they say after they were asked
-- $1 uuid[] contacts, stored before in this unit, $2 text[] 'callback' or 'counter'
with answer as (
	select c.id, c.case_id, u.preference
	  from unnest($1::uuid[], $2::text[]) u (id, preference) join loket.contact c on c.id = u.id
	  join loket.automatic a on a.case_id = c.case_id and a.kind = 'preference' and a.state = 'said'
	  join loket.contact asked on asked.id = a.id
	 where not exists (select from loket.contact i
	                    where i.case_id = c.case_id and i.direction = 'in' and i.received_at >= asked.received_at
	                      and (i.received_at, i.id) < (c.received_at, c.id)))
update loket.help_request h set preference = answer.preference
  from answer where h.case_id = answer.case_id and h.ended_at is null
