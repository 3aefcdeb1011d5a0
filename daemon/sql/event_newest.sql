-- event_newest: is there anything new for a subscription?
-- columns: newest: the last notice; behind: somebody was not told of it; any: there is an active subscription
select n.newest, exists (select from loket.subscription s where s.state = 'active' and s.seen < n.newest) as behind,
       exists (select from loket.subscription s where s.state = 'active') as any
  from (select coalesce(max(id), 0) as newest from loket.notice) n
