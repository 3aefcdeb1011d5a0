-- sort_contacts: what citizens said since the last look, where there are themes
-- $1 uuid after this contact, $2 uuid up to this moment, $3 text[] municipalities, $4 int how many
-- columns: id, municipality, case_id, text, received_at
select c.id, c.municipality, c.case_id, c.text, c.received_at
  from loket.contact c
 where c.id > $1 and c.id <= $2 and c.direction = 'in' and c.municipality = any ($3::text[]) and c.case_id is not null
   and c.text is not null and c.kind not in ('edit', 'delete', 'reaction', 'system')
   and not c.flags && '{spam,flood,blocked,automatic}'
 order by c.id limit $4
