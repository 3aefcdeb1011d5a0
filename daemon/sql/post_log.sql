-- post_log: who did what with a post, newest first
-- $1 uuid post, $2 bigint before this one, null: from the newest; $3 int how many
-- columns: id, and a line of the contract
select l.id, l.at, l.action,
       case when l.agent is not null then jsonb_strip_nulls(jsonb_build_object('id', l.agent, 'name', g.name)) end as agent,
       l.detail
  from loket.post_log l left join loket.agent g on g.id = l.agent
 where l.post = $1 and ($2::bigint is null or l.id < $2)
 order by l.id desc limit $3
