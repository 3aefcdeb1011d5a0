-- setup_inbox_secret_drop: forget the secrets of one kind
-- $1 text inbox, $2 text municipality it must be of, $3 text kind
-- columns: none
delete from loket.inbox_secret s
using loket.inbox i
where s.inbox = $1 and s.kind = $3 and i.id = s.inbox and i.municipality = $2
