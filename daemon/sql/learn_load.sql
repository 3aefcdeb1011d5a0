-- learn_load: a page of what was learned, as much as it is worth today
-- $1 bigint id of the last one read, $2 int half-life in hundredths of a working day (0: nothing is forgotten), $3 int at most
-- columns: id, team (bool), unit, product, home, fixed, n
select id, unit_kind = 'team' as team, unit, product, home, fixed * f as fixed, n * f as n
  from (select l.*, coalesce(power(0.5, (loket.working_day(clock_timestamp()) - day) * 100 / nullif($2::int, 0)::float8), 1) as f
          from loket.learned l where id > $1::bigint order by id limit $3::int) l
 order by id
