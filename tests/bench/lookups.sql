-- lookups.sql: somebody with a thousand contacts, twenty thousand articles (their municipality: the region), and the words of all cases
\set ON_ERROR_STOP on
set search_path = loket;
begin;
insert into party (id, municipality, name) values (:'party', 'dordrecht', 'Veelschrijver') on conflict do nothing;
insert into case_file (id, municipality, reference, product, party, inbox, channel, state, outcome, opened_at, arrived_at, due_at,
	last_contact_at, closed_at)
select md5('veel' || n)::uuid, 'dordrecht', 'VEEL-' || n, 'rijbewijs', :'party', 'dordrecht-whatsapp', 'whatsapp', 'closed', 'solved',
       at, at, at, at, at from (select n, now() - n * interval '1 day' as at from generate_series(1, 100) n) c;
insert into contact (id, municipality, inbox, channel, direction, kind, received_at, case_id, party, text)
select md5('veel' || n)::uuid, 'dordrecht', 'dordrecht-whatsapp', 'whatsapp', 'in', 'text', now() - n * interval '2 hours',
       md5('veel' || 1 + n % 100)::uuid, :'party', 'Goedemiddag, hoe staat het met mijn vraag van laatst over het rijbewijs?'
  from generate_series(1, 1000) n;
insert into article (id, kind, language, title, text, changed_at)
select 'kennis-' || n, 'article', 'nl',
       (array['Paspoort', 'Rijbewijs', 'Parkeervergunning', 'Uittreksel', 'Verhuizing', 'Huwelijk', 'Container', 'Belasting'])[1 + n % 8] || ' ' ||
       (array['aanvragen', 'verlengen', 'betalen', 'wijzigen', 'ophalen', 'stopzetten', 'kwijt'])[1 + n % 7] || ' straat' || n % 4001,
       repeat('Dit vraagt u aan op de website. Neem een pasfoto en uw oude kaart mee naar balie ' || n % 997 || '. ', 6), now()
  from generate_series(1, :articles) n;
insert into case_words
select k.id, k.municipality, case_words_of(string_agg(c.text, ' ')) || array_to_tsvector(array[to_char(k.opened_at at time zone 'UTC', '"="YYYYMMDD')])
  from case_file k join contact c on c.case_id = k.id where c.text is not null group by k.id on conflict do nothing;
update case_words_cursor set back = '00000000-0000-0000-0000-000000000000';
commit;
analyze article, article_word, case_file, contact, case_words;
