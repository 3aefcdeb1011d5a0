-- help_asked: the request for help of a case, as its answer tells it. Of who is blocked there is none: the contact stands for it
-- $1 uuid case, $2 uuid contact
-- columns: id, case, reference, preference, promisedAt
select coalesce(h.id, $2) as id, k.id as "case", k.reference, h.preference, coalesce(h.promised_at, k.promised_at) as "promisedAt"
  from loket.case_file k left join loket.help_request h on h.case_id = k.id
 where k.id = $1
 order by h.ended_at is not null, h.asked_at desc limit 1
