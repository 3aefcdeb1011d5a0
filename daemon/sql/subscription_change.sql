-- subscription_change: what is given, the rest stays. Who is told again is told from now on
-- $1 uuid id, $2 text name, $3 text url, $4 text[] types, $5 bool enabled; null: as it is
-- columns: id, municipality; no row: there is none
update loket.subscription
   set name = coalesce($2, name), url = coalesce($3, url), types = coalesce($4::text[], types),
       seen = case when $5::bool and state = 'disabled' then (select case when is_called then last_value else 0 end from loket.notice_id_seq) else seen end,
       failing_since = case when $5::bool then null else failing_since end,
       state = case when $5::bool then 'active' when not $5::bool then 'disabled' else state end,
       why = case when $5::bool then null when not $5::bool and state = 'active' then 'asked' else why end
 where id = $1 returning id, municipality
