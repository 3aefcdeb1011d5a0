-- queue_page: cases that wait, in the order of the queue, for rebuilding it in Redis
-- $1 timestamptz due, $2 uuid: the last case of the page before   $3 bigint at most so many
-- columns: id, municipality, channel, product, language, option0, live, arrived_at, due_at
select c.id, c.municipality, c.channel, c.product, c.language, c.option0, coalesce(h.live, false) as live, c.arrived_at,
	c.due_at
from loket.case_file c left join loket.channel h on h.id = c.channel
where c.state = 'queued' and (c.due_at, c.id) > ($1, $2)
order by c.due_at, c.id
limit $3
