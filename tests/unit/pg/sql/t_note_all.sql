-- t_note_all: every note, without any WHERE
-- columns: municipality
select municipality from loket.note order by municipality
