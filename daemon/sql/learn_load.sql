-- learn_load: a page of what was learned, as much as it is worth today
-- $1 bigint id of the last one read, $2 bigint working day that it is, $3 int at most; of each municipality: $4 text[] id,
-- $5 bigint[] half-life in hundredths of a working day (0: nothing is forgotten)
-- columns: id, team (bool), unit, product, home, fixed, n. A day that is still to come (some clock was wrong) counts as today
select l.id, unit_kind = 'team' as team, unit, product, home, fixed * f as fixed, n * f as n
  from (select * from loket.learned where id > $1::bigint order by id limit $3::int) l
  left join unnest($4::text[], $5::bigint[]) as m (municipality, half_life) using (municipality)
 cross join lateral (select greatest($2::bigint - day, 0) * 100 / nullif(half_life, 0)::float8 as age) g
 cross join lateral (select case when age < 60 then power(0.5, age) when age is null then 1 else 0 end as f) x
 order by l.id
