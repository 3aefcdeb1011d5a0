-- attachment_drafts: what the files in quarantine are good for
-- $1 uuid[] attachment
-- columns: id, needed (where it is), stored_as (the sha256 under which it belongs in files; null: it does not)
select u.id, coalesce(a.state in ('fetching', 'quarantined', 'refused')
                      or (a.state = 'failed' and a.provider_ref is null), false) as needed,
       case when a.state = 'stored' then a.sha256 end as stored_as
  from unnest($1::uuid[]) u (id) left join loket.attachment a on a.id = u.id
