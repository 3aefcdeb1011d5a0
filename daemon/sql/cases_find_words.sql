-- cases_find_words: cases in which these words were said or noted; of the 1,000 newest (loket.cases_found)
-- $1 text words
-- $2 uuid last case of the page before, null first page; $3 text municipality, $4 text product, $5 text state,
-- $6 text channel, $7 timestamptz opened at or after, $8 timestamptz opened before: null for all; $9 int how many;
-- $10 uuid party, $11 uuid owner: null for all
-- columns: a case as lists show it, newest first
select c.id, c.reference, c.municipality, c.product, c.channel, c.language, c.state, c.outcome,
       to_jsonb(c.flags) as flags, c.option0, c.opened_at as "openedAt", c.arrived_at as "arrivedAt",
       c.due_at as "dueAt", c.last_contact_at as "lastContactAt", c.closed_at as "closedAt", c.owner,
       c.promised_at as "promisedAt", c.merged_into as "mergedInto", c.party
  from loket.case_file c
 where c.id = any (array(select loket.cases_found($1, $3, $7, $8)))
   and ($2::uuid is null or c.id < $2)
   and ($3::text is null or c.municipality = $3)
   and ($4::text is null or c.product = $4)
   and ($5::text is null or c.state = $5)
   and ($6::text is null or c.channel = $6)
   and ($7::timestamptz is null or c.opened_at >= $7)
   and ($8::timestamptz is null or c.opened_at < $8)
   and ($10::uuid is null or c.party = $10)
   and ($11::uuid is null or c.owner = $11)
 order by c.id desc limit $9
