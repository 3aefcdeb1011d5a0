-- sort_forget: counts and questions from before this hour, a page at a time
-- $1 int hour of counts, $2 int hour of questions
-- columns: none
with old as (
	delete from loket.theme_case where (case_id, theme) in (
		select case_id, theme from loket.theme_case where hour < $2::int order by hour limit 1000))
delete from loket.theme_hour where (municipality, theme, area, hour) in (
	select municipality, theme, area, hour from loket.theme_hour where hour < $1::int order by hour limit 1000)
