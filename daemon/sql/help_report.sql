-- help_report: where people get stuck: requests for help that were asked in a period, by product, page or step
-- $1 timestamptz from, $2 timestamptz to, $3 text municipality or null, $4 text product, page or step, $5 bigint rows
-- columns: as in the contract, most asked first
with asked as (
	select h.*, case $4::text when 'page' then h.page when 'step' then h.step else h.product end as place,
	       extract(epoch from h.helped_at - h.asked_at) as wait_s
	  from loket.help_request h
	 where h.asked_at >= $1::timestamptz and h.asked_at < $2::timestamptz and ($3::text is null or h.municipality = $3))
select place, case when $4::text = 'product' then null else product end as product, count(*) as asked,
       count(*) filter (where helped_at is null and ended_at is null) as waiting, count(helped_at) as helped,
       jsonb_build_object('doneTogether', count(*) filter (where outcome = 'doneTogether'),
                          'doneForThem', count(*) filter (where outcome = 'doneForThem'),
                          'learnedIt', count(*) filter (where outcome = 'learnedIt'),
                          'appointment', count(*) filter (where outcome = 'appointment'),
                          'referredToCourse', count(*) filter (where outcome = 'referredToCourse'),
                          'notPossible', count(*) filter (where outcome = 'notPossible')) as outcomes,
       percentile_disc(0.5) within group (order by wait_s)::int as "waitMedianSeconds",
       percentile_disc(0.9) within group (order by wait_s)::int as "waitP90Seconds",
       count(*) filter (where exists (
		select from loket.help_request l
		 where l.party = a.party and l.product = a.product and l.asked_at > a.asked_at
		   and l.asked_at <= a.asked_at + interval '30 days')) as "cameBack"
  from asked a
 group by place, case when $4::text = 'product' then null else product end
 order by count(*) desc, place, product
 limit $5::bigint
