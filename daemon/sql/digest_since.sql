-- digest_since: since when it is counted
-- $1 text municipality
-- columns: theme, area, hour
select theme, area, hour from loket.theme_since where municipality = $1
