#!/usr/bin/env python3
"""Calls: what an exchange tells, in any order, becomes a contact, a case and an agent; what the exchange hears back."""
import concurrent.futures
import datetime
import json
import pathlib
import random
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

PHONE = 'dordrecht-phone'
START = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def at(seconds):
    return (START + datetime.timedelta(seconds=seconds)).isoformat()


class Calls(world.LoketTest):
    config = 'calls { call_silent_minutes = 1 }\ndispatch { sweep_seconds = 1 }'

    def setUp(self):
        super().setUp()
        self.world.psql('delete from loket.offer; update loket.case_file set state = %s, outcome = %s, owner = null, '
                        "closed_at = coalesce(closed_at, now() - interval '1 hour')", ['closed', 'solved'])
        self.anna = self.world.agent('anna')
        self.world.psql("update loket.agent set extension = '201' where name = 'Anna'")
        self.number = f'+3161{random.randrange(10 ** 7):07d}'

    def tearDown(self):
        for name in ('anna', 'bram', 'cora'):
            if name in world.TOKENS:
                self.world.api('PUT', '/v1/me/presence', name, {'state': 'offline'})
        super().tearDown()

    def post(self, event, call, **more):
        body = {'call': call, 'event': event, 'from': self.number, **more}
        raw = json.dumps({k: v for k, v in body.items() if v is not None}).encode()
        answer = self.world.hook(PHONE, raw, headers={'X-Loket-Signature': own_signature(self.world.secrets[PHONE], raw)},
                                 secret='')
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def call(self, call, columns='state, outcome'):
        return self.world.value(f'select to_json(c) from (select {columns} from loket.call where provider_id = %s) c', [call])

    def case_of(self, call, column='state'):
        return self.world.value(f'select k.{column}::text from loket.case_file k join loket.call c on c.case_id = k.id '
                                'where c.provider_id = %s', [call])

    def new(self):
        return 'c-' + uuid.uuid4().hex

    def test_a_promise_that_is_made_while_they_hang_up(self):
        """The case is in a transaction of somebody who promises to call back; then the caller is gone: the promise stays."""
        import psycopg2
        c = self.new()
        self.anna.ready()
        self.post('ringing', c, id='1')
        self.anna.next_offer()
        case = self.case_of(c, 'id')
        holder = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        with concurrent.futures.ThreadPoolExecutor(1) as pool, holder.cursor() as cursor:
            cursor.execute("update loket.case_file set state = 'scheduled', promised_at = now() where id = %s", [case])
            cursor.execute("update loket.offer set state = 'withdrawn', ended_at = now() where case_id = %s", [case])
            cursor.execute("insert into loket.callback (id, municipality, case_id, to_kind, to_value, reason, not_before, promised_at, created_at) "
                           "values (gen_random_uuid(), 'dordrecht', %s, 'phone', %s, 'asked', now() + interval '1 hour', now(), now())",
                           [case, self.number])
            ended = pool.submit(self.post, 'ended', c, id='2', at=at(5))
            wait_until(lambda: self.world.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"), 20, 'the hang-up')
            holder.commit()
            ended.result()
        holder.close()
        self.assertEqual(self.case_of(c), 'scheduled')
        self.assertEqual(self.world.psql("select state from loket.callback where case_id = %s", [case]), [('open',)])

    def test_to_an_agent(self):
        c = self.new()
        first = self.post('ringing', c, id='1')
        self.assertEqual(first['do'], 'wait')
        self.assertEqual((first['position'], first['basis']), (1, 'nobody'))
        self.assertTrue(first['say'][0]['text'])
        self.assertEqual(self.post('ask', c)['say'], [])             # said once
        self.anna.ready()
        taken = self.anna.accept(self.anna.next_offer())
        answer = self.post('ask', c)
        self.assertEqual((answer['do'], answer['agent']), ('connect', '201'))
        self.post('answered', c, id='2', at=at(30), agent='201')
        self.post('held', c, id='3', at=at(40))
        self.post('resumed', c, id='4', at=at(50))
        self.post('ended', c, id='5', at=at(90))
        seen = self.anna.case(taken['case']['id'])
        self.assertEqual(len(seen['contacts']), 1)
        shown = seen['contacts'][0]['call']
        self.assertEqual((shown['state'], shown['outcome'], shown['talkSeconds'], shown['heldSeconds']),
                         ('ended', 'answered', 50, 10))
        self.assertLessEqual(shown['waitSeconds'], 30)
        self.assertEqual(self.world.value('select agent::text from loket.call where provider_id = %s', [c]),
                         self.world.value("select id::text from loket.agent where name = 'Anna'"))
        self.anna.resolve(taken, 'solved')

    def test_hangs_up_and_comes_back(self):
        c, again = self.new(), self.new()
        self.post('ringing', c)
        arrived = self.case_of(c, 'arrived_at')
        self.assertEqual(self.post('ended', c, id='e')['do'], 'end')
        self.assertEqual(self.call(c), {'state': 'ended', 'outcome': 'abandoned'})
        self.assertEqual((self.case_of(c), self.case_of(c, 'outcome')), ('closed', 'unreachable'))
        self.assertIn('abandoned', self.case_of(c, 'flags'))
        self.post('ringing', again)
        self.assertEqual(self.case_of(again, 'id'), self.case_of(c, 'id'))
        self.assertEqual((self.case_of(c), self.case_of(c, 'arrived_at')), ('queued', arrived))
        self.post('ended', c, id='e')                                # told again: the call that goes on keeps its case
        self.assertEqual(self.case_of(again), 'queued')
        self.post('ended', again, id='e2')
        self.assertEqual(self.case_of(again), 'closed')

    def test_withdrawn_when_the_caller_leaves(self):
        self.anna.ready()
        c = self.new()
        self.post('ringing', c)
        offer = self.anna.next_offer()
        self.post('ended', c)
        self.assertEqual(self.case_of(c), 'closed')
        self.assertEqual(self.world.value('select state from loket.offer where id = %s', [offer['offer']['id']]), 'withdrawn')
        self.assertIn(self.anna.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'anna', {}).status, (404, 409, 410))

    def test_zero_is_for_a_coach(self):
        self.anna.ready()
        c = self.new()
        self.post('ringing', c)
        offer = self.anna.next_offer()
        self.post('key', c, key='0', id='k')
        self.assertEqual(self.case_of(c, 'option0'), 'true')
        self.assertEqual(self.world.value('select state from loket.offer where id = %s', [offer['offer']['id']]), 'withdrawn')
        self.assertEqual(self.world.value('select asked_by from loket.help_request where case_id = %s::uuid', [self.case_of(c, 'id')]),
                         'key')
        wait_until(lambda: self.case_of(c) in ('queued', 'offered'), what='it waits for a coach')
        self.assertEqual(self.world.value(
            "select count(*) from loket.offer o join loket.agent a on a.id = o.agent where o.state = 'made' "
            "and a.role <> 'coach' and o.case_id = %s::uuid", [self.case_of(c, 'id')]), 0)
        self.post('ended', c)
        self.assertEqual(self.call(c)['outcome'], 'promised')

    def test_any_order_doubled(self):
        story = [('ringing', 0, {}), ('key', 2, {'key': '1'}), ('queued', 5, {}), ('answered', 65, {'agent': '201'}),
                 ('held', 70, {}), ('resumed', 80, {}), ('ended', 100, {})]
        for seed in range(3):
            c, told = self.new(), [s for s in story for _ in range(2)]
            random.Random(seed).shuffle(told)
            for event, when, more in told:
                self.post(event, c, at=at(when - 200), **more)      # over by now, as when an exchange was cut off
            self.assertEqual(self.call(c, 'state, outcome, menu, held_s, extract(epoch from answered_at - queued_at)::int as w'),
                             {'state': 'ended', 'outcome': 'answered', 'menu': '1', 'held_s': 10, 'w': 60})
            self.assertEqual(self.world.value('select count(*) from loket.contact where provider_id = %s', [c]), 1)

    def test_the_end_never_comes(self):
        c = self.new()
        self.post('ringing', c)
        self.world.psql("update loket.call set seen_at = now() - interval '2 minutes' where provider_id = %s", [c])
        wait_until(lambda: self.call(c)['state'] == 'ended', what='it ended by rule')
        self.assertEqual(self.case_of(c), 'closed')

    def test_forgotten_after_the_commit(self):
        c = self.new()
        self.post('ringing', c)
        self.world.psql('insert into loket.call_event (call, event_id, municipality, kind, at, received_at) '
                        "select id, 'lost', municipality, 'ended', now(), now() - interval '3 s' from loket.call "
                        'where provider_id = %s', [c])
        wait_until(lambda: self.call(c)['state'] == 'ended', what='the sweep finds the event')
        self.assertEqual(self.case_of(c), 'closed')

    def test_what_is_no_call(self):
        count = "select count(*) from loket.dead_letter where inbox = 'dordrecht-phone'"
        before = self.world.value(count)
        for bad in ({'event': 'ringing'}, {'call': 'x', 'event': 'key', 'key': 'F'}, [], {'call': '', 'event': 'ended'}):
            raw = json.dumps(bad).encode()
            self.assertEqual(200, self.world.hook(PHONE, raw, secret='', headers={
                'X-Loket-Signature': own_signature(self.world.secrets[PHONE], raw)}).status)
        self.assertEqual(self.world.value(count), before + 4)
        self.assertEqual(401, self.world.hook(PHONE, b'{}', secret='').status)

    def test_hidden_number(self):
        one, two = self.new(), self.new()
        self.number = 'anonymous'
        for c in (one, two):
            self.post('ringing', c)
        self.assertNotEqual(self.case_of(one, 'party'), self.case_of(two, 'party'))
        for c in (one, two):
            self.post('ended', c)

    def test_fifty_at_once(self):
        self.anna.ready()
        calls = [self.new() for _ in range(50)]

        def ring(n):
            raw = json.dumps({'call': calls[n], 'event': 'ringing', 'from': f'+3162000{n:04d}'}).encode()
            return self.world.hook(PHONE, raw, secret='', headers={
                'X-Loket-Signature': own_signature(self.world.secrets[PHONE], raw)}).status

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual({200}, set(pool.map(ring, range(50))))
        for _ in range(3):
            taken = self.anna.accept(self.anna.next_offer())
            self.assertEqual(self.world.value("select max(n) from (select count(*) as n from loket.case_file where state in "
                                              "('assigned', 'offered') and channel = 'phone' group by owner) x"), 1)
            self.anna.resolve(taken, 'solved')
            self.world.psql('delete from loket.wrapup')
        for n, c in enumerate(calls):
            self.number = f'+3162000{n:04d}'
            self.post('ended', c)
        self.assertEqual(self.world.value("select count(*) from loket.call where state <> 'ended'"), 0)
        self.assertEqual(self.world.value("select count(*) from loket.case_file where state in ('queued', 'offered')"), 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
