-- intake_case_touch: what new contacts do to cases that were there. A case that is closed by now, also when it was
-- open a moment ago, opens again when somebody has to look (wake). One that waits for the moment of its call-back waits
-- for an agent from now on; that somebody calls stays promised
-- $1 uuid[] id (each once), $2 timestamptz[] at, $3 text[] flags (by comma; null: none), $4 bool[] option0, $5 bool[] wake,
-- $6 timestamptz[] due_at (when it opens again, or asks for help by hand), $7 bool[] did not wait, or was not
-- urgent, $8 text[] state (when it opens again), $9 timestamptz[] arrived_at (likewise)
-- columns, of those of $7 that wait now: id, municipality, product, channel, language, option0, arrived_at, due_at,
-- wanted_agent, wanted_team
with touched as (
	update loket.case_file k set
		last_contact_at = greatest(k.last_contact_at, u.at),
		flags = case when u.flags is null or string_to_array(u.flags, ',') <@ k.flags then k.flags
			else array(select distinct f from unnest(k.flags || string_to_array(u.flags, ',')) f order by f) end,
		option0 = k.option0 or u.option0,
		state = case when k.state = 'closed' and u.wake then u.state
			when k.state = 'scheduled' and u.wake and u.state = 'queued' then 'queued' else k.state end,
		outcome = case when u.wake then null else k.outcome end,
		closed_at = case when u.wake then null else k.closed_at end,
		reopened = k.reopened + (k.state = 'closed' and u.wake)::int,
		arrived_at = case when k.state = 'closed' and u.wake then u.arrived_at else k.arrived_at end,
		due_at = case when k.state = 'closed' and u.wake then u.due_at
			when u.option0 and not k.option0 then least(k.due_at, u.due_at) else k.due_at end
	from (select unnest($1::uuid[]) as id, unnest($2::timestamptz[]) as at, unnest($3::text[]) as flags,
		unnest($4::bool[]) as option0, unnest($5::bool[]) as wake, unnest($6::timestamptz[]) as due_at,
		unnest($7::bool[]) as starts, unnest($8::text[]) as state,
		unnest($9::timestamptz[]) as arrived_at) u
	where k.id = u.id
	returning k.id, k.state, k.municipality, k.product, k.channel, k.language, k.option0, k.arrived_at, k.due_at,
		k.wanted_agent, k.wanted_team, u.starts
)
select id, municipality, product, channel, language, option0, arrived_at, due_at, wanted_agent, wanted_team
from touched where starts and state = 'queued'
