-- survey_forget: what people wrote goes after so many days; their grades stay
-- $1 text[] municipalities, $2 bigint[] days
update loket.survey set text = null where id in (
	select s.id from unnest($1::text[], $2::bigint[]) k (municipality, days)
	cross join lateral (select id from loket.survey
	                     where municipality = k.municipality and text is not null
	                       and answered_at < clock_timestamp() - make_interval(days => k.days::int)
	                     order by answered_at limit 100) s)
