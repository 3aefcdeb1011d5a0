-- attachment_claim: take attachments that are due; committed before anybody works on them
-- $1 text this instance, $2 int how many
-- columns: id, inbox, provider_ref, state, bytes, sha256, attempts
with due as (
	select id from loket.attachment
	 where state in ('pending', 'quarantined') and holder is null and next_at <= clock_timestamp()
	 order by next_at limit $2 for update skip locked)
update loket.attachment a
   set state = case a.state when 'pending' then 'fetching' else a.state end, holder = $1, next_at = clock_timestamp()
  from due where a.id = due.id
returning a.id, a.inbox, a.provider_ref, a.state, a.bytes, a.sha256, a.attempts
