-- outbox_claim_told: the notices of what outbox_claim took, in its unit
-- $1 text this instance
-- columns: the notices
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), c.municipality, 'delivery.changed', c.case_id, f.owner,
       jsonb_build_object('contact', jsonb_build_object('id', c.id, 'delivery', c.delivery),
                          'case', jsonb_build_object('id', c.case_id))
  from loket.outbox o join loket.contact c on c.id = o.contact left join loket.case_file f on f.id = o.case_id
 where o.state = 'sending' and o.holder = $1 and o.attempts = 0 and o.next_at >= now() and c.delivery_at >= now()
returning id, at, municipality, kind, case_id, agent, payload
