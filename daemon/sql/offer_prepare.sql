-- offer_prepare: what is needed to finish in one go, with each offer that an agent may accept now
-- $1 uuid agent
-- columns: offer, municipality, product, id (of the case); party, history (closed cases), "openCases", contacts, notes, articles,
-- needs (of the product), said (of what is needed: what the newest contact says of it). Texts are cut, lists are short
select o.id as offer, c.municipality, c.product, c.id,
       (select jsonb_strip_nulls(jsonb_build_object('id', p.id, 'municipality', p.municipality, 'name', p.name,
                 'language', p.language, 'addresses', (select coalesce(jsonb_agg(jsonb_build_object('kind', x.kind,
                         'value', x.value)), '[]')
                    from (select kind, value from loket.address where party = p.id order by created_at, kind, value limit 10) x)))
          from loket.party p where p.id = c.party) as party,
       (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(h))), '[]')
          from (select k.id, k.reference, k.product, k.channel, k.outcome,
                       to_char(k.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "closedAt"
                  from loket.case_file k
                 where k.party = c.party and k.id <> c.id and k.state = 'closed' and k.merged_into is null
                 order by k.last_contact_at desc limit 5) h) as history,
       (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(h))), '[]')
          from (select k.id, k.reference, k.product, k.channel, k.state,
                       to_char(k.opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "openedAt"
                  from loket.case_file k
                 where k.party = c.party and k.id <> c.id and k.state <> 'closed'
                 order by k.last_contact_at desc limit 5) h) as "openCases",
       (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(t)) order by t."receivedAt", t.id), '[]')
          from (select id, channel, direction, kind, left(text, 500) as text,
                       to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "receivedAt"
                  from loket.contact where case_id = c.id order by received_at desc, id desc limit 10) t) as contacts,
       (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(n)) order by n.at, n.id), '[]')
          from (select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, agent,
                       left(text, 1000) as text
                  from loket.note where case_id = c.id order by loket.note.at desc, id desc limit 3) n) as notes,
       (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(a))), '[]')
          from (select b.id, b.municipality, b.kind, b.language, b.title
                  from loket.article b
                 where b.product = c.product and b.enabled and (b.channels is null or c.channel = any (b.channels))
                   and (b.municipality = c.municipality or b.municipality is null and not exists (
                        select from loket.article own where own.id = b.id and own.municipality = c.municipality))
                 order by b.language = c.language desc, b.kind, b.title, b.id limit 5) a) as articles,
       coalesce(d.needs, '[]') as needs,
       (select jsonb_object_agg(f.name, f.text)
          from (select distinct on (n.name) n.name, left(k.fields ->> n.name, 200) as text
                  from (select distinct jsonb_array_elements_text(coalesce(e -> 'fields', jsonb_build_array(e -> 'id'))) as name
                          from jsonb_array_elements(d.needs) e) n
                  join (select fields, received_at from loket.contact
                         where case_id = c.id and direction = 'in' and fields is not null
                         order by received_at desc limit 20) k on btrim(k.fields ->> n.name) <> ''
                 order by n.name, k.received_at desc) f) as said
  from loket.offer o
 cross join lateral (select * from loket.case_file where id = o.case_id offset 0) c   -- offset: by its key, whatever is known of the tables
  left join lateral (select * from loket.product where id = c.product offset 0) d on true
 where o.agent = $1 and o.state = 'made' and o.expires_at > clock_timestamp()
