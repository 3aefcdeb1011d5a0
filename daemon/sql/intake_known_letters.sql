-- intake_known_letters: which of these posts came before, byte for byte, and are dead letters
-- $1 text[] inbox, $2 bytea[] digest (sha256; null: is not asked)
-- columns: n (place in the arrays, from 1)
select n
from unnest($1::text[], $2::bytea[]) with ordinality as u (inbox, digest, n)
where exists (select from loket.dead_letter d where d.inbox = u.inbox and d.digest = u.digest)
