-- cases_open_of_party: the other questions of the same party that are not solved yet, at most 20
-- $1 uuid the case that is looked at
-- columns: id, reference, product, channel, state, openedAt
select id, reference, product, channel, state, opened_at as "openedAt"
  from loket.case_file
 where party = (select c.party from loket.case_file c where c.id = $1) and id <> $1 and state <> 'closed'
 order by last_contact_at desc limit 20
