-- cases_find_words: cases in which these words were said or noted; of the 1,000 newest (loket.cases_found). With a piece of the
-- newest text of each that has one of them, without numbers of six digits and more, which is taken out before it is cut
-- $1 text words
-- $2 uuid last case of the page before, null first page; $3 text municipality, $4 text product, $5 text state,
-- $6 text channel, $7 timestamptz opened at or after, $8 timestamptz opened before: null for all; $9 int how many;
-- $10 uuid party, $11 uuid owner: null for all
-- columns: a case as lists show it, newest first, with excerpt
with asked as materialized (
	select string_agg(quote_literal(lexeme) || ':* | ' || quote_literal(word) || ':*', ' | ')::tsquery as words
	  from loket.article_words_of($1)),
page as materialized (
	select c.id, c.reference, c.municipality, c.product, c.channel, c.language, c.state, c.outcome,
	       to_jsonb(c.flags) as flags, c.option0, c.opened_at as "openedAt", c.arrived_at as "arrivedAt",
	       c.due_at as "dueAt", c.last_contact_at as "lastContactAt", c.closed_at as "closedAt", c.owner,
	       c.promised_at as "promisedAt", c.merged_into as "mergedInto", c.party
	  from loket.case_file c
	 where c.id = any (array(select loket.cases_found($1, $3, $7, $8)))
	   and ($2::uuid is null or c.id < $2)
	   and ($3::text is null or c.municipality = $3)
	   and ($4::text is null or c.product = $4)
	   and ($5::text is null or c.state = $5)
	   and ($6::text is null or c.channel = $6)
	   and ($7::timestamptz is null or c.opened_at >= $7)
	   and ($8::timestamptz is null or c.opened_at < $8)
	   and ($10::uuid is null or c.party = $10)
	   and ($11::uuid is null or c.owner = $11)
	 order by c.id desc limit $9)
select p.*, said.excerpt
  from page p
 cross join asked
  left join lateral (
	select ts_headline('pg_catalog.dutch', t.text, asked.words, 'StartSel="", StopSel="", MaxWords=24, MinWords=12') as excerpt
	  from (select regexp_replace(left(x.text, 5000), '([[:alpha:]]{2}[0-9]{2} ?[[:alpha:]]{4} ?)?[[:alnum:]]*[0-9]'
	               '([ .\-\u00a0]{0,3}[0-9]){5,}[[:alnum:]]*', '…', 'g') as text
	          from ((select c.received_at as at, concat_ws(' ', c.fields ->> 'subject', c.text) as text
	                   from loket.contact c where c.case_id = p.id order by c.received_at desc limit 20)
	                union all
	                (select n.at, n.text from loket.note n where n.case_id = p.id order by n.at desc limit 20)) x
	         order by x.at desc limit 40) t          -- the newest that has them: those behind it are not looked at
	 where to_tsvector('pg_catalog.dutch', t.text) @@ asked.words
	 limit 1) said on true
 order by p.id desc
