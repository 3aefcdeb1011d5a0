-- intake_opt: who asked to be sent no more on a channel, and who takes that back. The last word of an address counts
-- $1 text[] municipality, $2 text[] channel, $3 text[] address kind, $4 text[] address, $5 bool[] out, $6 timestamptz now
with said as (
	select distinct on (municipality, channel, kind, value) *
	from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[]) with ordinality
		u (municipality, channel, kind, value, is_out, n)
	order by municipality, channel, kind, value, n desc
),
back as (
	delete from loket.opt_out o using said s
	where not s.is_out and o.municipality = s.municipality and o.channel = s.channel and o.kind = s.kind
		and o.value = s.value
)
insert into loket.opt_out (municipality, channel, kind, value, at)
select municipality, channel, kind, value, $6::timestamptz from said where is_out
on conflict do nothing
