-- case_unmerge_read: the case that this one went on in, and who put it there
-- $1 uuid the merged case
-- columns: kept, kept_owner, merged_by
select k.id as kept, k.owner as kept_owner, m.agent as merged_by
  from (select id, merged_into from loket.case_file where id = $1 offset 0) g
 cross join lateral (select id, owner from loket.case_file where id = g.merged_into offset 0) k
 cross join lateral (select agent from loket.case_merge where gone = g.id and undone_at is null order by at desc limit 1) m
