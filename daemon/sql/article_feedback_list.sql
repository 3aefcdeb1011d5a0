-- article_feedback_list: what did not help since the article was changed last, for who can mend it
-- $1 text municipality, null: all in scope; $2 uuid editor: only articles that this agent changed last, null: all
-- $3 uuid last one of the page before or null, $4 int how many
-- columns: id, article, municipality, title, at, agent, case, note, editor, times (that this version did not help)
select f.id, f.article, f.municipality, a.title, f.at, f.agent, f.case_id as "case", f.note, a.changed_by as editor,
       (select count(*) from loket.article_feedback o
         where o.article = f.article and o.municipality is not distinct from f.municipality and o.at > a.changed_at) as times
  from loket.article_feedback f
  join loket.article a on a.id = f.article and a.municipality is not distinct from f.municipality and f.at > a.changed_at
 where ($1::text is null or f.municipality = $1) and ($2::uuid is null or a.changed_by = $2)
   and ($3::uuid is null or f.id < $3)
 order by f.id desc limit $4
