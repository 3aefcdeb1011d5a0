-- post_list_done: what the webcare team is done with, newest first
-- $1 uuid last one of the page before, null first page; $2 text municipality, $3 text state, $4 text inbox,
-- $5 text channel: null for all; $6 int how many; $7 text theme, $8 text area, $9 text sentiment, $10 text tag, $11 uuid who has
-- it: null for all
-- columns: a post of the contract
select p.id, p.municipality, p.inbox, p.channel, c.visibility, c.kind,
       jsonb_strip_nulls(jsonb_build_object('addresses', c.addresses, 'name', c.name)) as "from", c.party, c.language,
       c.text, loket.attachments_of(c.id, c.attachments) as attachments, to_jsonb(c.flags) as flags, c.fields->>'post' as root, c.fields->>'permalink' as permalink,
       c.provider_time as "providerTime", p.at, s.state,
       case when s.state = 'claimed' then jsonb_strip_nulls(jsonb_build_object('id', p.claimed_by, 'name', g.name)) end
           as "claimedBy",
       case when s.state = 'claimed' then p.claimed_until end as "claimedUntil",
       to_jsonb(p.actions) as actions, loket.post_labels(p.theme, p.area, p.sentiment, p.tags, p.because, p.labelled_by) as labels,
       p.protocol, p.outcome, p.done_at as "doneAt", p.done_by as "doneBy",
       jsonb_build_object('id', k.id, 'reference', k.reference, 'product', k.product, 'state', k.state) as "case"
  from loket.post p
  join loket.contact c on c.id = p.id
  join loket.case_file k on k.id = p.case_id
  left join loket.agent g on g.id = p.claimed_by
 cross join lateral (select case when p.state = 'claimed' and p.claimed_until <= clock_timestamp() then 'waiting'
                                 else p.state end as state) s
 where p.state = 'done' and ($1::uuid is null or p.id < $1)
   and ($2::text is null or p.municipality = $2) and ($3::text is null or s.state = $3)
   and ($4::text is null or p.inbox = $4) and ($5::text is null or p.channel = $5)
   and ($7::text is null or p.theme = $7) and ($8::text is null or p.area = $8)
   and ($9::text is null or p.sentiment = $9) and ($10::text is null or $10 = any (p.tags))
   and ($11::uuid is null or p.state = 'claimed' and s.state = 'claimed' and p.claimed_by = $11)
 order by p.id desc limit $6
