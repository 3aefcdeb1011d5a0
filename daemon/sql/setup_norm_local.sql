-- setup_norm_local: how long a case may wait in one municipality
-- $1 text municipality, $2 jsonb {channel: seconds}
-- columns: none
update loket.municipality
set settings = jsonb_set(settings, '{norms}', coalesce(settings -> 'norms', '{}') || $2::jsonb)
where id = $1
