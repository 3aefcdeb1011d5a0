-- figure_as_of: up to when figures are complete
-- columns: as_of, null: nothing was counted yet
select nullif(as_of, '-infinity') as as_of from loket.figure_cursor
