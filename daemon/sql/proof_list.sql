-- proof_list: the proof of a municipality in its order
-- $1 text municipality, $2 uuid case or null, $3 bigint after, $4 int how many
-- columns: as in the contract
select n, at, written_at as "writtenAt", what, case_id as "case", contact, detail, encode(previous, 'hex') as previous,
       encode(hash, 'hex') as hash, loket.proof_text(p) as text
  from loket.proof p
 where municipality = $1 and n > $3 and ($2::uuid is null or case_id = $2) order by n limit $4
