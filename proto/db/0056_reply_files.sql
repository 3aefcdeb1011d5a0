-- 0056 replies with files
--
-- A reply with files is claimed as "preparing": nobody was told anything yet, so whoever dies then leaves it to be
-- sent again, and not uncertain. The release before does not know of files: what it would claim without preparing
-- stays where it is, and waits for this one.

set local search_path = loket;

alter table outbox
	add column files boolean not null default false,
	add column preparing boolean not null default false,
	add column uploaded jsonb;             -- {attachment: the provider's id of it}; null: none was brought there

create function outbox_files() returns trigger language plpgsql as
	$$ begin return null; end $$;
create trigger outbox_files before update of state on outbox for each row
	when (old.state = 'queued' and new.state = 'sending' and new.files and not new.preparing) execute function outbox_files();

grant insert on attachment to loket_api;
