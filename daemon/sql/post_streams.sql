-- post_streams: how much waits for the webcare team in each stream, and since when
-- $1 text municipality, null: all; $2 text by: inbox, channel, theme, area or sentiment; $3 int streams at most
-- columns: stream (null: what has none), waiting, claimed, oldest; a claim that ran out is none
select s.stream, count(*) filter (where not s.held) as waiting, count(*) filter (where s.held) as claimed,
       min(s.at) filter (where not s.held) as "oldestAt"
  from (select p.at, p.state = 'claimed' and coalesce(p.claimed_until > clock_timestamp(), true) as held,
               case $2 when 'inbox' then p.inbox when 'channel' then p.channel when 'theme' then p.theme
                       when 'area' then p.area when 'sentiment' then p.sentiment end as stream
          from loket.post p where p.state <> 'done' and ($1::text is null or p.municipality = $1)) s
 group by s.stream order by count(*) desc, s.stream limit $3
