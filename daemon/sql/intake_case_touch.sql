-- intake_case_touch: what new contacts do to cases that were there. A case that is closed by now, also when it was
-- open a moment ago, opens again when somebody has to look (wake). One that waits for the moment of its call-back waits
-- for an agent from now on; that somebody calls stays promised. One that was merged a moment ago, and is to be looked at, is a
-- case of its own again
-- $1 uuid[] id (each once), $2 timestamptz[] at, $3 text[] flags (by comma; null: none), $4 bool[] option0, $5 bool[] wake,
-- $6 timestamptz[] due_at (when it opens again, or asks for help by hand), $7 bool[] did not wait, or was not
-- urgent, $8 text[] state (when it opens again), $9 timestamptz[] arrived_at (likewise)
-- columns, of those of $7 that wait now: id, municipality, product, channel, language, option0, arrived_at, due_at
with touched as (
	update loket.case_file k set (last_contact_at, flags, option0, state, outcome, closed_at, reopened, arrived_at, due_at,
			merged_into) = (
		select greatest(k.last_contact_at, u.at),
			case when u.flags is null or string_to_array(u.flags, ',') <@ k.flags then k.flags
				else array(select distinct f from unnest(k.flags || string_to_array(u.flags, ',')) f order by f) end,
			k.option0 or u.option0,
			case when k.state = 'closed' and u.wake then u.state
				when k.state = 'scheduled' and u.wake and u.state = 'queued' then 'queued' else k.state end,
			case when not u.wake then k.outcome end,
			case when not u.wake then k.closed_at end,
			k.reopened + (k.state = 'closed' and u.wake)::int,
			case when k.state = 'closed' and u.wake then u.arrived_at else k.arrived_at end,
			case when k.state = 'closed' and u.wake then u.due_at
				when u.option0 and not k.option0 then least(k.due_at, u.due_at) else k.due_at end,
			case when not u.wake then k.merged_into end
		from (select ($2::timestamptz[])[i] as at, ($3::text[])[i] as flags, ($4::bool[])[i] as option0,
				($5::bool[])[i] as wake, ($6::timestamptz[])[i] as due_at, ($8::text[])[i] as state,
				($9::timestamptz[])[i] as arrived_at
			from (select array_position($1::uuid[], k.id) as i offset 0) at offset 0) u)
	where k.id = any ($1::uuid[])
	returning k.id, k.state, k.municipality, k.product, k.channel, k.language, k.option0, k.arrived_at, k.due_at
)
select id, municipality, product, channel, language, option0, arrived_at, due_at
from touched where state = 'queued' and ($7::bool[])[array_position($1::uuid[], id)]
