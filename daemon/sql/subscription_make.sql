-- subscription_make: tell somebody from now on; recorded
-- $1 uuid id (new), $2 text municipality, $3 text name, $4 text url, $5 text[] types, $6 int most of one municipality
-- columns: id; no row: there are too many
insert into loket.subscription (id, municipality, name, url, types, seen)
select $1, $2, $3, $4, $5::text[], (select case when is_called then last_value else 0 end from loket.notice_id_seq)
 where (select count(*) from loket.subscription where municipality = $2) < $6::int
returning id
