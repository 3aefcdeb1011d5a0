-- party_cases: the newest cases of a party, without those that went on in another
-- $1 uuid party, $2 int how many
-- columns: id, reference, product, channel, state, outcome, openedAt, closedAt
select id, reference, product, channel, state, outcome, opened_at as "openedAt", closed_at as "closedAt"
  from loket.case_file where party = $1 and merged_into is null order by last_contact_at desc limit $2
