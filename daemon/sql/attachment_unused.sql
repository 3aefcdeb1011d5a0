-- attachment_unused: files that no attachment needs any more
-- $1 text[] sha256
-- columns: sha256
select u.sha256 from unnest($1::text[]) u (sha256)
 where not exists (select from loket.attachment a where a.sha256 = u.sha256)
