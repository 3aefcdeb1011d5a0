-- setup_changes: what was changed that holds in a municipality: its own, its region's, products and norms; newest first
-- $1 text municipality, $2 bigint before this one, $3 int how many
-- columns: n, at, kind, id, token, agent, before (json), after (json)
select c.id as n, c.at, c.kind, c.object as id, c.token, c.agent, c.before, c.after
  from loket.setting_change c
 where c.id < $2
   and (c.municipality = $1 or c.municipality is null and (c.kind <> 'region' or c.object = (
	select m.region from loket.municipality m where m.id = $1)))
 order by c.id desc limit $3
