-- 0042 receipts of formal electronic messages, and a log that proves them: rows are only added, each holds the hash of the one before

set local search_path = loket;

-- one for each formal message that came in electronically (Awb, chapter 2.3)
create table receipt (
	contact uuid primary key,              -- the message
	municipality text not null,
	case_id uuid not null,
	reply uuid,                            -- the contact that holds the receipt; null: the form's own answer did, or nobody could
	how text not null check (how in ('message', 'answer', 'none')),
	why text,                              -- none: the rule
	at timestamptz not null,
	looked_at timestamptz not null,
	open boolean not null,                 -- what became of it is still to come
	logged text[] not null default '{}'    -- deliveries that are in the proof
);
create index receipt_open on receipt (looked_at) where open;

create table proof (
	municipality text not null,
	n bigint not null,                     -- from 1, without gaps
	at timestamptz not null,               -- it happened
	written_at timestamptz not null,
	case_id uuid not null,
	contact uuid not null,                 -- the citizen's message
	what text not null,                    -- received receipt sent delivered read failed uncertain
	detail jsonb not null,                 -- references and digests, nothing of a person
	previous bytea not null,               -- hash of n - 1; of the first 32 zero bytes
	hash bytea not null,                   -- SHA-256 of previous and proof_text
	primary key (municipality, n)
);
create index proof_case on proof (case_id, n);

-- what is hashed, for who wants to compute it elsewhere: fields between bars, times in UTC with microseconds
create function proof_text(p proof) returns text language sql stable as $$
	select concat_ws('|', p.municipality, p.n, to_char(p.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		to_char(p.written_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p.case_id, p.contact, p.what, p.detail::text)
$$;

-- nobody who adds a row chooses its place or hash; those who add wait for each other, until they commit
create function proof_chain() returns trigger language plpgsql as $$
declare last loket.proof;
begin
	perform pg_advisory_xact_lock(hashtextextended('loket.proof ' || new.municipality, 0));
	select * into last from loket.proof where municipality = new.municipality order by n desc limit 1;
	new.n := coalesce(last.n, 0) + 1;
	new.written_at := clock_timestamp();
	new.previous := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
	new.hash := sha256(new.previous || convert_to(loket.proof_text(new), 'UTF8'));
	return new;
end $$;
create trigger proof_chain before insert on proof for each row execute function proof_chain();

create function proof_stays() returns trigger language plpgsql as $$
begin
	raise exception 'loket.proof is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger proof_stays before update or delete or truncate on proof for each statement execute function proof_stays();

-- the first row of a municipality that is not as it was written, or has one missing before it; null: all is
create function proof_broken(of_municipality text) returns bigint language sql stable as $$
	select min(c.n) from (
		select p.n, row_number() over (order by p.n) as should,
		       p.hash = sha256(p.previous || convert_to(loket.proof_text(p), 'UTF8')) as whole,
		       p.previous = coalesce(lag(p.hash) over (order by p.n), decode(repeat('00', 32), 'hex')) as follows
		  from loket.proof p where p.municipality = of_municipality) c
	 where c.n <> c.should or not c.whole or not c.follows
$$;

do $$
declare t text;
begin
	foreach t in array array['receipt', 'proof'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope()))', t);
	end loop;
end $$;
grant select, insert, update, delete on receipt to loket_system;
grant select, insert on proof to loket_system;
grant select on proof to loket_api;
