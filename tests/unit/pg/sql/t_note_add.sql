-- t_note_add: a row of a municipality
-- $1 id  $2 municipality
insert into loket.note (id, municipality, case_id, at, text) values ($1, $2, $1, now(), 'x')
