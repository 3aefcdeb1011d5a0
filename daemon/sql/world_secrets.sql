-- world_secrets: what the inboxes sign, verify and send with; in the order of the inboxes
-- columns: inbox, kind, value
select inbox, kind, value from loket.inbox_secret order by inbox, kind, n
