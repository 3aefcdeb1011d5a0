#!/usr/bin/env python3
"""What is old goes, what is young or still needed stays."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

# one old and one young row of each kind; the old raw body of an open dead letter is still needed
ROWS = """
insert into loket.raw (id, municipality, inbox, received_at, n_contacts, body)
	select ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'dordrecht', 'dordrecht-whatsapp', at, 0, 'bytes'
	  from (values (1, now() - interval '40 days'), (2, now() - interval '40 days'), (3, now())) v (n, at);
insert into loket.dead_letter (id, municipality, inbox, raw, at, reason)
	values (gen_random_uuid(), 'dordrecht', 'dordrecht-whatsapp', '00000000-0000-7000-8000-000000000002', now(), 'test');
insert into loket.notice (at, municipality, kind, payload)
	overriding system value select at, 'dordrecht', 'case.changed', '{"test": true}'
	  from (values (now() - interval '40 days'), (now())) v (at);
insert into loket.offer (id, case_id, municipality, agent, epoch, channel, state, made_at, expires_at, ended_at)
	select ('00000000-0000-7000-8000-00000000001' || n)::uuid, gen_random_uuid(), 'dordrecht', gen_random_uuid(), 1,
	       'whatsapp', 'declined', at, at, at
	  from (values (1, now() - interval '40 days'), (2, now())) v (n, at);
insert into loket.outbox (contact, municipality, inbox, case_id, state, next_at, to_kind, to_value)
	select ('00000000-0000-7000-8000-00000000002' || n)::uuid, 'dordrecht', 'dordrecht-whatsapp', gen_random_uuid(), state,
	       at, 'phone', '+31600000000'
	  from (values (1, 'done', now() - interval '40 days'), (2, 'done', now())) v (n, state, at);
insert into loket.idempotency (token, key, body_sha256, started_at)
	select gen_random_uuid(), key, '', at
	  from (values ('old', now() - interval '25 hours'), ('young', now())) v (key, at);
"""
LEFT = """
select (select string_agg(right(id::text, 1), '' order by id) from loket.raw where body is not null
         and id < '00000000-0000-7000-8000-000000000009'),
       (select count(*)::int from loket.notice where payload::jsonb ? 'test'),
       (select string_agg(right(id::text, 1), '') from loket.offer where id < '00000000-0000-7000-8000-000000000019'),
       (select string_agg(right(contact::text, 1), '') from loket.outbox
         where contact < '00000000-0000-7000-8000-000000000029'),
       (select string_agg(key, ',' order by key) from loket.idempotency where key in ('old', 'young'))
"""


class Sweep(world.LoketTest):
    def test_what_is_old_goes(self):
        self.world.psql(ROWS)
        self.assertEqual(self.world.psql(LEFT)[0], ('123', 2, '12', '12', 'old,young'))
        self.world.restart()   # the first sweep of whoever begins to dispatch also cleans
        wait_until(lambda: self.world.psql(LEFT)[0] == ('23', 1, '2', '2', 'young'), 30,
                   what='only what is old gone: ' + str(self.world.psql(LEFT)))


if __name__ == '__main__':
    world.main()
