-- queue_page_pg: a page of what waits, when Redis cannot be asked or something else than municipality is asked for
-- $1 text municipality or null, $2 text channel or null, $3 text product or null,
-- $4 timestamptz and $5 uuid: due and id of the last one seen (null: from the start), $6 int how many
-- columns: of QueueItem in the contract
select id, reference, municipality, product, channel, language, state, to_jsonb(flags) as flags, option0,
       arrived_at as "arrivedAt", due_at as "dueAt",
       greatest(0, floor(extract(epoch from clock_timestamp() - arrived_at)))::bigint as "waitingSeconds"
  from loket.case_file
 where state = 'queued'
   and ($1::text is null or municipality = $1) and ($2::text is null or channel = $2)
   and ($3::text is null or product = $3)
   and (due_at, id) > (coalesce($4::timestamptz, '-infinity'), coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
 order by due_at, id
 limit $6::int
