-- sort_posts: what nobody proposed anything for yet, longest waiting first
-- $1 int how many
-- columns: id, municipality, text
select p.id, p.municipality, c.text from loket.post p join loket.contact c on c.id = p.id
 where p.state <> 'done' and p.because is null order by p.id limit $1
