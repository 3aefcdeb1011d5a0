-- intake_automatic: what is to be said without a person. Who asks for help by a person is told when it comes, and asked how
-- they would like it; once in a case, and not where the municipality has settings.option0.answer false. Who writes for the
-- first time, nobody knows what about, gets the menu; what they choose in one that was said leads to the next step. What is done
-- digitally is answered when it is asked first
-- $1 uuid[] of what is said (new), $2 uuid[] cases, stored before in this unit, $3 timestamptz now, $4 text[] keys that lead
-- to what they chose ('': the menu itself), $5 text[] key they chose of the menu that was said last; both null: option 0,
-- $6 uuid[] contact, $7 bool[] the answer of what its product's handling says
insert into loket.automatic (id, municipality, case_id, kind, n, payload, at)
select u.id, c.municipality, c.id, case when u.answered then 'answer' when u.keys is null and u.key is null then 'preference' else 'menu' end,
       coalesce(p.n + 1, 0),
       case when u.keys is null and u.key is null then '{}'
            else jsonb_build_object('keys', coalesce(u.keys, p.keys || u.key), 'contact', u.contact) end, $3::timestamptz
  from unnest($1::uuid[], $2::uuid[], $4::text[], $5::text[], $6::uuid[], $7::bool[]) u (id, case_id, keys, key, contact, answered)
  join loket.case_file c on c.id = u.case_id join loket.municipality m on m.id = c.municipality
  left join lateral (
	select a.n, a.state, a.payload ->> 'keys' as keys from loket.automatic a
	 where a.case_id = c.id and a.kind = 'menu' and coalesce(u.keys, u.key) is not null order by a.n desc limit 1) p on true
 where c.post is null and c.outcome is distinct from 'spam'
   and case when u.answered then not c.option0
            when u.keys is null and u.key is null
            then c.option0 and coalesce(m.settings #> '{option0,answer}', 'true') <> 'false'
            when u.keys = '' then p.n is null else p.state = 'said' and not c.option0 end
on conflict do nothing
