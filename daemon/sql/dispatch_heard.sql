-- dispatch_heard: what other instances said
-- $1 text this instance, $2 bigint after this id, $3 int at most
-- columns: id, municipality, case_id, agent
select id, municipality, case_id, agent
  from loket.notice
 where id > $2 and origin <> 'loketd ' || $1
 order by id
 limit $3::int
