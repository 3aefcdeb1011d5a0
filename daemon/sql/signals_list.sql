-- signals_list: signals, newest first, with what was said
-- $1 uuid last one of the page before, null first page; $2 text municipality, $3 text state (open, ended), $4 text theme,
-- $5 text area: null for all; $6 int how many
-- columns: a signal; contacts (json: id, channel, at, text, name)
select s.id, s.municipality, nullif(s.theme, '') as theme, nullif(s.area, '') as area, s.department,
       case when s.ended_at is null then 'open' else 'ended' end as state, s.raised_at as "raisedAt", s.ended_at as "endedAt", s.hours,
       s.count, s.expected, to_jsonb(s.usual) as usual, s.chance, s.false_alarms as "falseAlarmsPerWeek",
       coalesce((select jsonb_agg(jsonb_build_object('contact', c.id, 'channel', c.channel, 'at', c.received_at, 'text', c.text,
                                  'name', c.name) order by c.id desc)
                   from loket.contact c where c.id = any (s.contacts) and c.text is not null), '[]') as examples
  from loket.signal s
 where ($1::uuid is null or s.id < $1) and ($2::text is null or s.municipality = $2)
   and ($3::text is null or ($3 = 'open') = (s.ended_at is null))
   and ($4::text is null or s.theme = $4) and ($5::text is null or s.area = $5)
 order by s.id desc limit $6
