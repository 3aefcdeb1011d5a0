-- post_get: a post as the webcare team sees it
-- $1 uuid post
-- columns: a post of the contract; a claim that ran out is none
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
 where p.id = $1
