-- figure_agents: how many people each group is about: those who may take what is in it
-- $1 text municipality, $2 text channel, $3 text product, $4 text team, null: all; $5 text by, as in figure_sums
-- columns: group (by a time: ''), agents
select x."group", count(*) as agents
  from loket.agent a
 cross join lateral unnest(case $5::text when 'municipality' then a.municipalities when 'channel' then a.channels
                                when 'product' then a.products when 'team' then a.teams else '{""}' end) x ("group")
 where a.enabled and ($1::text is null or a.municipalities @> array[$1]) and ($2::text is null or a.channels @> array[$2])
   and ($3::text is null or a.products @> array[$3]) and ($4::text is null or a.teams @> array[$4])
 group by 1
