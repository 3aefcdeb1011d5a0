-- dispatch_others: are there other instances, and how far are the notices?
-- $1 text this instance
-- columns: others, last
select exists (select from pg_stat_activity
                where datname = current_database() and application_name like 'loketd %'
                  and application_name <> 'loketd ' || $1) as others,
       (select coalesce(max(id), 0) from loket.notice) as last
