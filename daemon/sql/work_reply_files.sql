-- work_reply_files: the files of a reply that work_reply wrote in the same unit. One that the case has already is a
-- row of its own on the same bytes, held against who takes the other back; one that is gone meanwhile ends the reply
-- (outbox_send.c)
-- $1 uuid contact; for each file: $2 uuid[] id (new), $3 uuid[] the attachment that it is a copy of, null: it was
-- uploaded, $4 text[] kind,
-- $5 text[] media type, $6 text[] name, $7 bigint[] bytes, $8 text[] sha256
-- columns: none
with said as (select id, municipality, inbox from loket.contact where id = $1 and direction = 'out' and delivery = 'queued'),
given as (
	select * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[]) with ordinality
		u (id, source, kind, media_type, name, bytes, sha256, n)),
known as (select id, found_type from loket.attachment where id = any ($3::uuid[]) and state = 'stored' for share),
rows as (
	insert into loket.attachment (id, municipality, contact, inbox, kind, media_type, name, found_type, bytes, sha256, state, why)
	select g.id, s.municipality, s.id, s.inbox, g.kind, g.media_type, g.name, k.found_type, g.bytes, g.sha256,
	       case when g.source is null then 'quarantined' when k.id is null then 'failed' else 'stored' end,
	       case when g.source is not null and k.id is null then 'it was taken back' end
	  from said s cross join given g left join known k on k.id = g.source)
update loket.contact c
   set attachments = (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', g.id, 'kind', g.kind, 'mediaType', g.media_type,
	                         'name', g.name, 'bytes', g.bytes, 'sha256', g.sha256, 'state', 'quarantined')) order by g.n) from given g),
       kind = case when c.text is null then 'media' else c.kind end
  from said where c.id = said.id
