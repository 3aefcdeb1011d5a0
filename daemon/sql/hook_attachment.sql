-- hook_attachment: a file of a reply that went out by an inbox
-- $1 text inbox, $2 uuid attachment
-- columns: as attachment_get; none: there is no such file to be given there
select a.id, a.name, a.state, a.why, a.found_type, a.sha256
  from loket.attachment a join loket.contact c on c.id = a.contact
 where a.id = $2 and c.inbox = $1 and c.direction = 'out' and a.state = 'stored'
   and c.delivery in ('sending', 'sent', 'delivered', 'read', 'uncertain')
