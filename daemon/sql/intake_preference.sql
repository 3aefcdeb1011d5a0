-- intake_preference: how somebody would like to be helped, when this is the first they say after they were asked
-- What that means for when they are helped is promised by what is said (automatic), once in a case
-- $1 uuid[] contacts, stored before in this unit, $2 text[] 'callback' or 'counter', $3 uuid[] of what is said (new),
-- $4 timestamptz now
with answer as (
	select c.id, c.case_id, c.municipality, u.preference, u.said
	  from unnest($1::uuid[], $2::text[], $3::uuid[]) u (id, preference, said) join loket.contact c on c.id = u.id
	  join loket.automatic a on a.case_id = c.case_id and a.kind = 'preference' and a.state = 'said'
	  join loket.contact asked on asked.id = a.id
	 where not exists (select from loket.contact i
	                    where i.case_id = c.case_id and i.direction = 'in' and i.received_at >= asked.received_at
	                      and (i.received_at, i.id) < (c.received_at, c.id))),
kept as (
	update loket.help_request h set preference = answer.preference
	  from answer where h.case_id = answer.case_id and h.ended_at is null returning answer.*)
insert into loket.automatic (id, municipality, case_id, kind, payload, at)
select said, municipality, case_id, 'promise', '{}', $4::timestamptz from kept
on conflict do nothing
