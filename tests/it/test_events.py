#!/usr/bin/env python3
"""Events out: what happens is told to other systems by signed webhooks: at least once, in order for each case, whatever fails."""
import base64
import collections
import contextlib
import json
import os
import pathlib
import random
import sys
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'support'), str(HERE.parent / 'contract')]
import contract  # noqa: E402
import world  # noqa: E402
from instance import another_instance  # noqa: E402
from receiver import Receiver  # noqa: E402
from servers import PATIENCE, wait_until  # noqa: E402

CASE = 'nl.klantcontacten.case'
KILLS = int(os.environ.get('LOKET_EVENT_KILLS', '2'))
TELL = '''insert into loket.notice (at, municipality, kind, case_id, payload) values (clock_timestamp(), %s, 'case.changed', %s,
    json_build_object('case', json_build_object('id', %s::text, 'state', 'queued'), 'event', 'contact')) returning id'''


def fields(v, way=()):
    return {f for k, inner in v.items() for f in fields(inner, (*way, k))} if isinstance(v, dict) else {way}


class EventsTest(world.LoketTest):
    config = 'dispatch { sweep_seconds = 1 }'

    @classmethod
    def setUpClass(cls):
        cls.receivers = [Receiver() for _ in range(2)]
        cls.allow = [r.address for r in cls.receivers]
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for r in cls.receivers:
            r.close()

    def setUp(self):
        for r in self.receivers:
            r.got, r.posts, r.wrong, r.faults, r.always, r.retry_after = [], [], [], [], None, None
        self.receiver = self.receivers[0]
        self.world.psql('delete from loket.subscription')

    def call(self, method, path, body=None, want=(200, 201), token='admin'):
        answer = self.world.api(method, path, token, body)
        self.assertIn(answer.status, want, answer)
        return answer.json if answer.body else None

    def subscribe(self, receiver=None, municipality='dordrecht', types=('nl.klantcontacten',), **more):
        receiver = receiver or self.receiver
        return self.call('PUT', '/v1/subscriptions', {'municipality': municipality, 'name': 'zaaksysteem', 'url': receiver.url,
                                                      'types': list(types), 'secret': receiver.secret} | more)['subscription']['id']

    def shown(self, subscription):
        return self.call('GET', f'/v1/subscriptions/{subscription}')

    def tell(self, case=None, municipality='dordrecht'):
        """A notice, as whoever changes a case writes one; its id."""
        case = case or str(uuid.uuid4())
        return self.world.psql(TELL, [municipality, case, case])[0][0]

    def told(self, notices, receiver=None, limit=30):
        """Until the receiver has them."""
        receiver = receiver or self.receiver
        wanted = set(notices)
        wait_until(lambda: not wanted - {int(i.split('.')[0]) for i in receiver.ids()}, limit, 'all events')

    def at_once(self):
        """What waits for its time need not."""
        for (subscription,) in self.world.psql('select id from loket.subscription'):
            self.call('POST', f'/v1/subscriptions/{subscription}/retry', {})


class Story(EventsTest):
    def test_a_question_is_told_from_beginning_to_end(self):
        subscription, phone, name, text = self.subscribe(), '31699123123', 'Wilhelmina', 'Mijn kelder staat onder water'
        other = self.receivers[1]
        self.subscribe(other, 'sliedrecht')
        anna = self.world.agent('anna')
        anna.ready()
        self.world.hook_whatsapp(text, wa_id=phone, name=name)
        taken = anna.accept(anna.next_offer())
        anna.reply(taken, 'Er komt iemand')
        anna.call('POST', f"/v1/cases/{taken['case']['id']}/tasks", {
            'department': 'Water en riolering', 'action': 'Pompen', 'due': '2099-01-01', 'epoch': taken['epoch']})
        anna.resolve(taken)
        case = taken['case']['id']
        wait_until(lambda: any(e['type'] == CASE + '.changed.resolve' for e in self.receiver.got), 20, 'the end')
        mine = [e for e in self.receiver.got if e['data'].get('case', {}).get('id') == case]
        types = [e['type'].removeprefix('nl.klantcontacten.') for e in mine]
        self.assertEqual(types[0], 'contact.received')
        for one in ('case.changed.accept', 'case.changed.task', 'case.changed.resolve', 'delivery.changed'):
            self.assertIn(one, types)
        made = next(e for e in mine if e['type'].endswith('task.changed.made'))
        self.assertEqual(made['data']['task']['department'], 'Water en riolering')
        kept = dict(self.world.psql('select id, payload from loket.notice'))
        for e in self.receiver.got:
            self.assertLessEqual(fields(kept[int(e['sequence'])]) - fields(e['data']), {('why',)}, e)
        self.assertEqual([e['sequence'] for e in mine], sorted(e['sequence'] for e in mine))
        self.assertEqual(self.receiver.wrong, [])
        schema = contract.DOCUMENT['components']['schemas']['CloudEvent']
        for e in self.receiver.got:
            self.assertEqual(contract.wrong_with(schema, e), [])
            self.assertEqual((e['source'], e['data']['municipality']), ('urn:nld:oin:00000000000000000000:systeem:loketd', 'dordrecht'))
            self.assertEqual(self.call('GET', e['dataref'].removeprefix(self.world.url), token='lead')['id'], e['dataref'].split('/')[-1])
        for _, headers, body in self.receiver.posts:
            self.assertEqual(headers['Content-Type'], 'application/cloudevents+json; charset=utf-8')
            for secret in (phone, name, text, 'Er komt', 'Pompen'):
                self.assertNotIn(secret, body.decode())
        self.assertEqual([e['type'] for e in self.receiver.got if 'offer' in e['type'] or 'presence' in e['type']], [])
        self.assertEqual(other.got, [])
        wait_until(lambda: self.shown(subscription)['waiting'] == 0, 10, 'nothing to wait')
        self.assertIn('deliveredAt', self.shown(subscription))

    def test_only_what_was_asked_for(self):
        self.subscribe(types=['nl.klantcontacten.contact.received'])
        self.subscribe(self.receivers[1], types=[CASE + '.changed.contact'])
        self.world.hook_whatsapp('Mag ik iets vragen?', wa_id='31699123124')
        n = self.tell()
        self.told([n], self.receivers[1])
        wait_until(lambda: self.receiver.got, 20, 'a contact')
        self.assertEqual({e['type'] for e in self.receiver.got}, {'nl.klantcontacten.contact.received'})
        self.assertEqual({e['type'] for e in self.receivers[1].got}, {CASE + '.changed.contact'})


class SetUp(EventsTest):
    GOOD = {'municipality': 'dordrecht', 'name': 'zaaksysteem', 'url': 'https://zaken.example/events', 'types': [CASE]}

    def wrong(self, **more):
        answer = self.world.api('PUT', '/v1/subscriptions', 'admin', self.GOOD | more)
        self.assertEqual(answer.status, 422, answer)
        return [e['name'] for e in answer.json['errors']]

    def test_what_is_wrong_is_named_at_once(self):
        self.assertEqual(set(self.wrong(url='http://zaken.example/', types=['nl.klantcontacten.offer', 'nl.kvk', CASE + '.changed.'],
                                        secret='kort', municipality='urk')),
                         {'url', 'types[0]', 'types[1]', 'types[2]', 'secret', 'municipality'})
        for url in ('https://x:y@zaken.example/', 'ftp://zaken.example/', 'zaken'):
            self.assertEqual(self.wrong(url=url), ['url'])
        self.assertEqual(self.world.value('select count(*) from loket.subscription'), 0)

    def test_a_secret_is_shown_once(self):
        made = self.call('PUT', '/v1/subscriptions', self.GOOD)
        self.assertEqual(len(base64.b64decode(made['secret'].removeprefix('whsec_'))), 32)
        subscription = made['subscription']['id']
        for answer in (self.shown(subscription), self.call('GET', '/v1/subscriptions?municipality=dordrecht')):
            self.assertNotIn(made['secret'][6:], json.dumps(answer))
        self.assertEqual([s['id'] for s in self.call('GET', '/v1/subscriptions')['items']], [subscription])
        self.call('DELETE', f'/v1/subscriptions/{subscription}', want=(204,))
        self.call('GET', f'/v1/subscriptions/{subscription}', want=(404,))
        self.assertEqual(self.world.psql("select action from loket.access_log where object_id = %s order by id", [subscription]),
                         [('subscription.create',), ('subscription.delete',)])

    def test_not_too_many(self):
        for _ in range(20):
            self.call('PUT', '/v1/subscriptions', self.GOOD)
        answer = self.world.api('PUT', '/v1/subscriptions', 'admin', self.GOOD)
        self.assertEqual((answer.status, answer.json.get('rule')), (422, 'tooManySubscriptions'))

    def test_both_secrets_sign_for_a_day(self):
        subscription, old = self.subscribe(), self.receiver.secret
        new = base64.b64encode(b'n' * 32).decode()
        self.assertIn('oldSecretUntil', self.call('PATCH', f'/v1/subscriptions/{subscription}', {'secret': new, 'name': 'nieuw'}))
        self.told([self.tell()])
        _, headers, body = self.receiver.posts[0]
        self.assertTrue(self.receiver.signed(headers, body, old) and self.receiver.signed(headers, body, new))
        self.world.psql('update loket.subscription_secret set until = clock_timestamp() where until is not null')
        self.told([self.tell()])
        _, headers, body = self.receiver.posts[-1]
        self.assertEqual((self.receiver.signed(headers, body, old), self.receiver.signed(headers, body, new)), (False, True))

    def test_switched_off_and_on_again(self):
        subscription = self.subscribe()
        self.assertEqual(self.call('PATCH', f'/v1/subscriptions/{subscription}', {'enabled': False})['why'], 'asked')
        meanwhile = self.tell()
        self.assertEqual(self.call('PATCH', f'/v1/subscriptions/{subscription}', {'enabled': True})['state'], 'active')
        self.told([self.tell()])
        self.assertNotIn(meanwhile, [int(i.split('.')[0]) for i in self.receiver.ids()])

    def test_an_address_inside_is_not_reached(self):
        subscription = self.call('PUT', '/v1/subscriptions', self.GOOD | {'url': 'https://169.254.169.254/latest/meta-data'})['subscription']['id']
        self.tell()
        wait_until(lambda: 'error' in self.shown(subscription), 20, 'a failure')
        self.assertEqual(self.shown(subscription)['error'], 'an address that we do not send to')


class Failing(EventsTest):
    @classmethod
    def setUpClass(cls):
        """Each failed attempt is noted with the seconds until the next: it may be over before a slow test looks."""
        super().setUpClass()
        cls.world.psql("""create table loket.tried (subscription uuid, attempts int, seconds float);
            create function loket.note_try() returns trigger language plpgsql security definer as $$ begin
                insert into loket.tried values (new.subscription, new.attempts, extract(epoch from new.next_at - clock_timestamp()));
                return null; end $$;
            create trigger tried after update on loket.event for each row when (new.attempts > old.attempts) execute function loket.note_try()""")

    def tries(self, subscription, n):
        """Until attempt n has failed; the seconds until the next."""
        return wait_until(lambda: self.world.psql('select seconds from loket.tried where subscription = %s and attempts = %s',
                                                  [subscription, n]), 30, f'attempt {n}')[0][0]

    def test_tried_again_until_it_is_taken(self):
        subscription = self.subscribe()
        self.receiver.faults = [500, 'cut', 404]
        notice = self.tell()
        for n, longest in ((1, 5.5), (2, 33), (3, 132)):
            seconds = self.tries(subscription, n)
            self.assertLessEqual(longest * 0.5, seconds)
            self.assertLessEqual(seconds, longest)
            self.at_once()
        wait_until(lambda: len(self.receiver.posts) == 4, 20, 'it to be taken')
        self.assertEqual(({int(i.split('.')[0]) for i, _, _ in self.receiver.posts}, self.receiver.wrong), ({notice}, []))
        wait_until(lambda: self.shown(subscription)['waiting'] == 0, 10, 'it to be recorded')
        self.assertNotIn('failingSince', self.shown(subscription))

    def test_as_late_as_the_receiver_asks(self):
        subscription = self.subscribe()
        self.receiver.faults, self.receiver.retry_after = [503], 900
        self.tell()
        self.assertGreater(self.tries(subscription, 1), 800)

    def test_a_case_keeps_its_order_and_others_go_on(self):
        self.subscribe()
        self.receiver.faults = [500]
        case = str(uuid.uuid4())
        first = self.tell(case)
        wait_until(lambda: self.receiver.posts, 20, 'a try')
        later, other = [self.tell(case) for _ in range(3)], self.tell()
        self.told([other])
        self.assertEqual([e['data']['case']['id'] for e in self.receiver.got if e['data']['case']['id'] == case], [])
        self.at_once()
        self.told([first, *later])
        self.assertEqual([int(e['id'].split('.')[0]) for e in self.receiver.got if e['data']['case']['id'] == case], [first, *later])

    def test_who_fails_holds_up_nobody_else(self):
        self.receiver.always = 'hang'
        self.subscribe()
        notices = [self.tell() for _ in range(20)]
        wait_until(lambda: self.receiver.posts, 20, 'a try')
        self.subscribe(self.receivers[1])
        notices = [self.tell() for _ in range(20)]
        self.told(notices, self.receivers[1])
        self.receiver.hangs.set()
        self.receiver.hangs = threading.Event()

    def test_tried_to_the_end(self):
        subscription = self.subscribe()
        self.receiver.always = 400
        notice = self.tell()
        self.tries(subscription, 1)
        self.world.psql('update loket.event set attempts = 13, next_at = clock_timestamp()')
        wait_until(lambda: self.shown(subscription)['dead'] == 1, 20, 'a dead letter')
        self.assertEqual(self.shown(subscription)['waiting'], 0)
        dead = self.call('GET', f'/v1/subscriptions/{subscription}/dead-letters')['items']
        self.assertEqual([(d['event'], d['attempts'], d['error']) for d in dead], [(self.receiver.posts[0][0], 14, 'HTTP 400')])
        self.receiver.always = None
        self.assertEqual(self.call('POST', f'/v1/subscriptions/{subscription}/retry', {'events': [dead[0]['id']]}), {'events': 1})
        self.told([notice])
        self.assertEqual(self.call('POST', f'/v1/subscriptions/{subscription}/retry', {}), {'events': 0})

    def test_gone_is_gone(self):
        subscription, admin = self.subscribe(), self.world.events('admin')
        self.receiver.always = 410
        self.tell()
        self.assertEqual(admin.wait('subscription.disabled', timeout=20)['subscription'], {'id': subscription, 'why': 'gone'})
        self.assertEqual((self.shown(subscription)['state'], self.shown(subscription)['why']), ('disabled', 'gone'))

    def test_three_days_without_success(self):
        subscription = self.subscribe()
        self.receiver.always = 503
        notice = self.tell()
        self.tries(subscription, 1)
        self.assertEqual(self.shown(subscription)['state'], 'active')
        self.world.psql("update loket.subscription set failing_since = clock_timestamp() - interval '73 hours'")
        self.at_once()
        wait_until(lambda: self.shown(subscription)['state'] == 'disabled', 20, 'it to be disabled')
        self.assertEqual(self.shown(subscription)['why'], 'failing')
        self.receiver.always = None             # what waited is not lost by that
        self.call('PATCH', f'/v1/subscriptions/{subscription}', {'enabled': True})
        self.at_once()
        self.told([notice])

    def test_what_waits_is_bounded_and_nothing_is_lost(self):
        subscription = self.subscribe()
        self.receiver.always = 503
        notices = {r[0] for r in self.world.psql(
            "insert into loket.notice (at, municipality, kind, case_id, payload) select clock_timestamp(), 'dordrecht', 'case.changed', "
            "md5((n % 400)::text)::uuid, '{\"case\": {}}' from generate_series(1, 4000) n returning id")}

        def taken_out():
            return {r[0] for r in self.world.psql('select notice from loket.event')}
        wait_until(lambda: self.shown(subscription)['waiting'] >= 2000, 30, 'the limit')
        time.sleep(1)
        first = taken_out()
        self.assertLess(len(first), 2500)
        self.world.psql('delete from loket.event')          # as if they had been delivered
        wait_until(lambda: first | taken_out() == notices, 30, 'the rest to be taken out')


class Order(EventsTest):
    def test_who_commits_late_is_not_passed_over(self):
        import psycopg2
        self.subscribe()
        case = str(uuid.uuid4())
        connection = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(TELL, ['dordrecht', case, case])
            early = cursor.fetchone()[0]
            late = self.tell(case)
            self.assertLess(early, late)
            time.sleep(1.5)                     # long enough to be told, if that were done
            self.assertEqual(self.receiver.got, [])
            connection.commit()
        self.told([early, late])
        self.assertEqual([int(i.split('.')[0]) for i in self.receiver.ids()], [early, late])

    def test_nothing_is_lost_when_instances_die(self):
        """Many write at once, commit in any order or not at all; instances are killed; receivers fail in every way."""
        import psycopg2
        self.subscribe()
        chance, kept, over = random.Random(7), [], threading.Event()
        lock, cases = threading.Lock(), [str(uuid.uuid4()) for _ in range(12)]

        def write(seed):
            mine = random.Random(seed)
            connection = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
            with contextlib.closing(connection), connection.cursor() as cursor:
                while not over.is_set() and len(kept) < 1500:      # more than can be told in time, on a slow machine
                    case = cases[mine.randrange(len(cases))]
                    cursor.execute('select pg_advisory_xact_lock(hashtext(%s))', [case])       # as a case is written by one at a time
                    ids = []
                    for _ in range(mine.randint(1, 3)):
                        cursor.execute(TELL, ['dordrecht', case, case])
                        ids.append(cursor.fetchone()[0])
                    time.sleep(mine.random() * 0.05)
                    if mine.random() < 0.1:
                        connection.rollback()
                        continue
                    connection.commit()
                    with lock:
                        kept.extend(ids)
        writers = [threading.Thread(target=write, args=[n], daemon=True) for n in range(4)]
        with another_instance(self.world) as other:
            for w in writers:
                w.start()
            for _ in range(KILLS):
                with self.receiver.lock:
                    self.receiver.faults += [chance.choice([500, 'cut', 'late', 429]) for _ in range(10)]
                seen = len(self.receiver.posts)
                wait_until(lambda seen=seen: len(self.receiver.posts) > seen + 20, 30, 'events')
                victim = chance.choice([self.world, other])
                victim.kill9()
                victim.start()
                self.at_once()
            over.set()
            for w in writers:
                w.join()
            left, end = None, time.monotonic() + PATIENCE
            while left != 0 and time.monotonic() < end:         # as long as some arrive, however slowly
                before, left = left, len(set(kept) - {int(i.split('.')[0]) for i in self.receiver.ids()})
                if left != before:
                    end = time.monotonic() + PATIENCE
                self.at_once()
                time.sleep(0.5)
            self.assertEqual(left, 0)
        order = collections.defaultdict(list)
        for e in self.receiver.got:
            n = int(e['id'].split('.')[0])
            if n not in order[e['subject']]:
                order[e['subject']].append(n)
        for case, ids in order.items():
            self.assertEqual(ids, sorted(ids), case)
        self.assertEqual(self.receiver.wrong, [])
        self.assertEqual(set(kept), {int(i.split('.')[0]) for i in self.receiver.ids()})
        self.assertGreater(len(kept), 50)


if __name__ == '__main__':
    world.main()
