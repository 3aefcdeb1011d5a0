-- case_split_read: what is to become a question of its own, beside what work_case has of the case
-- $1 uuid case, $2 uuid[] contacts, $3 uuid case that would be made: did an earlier try make it?
-- columns: post (the case was said in public); here (contacts that are in this case), asked (by the citizen, of those), stays (by the
-- citizen, of the rest), unsent (not gone out yet), on_the_line; since (the first that was asked); made (reference)
select k.post is not null as post, count(*) filter (where picked) as here, count(*) filter (where picked and direction = 'in') as asked,
       count(*) filter (where not picked and direction = 'in') as stays,
       count(*) filter (where picked and delivery in ('queued', 'sending')) as unsent,
       count(*) filter (where picked and exists (select from loket.call w where w.id = c.id and w.state <> 'ended')) as on_the_line,
       min(c.received_at) filter (where picked and direction = 'in') as since,
       (select reference from loket.case_file where id = $3) as made
  from loket.case_file k
  left join lateral (select id, direction, delivery, received_at, id = any ($2::uuid[]) as picked
                       from loket.contact where case_id = k.id) c on true
 where k.id = $1
 group by k.id
