-- cases_around: what belongs to each case: those that went on in it, those it has to do with, what its product needs, and what of
-- that was said in it
-- $1 uuid[] cases
-- columns: n (which case, from 1), merged, links, needs, said
select q.n, m.merged, l.links, d.needs, f.said
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (select id, product from loket.case_file where id = q.id offset 0) c
  left join lateral (
	select jsonb_agg(jsonb_build_object('id', g.id, 'reference', g.reference, 'product', g.product, 'channel', g.channel, 'openedAt',
	                 to_char(g.opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by g.opened_at, g.id) as merged,
	       array_agg(g.id) as ids
	  from (select * from loket.case_file where merged_into = c.id order by opened_at limit 50) g) m on true
  left join lateral (
	select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', o.id, 'reference', o.reference, 'product', o.product, 'channel', o.channel,
	                 'state', o.state, 'note', x.note, 'agent', x.agent, 'at',
	                 to_char(x.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) order by x.at, o.id) as links
	  from (select other as id, at, agent, note from loket.case_link where one = c.id
	        union all select one, at, agent, note from loket.case_link where other = c.id) x
	 cross join lateral (select * from loket.case_file where id = x.id offset 0) o) l on true
  left join lateral (select needs from loket.product where id = c.product offset 0) d on true
  left join lateral (
	select jsonb_object_agg(s.name, s.text) as said
	  from (select distinct on (n.name) n.name, left(k.fields ->> n.name, 200) as text
	          from (select distinct jsonb_array_elements_text(coalesce(e -> 'fields', jsonb_build_array(e -> 'id'))) as name
	                  from jsonb_array_elements(d.needs) e) n
	          join (select t.fields, t.received_at
	                  from unnest(c.id || m.ids) one
	                 cross join lateral (select fields, received_at from loket.contact
	                                      where case_id = one and direction = 'in' and fields is not null
	                                      order by received_at desc limit 20) t) k on btrim(k.fields ->> n.name) <> ''
	         order by n.name, k.received_at desc) s) f on true
