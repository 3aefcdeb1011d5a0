-- setup_inbox_secret_put: new secrets of one kind, the one to sign with first
-- $1 text inbox, $2 text municipality it must be of, $3 text kind, $4 text[] secrets
-- columns: none
insert into loket.inbox_secret (inbox, kind, n, value)
select i.id, $3, v.n - 1, v.value
from loket.inbox i, unnest($4::text[]) with ordinality v (value, n)
where i.id = $1 and i.municipality = $2
