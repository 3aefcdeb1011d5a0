-- status_get: what tells a citizen how it goes with a case, and nothing about a person. A case that was merged into another
-- goes on there
-- $1 text reference
-- columns: id, municipality, inbox, channel, language, settings (json, of the municipality), product, product_name, state,
-- outcome, opened_at (as it was asked), due_at, promised_at, called_at (promised by an open call-back), task (one is
-- open), task_at (the first of their dates)
with recursive way as (
	select c.id, c.merged_into, c.opened_at, 0 as n from loket.case_file c where c.reference = $1
	union all
	select c.id, c.merged_into, w.opened_at, w.n + 1 from way w join loket.case_file c on c.id = w.merged_into where w.n < 10)
select c.id, c.municipality, c.inbox, c.channel, c.language, loket.settings_of(m.region, m.settings) as settings,
       c.product, p.name as product_name, c.state, c.outcome,
       w.opened_at, c.due_at, c.promised_at, k.promised_at as called_at, t.due is not null as task, t.due as task_at
  from way w join loket.case_file c on c.id = w.id
  join loket.municipality m on m.id = c.municipality
  left join loket.product p on p.id = c.product
  left join loket.callback k on k.case_id = c.id and k.state = 'open'
  left join lateral (select min(due) as due from loket.task where case_id = c.id and state = 'open') t on true
 order by w.n desc limit 1
