-- world_teams: teams that a case can be handed to
-- columns: id
select id from loket.team order by id
