-- outbox_opted_out: the provider refused a reply because the citizen said stop there
-- $1 uuid contact
insert into loket.opt_out (municipality, channel, kind, value, at)
select c.municipality, c.channel, o.to_kind, o.to_value, clock_timestamp()
  from loket.outbox o join loket.contact c on c.id = o.contact where o.contact = $1
on conflict do nothing
