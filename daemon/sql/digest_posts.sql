-- digest_posts: what was said in public in a period, how it sounded, and what became of it. Ids are in the order of time
-- $1 text municipality, $2 uuid from, $3 uuid until
-- columns: posts, negative, positive, done, answered; name of the municipality
select count(*) as posts, count(*) filter (where sentiment = 'negative') as negative,
       count(*) filter (where sentiment = 'positive') as positive, count(*) filter (where state = 'done') as done,
       count(*) filter (where actions && '{answer,private}') as answered,
       coalesce((select m.name from loket.municipality m where m.id = $1), $1) as name
  from loket.post where municipality = $1 and id >= $2 and id < $3
