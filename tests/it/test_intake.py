"""The way in: nothing lost, nothing doubled, and everything where it belongs. Real servers, public API only; what
cannot be asked through the API is looked up in the database."""
import concurrent.futures
import datetime
import functools
import hashlib
import itertools
import json
import pathlib
import re
import sys
import threading
import time
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import psycopg2  # noqa: E402
import world  # noqa: E402
from servers import at_once, wait_until  # noqa: E402

FIXED_ACCOUNT = world.DORDRECHT_WHATSAPP


def envelope(messages=(), statuses=(), contacts=None, account=FIXED_ACCOUNT, field='messages'):
    """A WhatsApp post with many items, as bytes."""
    value = {'messaging_product': 'whatsapp',
             'metadata': {'display_phone_number': '31781234567', 'phone_number_id': account}}
    if messages:
        value['messages'] = list(messages)
        value['contacts'] = contacts or [{'profile': {'name': 'Sanne de Vries'}, 'wa_id': m['from']}
                                         for m in messages if 'from' in m][:1]
    if statuses:
        value['statuses'] = list(statuses)
    return json.dumps({'object': 'whatsapp_business_account',
                       'entry': [{'id': '1', 'changes': [{'value': value, 'field': field}]}]}).encode()


def message(text=None, wa_id='31611110000', **more):
    base = {'from': wa_id, 'id': 'wamid.' + uuid.uuid4().hex, 'timestamp': str(int(time.time()))}
    return base | ({'type': 'text', 'text': {'body': text}} if text is not None else {}) | more


numbers = itertools.count(1)


def new_number():
    return f'3162{next(numbers):07d}'


class Intake(world.LoketTest):
    """Helpers, and what must hold after every test."""

    def setUp(self):
        self.wa = new_number()

    def tearDown(self):
        self.world.wait_ready()         # perhaps without PostgreSQL just now
        ledger = self.world.api('GET', '/v1/ledger', 'lead').json
        self.assertTrue(ledger['balanced'], ledger)
        self.assertEqual(0, self.world.value("""select
            (select count(*) from loket.contact c where case_id is not null
                and not exists (select from loket.case_file k where k.id = c.case_id)) +
            (select count(*) from loket.contact c where party is not null
                and not exists (select from loket.party p where p.id = c.party)) +
            (select count(*) from loket.contact c where raw is not null
                and not exists (select from loket.raw r where r.id = c.raw)) +
            (select count(*) from loket.case_file k where party is not null
                and not exists (select from loket.party p where p.id = k.party)) +
            (select count(*) from loket.case_file k
                where not exists (select from loket.contact c where c.case_id = k.id)) +
            (select count(*) from loket.address a where not exists (select from loket.party p where p.id = a.party)) +
            (select count(*) from loket.contact where direction = 'in' and case_id is null
                and kind not in ('system', 'delete', 'reaction')) +
            (select count(*) from loket.dead_letter d where not exists (select from loket.raw r where r.id = d.raw))"""))

    def post(self, body, inbox='dordrecht-whatsapp', want=200):
        answer = self.world.hook(inbox, body)
        self.assertEqual(want, answer.status, answer)
        return answer

    def say(self, text, **more):
        """One message of this test's citizen; its contact row."""
        m = message(text, self.wa, **more)
        self.post(envelope([m]))
        return self.contact(m['id'])

    def contact(self, provider_id):
        rows = self.world.psql("""select to_jsonb(c) || jsonb_build_object('case', to_jsonb(k)) from loket.contact c
            left join loket.case_file k on k.id = c.case_id where c.provider_id = %s""", [provider_id])
        return rows[0][0] if rows else None

    def count(self, table, where='true', params=None):
        return self.world.value(f'select count(*) from loket.{table} where {where}', params)


class OneMessageOneContact(Intake):
    def test_the_same_five_times_at_once(self):
        body = world.whatsapp_body('Vijf keer', wa_id=self.wa, message_id='wamid.FIVE')
        answers = at_once([lambda: self.world.hook('dordrecht-whatsapp', body).status] * 5)
        self.assertEqual([200] * 5, answers)
        self.assertEqual(1, self.count('contact', "provider_id = 'wamid.FIVE'"))
        self.assertEqual(1, self.count('case_file k', 'exists (select from loket.address a where a.party = k.party '
                                       "and a.value = %s)", ['+' + self.wa]))

    def test_twice_in_one_post(self):
        m = message('Dubbel', self.wa)
        before = self.count('raw')
        self.post(envelope([m, m]))
        self.post(envelope([m]))
        self.assertEqual(1, self.count('contact', 'provider_id = %s', [m['id']]))
        self.assertEqual(before + 1, self.count('raw'))     # what brought nothing new is not kept

    def test_the_same_id_in_another_inbox_is_another_contact(self):
        m = message('Zelfde id', self.wa)
        self.post(envelope([m]))
        self.post(envelope([m], account=self.world.account('zwijndrecht-whatsapp')), 'zwijndrecht-whatsapp')
        self.assertEqual(2, self.count('contact', 'provider_id = %s', [m['id']]))

    def test_many_posts_at_once(self):
        numbers = [new_number() for _ in range(60)]

        def send(wa):
            return [self.world.hook('dordrecht-whatsapp', world.whatsapp_body(f'Vraag {i}', wa_id=wa, message_id=f'wamid.{wa}.{i}')).status
                    for i in range(3)]
        self.assertEqual([[200] * 3] * 60, at_once([functools.partial(send, n) for n in numbers]))
        rows = self.world.psql("""select a.value, count(distinct c.id), count(distinct c.case_id)
            from loket.address a join loket.contact c on c.party = a.party
            where a.value = any(%s) group by 1""", [['+' + n for n in numbers]])
        self.assertEqual({(3, 1)}, {r[1:] for r in rows})
        self.assertEqual(set(), {'+' + n for n in numbers} - {r[0] for r in rows})

    def retries(self):
        text = self.world.request('GET', '/metrics').body.decode()
        return int(re.search(r'^loket_intake_batch_retries_total (\d+)', text, re.M)[1])

    def test_two_batches_at_once_are_of_different_people(self):
        """A batch asks while the one before it is not written yet. Then nobody is in both: else the keys would refuse
        the second, and its posts would go again one by one."""
        numbers = [new_number() for _ in range(150)]
        before = self.retries()
        with concurrent.futures.ThreadPoolExecutor(48) as pool:
            answers = list(pool.map(lambda i: self.world.hook('dordrecht-whatsapp', world.whatsapp_body(
                f'Vraag {i}', wa_id=numbers[i // 4], message_id=f'wamid.{numbers[0]}.{i}')).status, range(600)))
        self.assertEqual({200}, set(answers))
        rows = self.world.psql("""select a.value, count(distinct c.id), count(distinct c.case_id)
            from loket.address a join loket.contact c on c.party = a.party
            where a.value = any(%s) group by 1""", [['+' + n for n in numbers]])
        self.assertEqual([(4, 1)] * 150, [r[1:] for r in rows])
        self.assertEqual(before, self.retries())

    def test_other_people_need_not_wait(self):
        """What somebody says hangs in PostgreSQL, because their case is locked: others go by the other connection, and what
        they say next waits for it."""
        first = self.say('Waar kan ik parkeren?')
        holder = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket_system'))
        self.addCleanup(holder.close)
        holder.cursor().execute('select from loket.case_file where id = %s for update', [first['case_id']])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            mine = [pool.submit(self.say, 'En op zondag?')]
            wait_until(lambda: self.world.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
                                                "and query like '%%update loket.case_file%%'"), what='the batch to wait')
            for _ in range(3):
                self.post(envelope([message('Waar is het stadhuis?', new_number())]))
            mine.append(pool.submit(self.say, 'Of op maandag?'))
            self.assertFalse(concurrent.futures.wait(mine, 0.2).done)
            holder.rollback()
            self.assertEqual([first['case_id']] * 2, [m.result()['case_id'] for m in mine])

    def test_without_one_of_the_connections(self):
        """Whichever goes, what comes then is stored by those that are left, or is told to come again."""
        for pid, in self.world.psql("select pid from pg_stat_activity where usename = 'loket_system' and datname = current_database()"):
            self.world.psql('select pg_terminate_backend(%s)', [pid])
            m = message('Is er iemand?', self.wa)
            wait_until(lambda m=m: self.world.hook('dordrecht-whatsapp', envelope([m])).status == 200, 10, 'a 200')
            self.assertEqual(1, self.count('contact', 'provider_id = %s', [m['id']]))
        self.world.wait_ready()


class ManyInOnePost(Intake):
    def test_a_burst_is_one_case(self):
        """Five lines from somebody new in one post: one party, one case, in their order."""
        items = [message(f'Regel {i}', self.wa) for i in range(5)]
        self.post(envelope(items))
        rows = self.world.psql("""select provider_id, case_id, party from loket.contact where provider_id = any(%s)
            order by id""", [[m['id'] for m in items]])
        self.assertEqual([m['id'] for m in items], [r[0] for r in rows])
        self.assertEqual(1, len({r[1] for r in rows}))
        self.assertEqual(1, len({r[2] for r in rows}))

    def test_an_album_is_one_case(self):
        items = [message(None, self.wa, type='image', image={'id': f'4{i}', 'mime_type': 'image/jpeg', 'sha256': 'x'})
                 for i in range(5)]
        self.post(envelope(items))
        self.assertEqual(1, self.world.value('select count(distinct case_id) from loket.contact where provider_id = any(%s)',
                                             [[m['id'] for m in items]]))

    def test_what_cannot_be_read_does_not_spoil_the_rest(self):
        good = message('Goed', self.wa)
        before = self.count('dead_letter')
        self.post(envelope([good, {'id': 5, 'type': []}]))
        self.assertIsNotNone(self.contact(good['id']))
        self.assertEqual(before + 1, self.count('dead_letter'))

    def test_a_thousand(self):
        items = [message(f'Bericht {i}', f'3165{i:07d}') for i in range(1000)]
        self.post(envelope(items))
        self.assertEqual(1000, self.count('contact', 'provider_id = any(%s)', [[m['id'] for m in items]]))
        self.assertEqual(1000, self.world.value("""select n_contacts from loket.raw where id =
            (select raw from loket.contact where provider_id = %s)""", [items[0]['id']]))


class WhereItBelongs(Intake):
    def test_product_by_word(self):
        c = self.say('Wanneer moet mijn rijbewijs verlengd worden?')
        self.assertEqual('rijbewijs', c['case']['product'])
        self.assertEqual('queued', c['case']['state'])
        self.assertRegex(c['case']['reference'], r'^DOR-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$')

    def test_otherwise_algemeen(self):
        self.assertEqual('algemeen', self.say('Hallo?')['case']['product'])

    def test_a_conversation_goes_on(self):
        a, b = self.say('Ik wil een afspraak'), self.say('Morgen graag')
        self.assertEqual(a['case_id'], b['case_id'])
        self.assertGreaterEqual(b['case']['last_contact_at'], a['case']['last_contact_at'])

    def test_who_comes_back_opens_the_case_again(self):
        a = self.say('Mijn paspoort is weg, vermist')
        self.world.psql("update loket.case_file set state = 'closed', closed_at = now(), outcome = 'solved' where id = %s",
                        [a['case_id']])
        b = self.say('Toch nog iets over mijn vermiste paspoort')
        self.assertEqual(a['case_id'], b['case_id'])
        self.assertEqual(('queued', 1, None), tuple(b['case'][k] for k in ('state', 'reopened', 'outcome')))
        self.assertEqual(1, self.count('notice', "case_id = %s and kind = 'case.changed' and payload ->> 'event' = 'contact'",
                                       [a['case_id']]))

    def test_closed_while_it_comes_in(self):
        """what the batch saw of the case is not so any more when it writes: it looks again"""
        first = self.say('Waar kan ik parkeren?')
        m = message('En op zondag?', self.wa)
        other = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket_system'))
        self.addCleanup(other.close)
        cursor = other.cursor()
        cursor.execute("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() where id = %s",
                       [first['case_id']])
        sender = threading.Thread(target=self.post, args=[envelope([m])])
        sender.start()
        wait_until(lambda: self.world.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
                                            "and query like '%%update loket.case_file%%'"), what='the batch to wait')
        other.commit()
        sender.join()
        case = self.contact(m['id'])['case']
        self.assertEqual((first['case_id'], 'queued', 1), (case['id'], case['state'], case['reopened']))
        half = self.world.value('select due_at - arrived_at from loket.case_file where id = %s', [case['id']])
        self.assertEqual(datetime.timedelta(hours=2), half)     # who comes back goes up in the queue

    def test_who_has_many_cases(self):
        first = self.say('Waar kan ik parkeren?')
        self.world.psql("""insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, state,
            outcome, opened_at, arrived_at, due_at, last_contact_at, closed_at) select gen_random_uuid(), municipality,
            'VEEL-' || n, product, party, inbox, channel, 'closed', 'solved', opened_at, arrived_at, due_at,
            last_contact_at - make_interval(days => 40 + n), now() - make_interval(days => 40 + n)
            from loket.case_file, generate_series(1, 30) n where id = %s""", [first['case_id']])
        self.assertEqual(first['case_id'], self.say('En op zondag?')['case_id'])
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() - interval "
                        "'50 days', last_contact_at = now() - interval '35 days' where id = %s", [first['case_id']])
        again = self.say('Nu iets anders: mijn rijbewijs')
        self.assertNotEqual(first['case_id'], again['case_id'])
        self.assertEqual(again['case_id'], self.say('Hoe lang duurt dat?')['case_id'])
        self.assertEqual(32, self.count('case_file', 'party = %s', [again['party']]))
        self.world.psql("delete from loket.case_file where reference like 'VEEL-%'")

    def test_zero_asks_for_a_coach(self):
        c = self.say('0')
        self.assertIn('option0', c['flags'])
        self.assertTrue(c['case']['option0'])
        wait = self.world.value('select extract(epoch from due_at - arrived_at) from loket.case_file where id = %s',
                                [c['case_id']])
        self.assertEqual(30, wait)      # as if somebody were on the line, not the four hours of WhatsApp

    def test_zero_later(self):
        a, b = self.say('Ik kom er niet uit'), self.say('0')
        self.assertEqual(a['case_id'], b['case_id'])
        self.assertTrue(b['case']['option0'])
        self.assertIn('option0', b['case']['flags'])

    def test_an_answer_goes_to_the_case_it_answers(self):
        a = self.say('Eerste vraag over mijn rijbewijs')
        b = self.say('Dit hoort daarbij', context={'from': '31781234567', 'id': a['provider_id']})
        self.assertEqual(a['case_id'], b['case_id'])

    def test_reaction_edit_and_delete_follow(self):
        a = self.say('Mijn vraag')
        r = message(None, self.wa, type='reaction', reaction={'message_id': a['provider_id'], 'emoji': '\U0001f44d'})
        e = message(None, self.wa, type='edit', edit={'original_message_id': a['provider_id'], 'message': {
            'type': 'text', 'text': {'body': 'Mijn betere vraag'}}})
        d = message(None, self.wa, type='revoke', revoke={'original_message_id': a['provider_id']})
        self.post(envelope([r, e, d]))
        self.assertEqual([a['case_id']] * 3, [self.contact(m['id'])['case_id'] for m in (r, e, d)])
        self.assertEqual(['reaction', 'edit', 'delete'], [self.contact(m['id'])['kind'] for m in (r, e, d)])
        now = self.contact(a['provider_id'])
        self.assertEqual((['deleted', 'edited'], None), (now['flags'], now['text']))
        self.assertEqual('queued', now['case']['state'])

    def test_a_new_number_is_the_same_person(self):
        a, new = self.say('Dit is mijn nummer'), new_number()
        system = {'from': self.wa, 'id': 'wamid.' + uuid.uuid4().hex, 'timestamp': '1753851315', 'type': 'system',
                  'system': {'type': 'user_changed_number', 'wa_id': new, 'body': 'User A changed'}}
        self.post(envelope([system], contacts=[]))
        m = message('En dit is mijn nieuwe', new)
        self.post(envelope([m]))
        self.assertEqual(a['party'], self.contact(m['id'])['party'])
        self.assertEqual(a['case_id'], self.contact(m['id'])['case_id'])

    def test_two_people_are_never_made_one(self):
        a, other = self.say('Ik ben A'), new_number()
        b = message('Ik ben B', other)
        self.post(envelope([b]))
        system = {'from': self.wa, 'id': 'wamid.' + uuid.uuid4().hex, 'timestamp': '1753851315', 'type': 'system',
                  'system': {'type': 'user_changed_number', 'wa_id': other, 'body': 'User A changed'}}
        self.post(envelope([system], contacts=[]))
        self.assertNotEqual(a['party'], self.contact(b['id'])['party'])
        self.assertEqual(2, self.world.value('select count(distinct party) from loket.address where value = any(%s)',
                                             [['+' + self.wa, '+' + other]]))

    def test_an_assigned_case_stays_with_its_agent(self):
        a = self.say('Eerste')
        agent = self.world.value("select id from loket.agent where name = 'Anna'")
        self.world.psql("update loket.case_file set state = 'assigned', owner = %s, epoch = 1 where id = %s",
                        [agent, a['case_id']])
        b = self.say('Tweede')
        self.assertEqual(('assigned', agent), (b['case']['state'], b['case']['owner']))
        self.assertEqual(agent, self.world.value("""select agent::text from loket.notice where kind = 'contact.received'
            and payload #>> '{contact,id}' = %s""", [b['id']]))
        self.world.psql("update loket.case_file set state = 'queued', owner = null where id = %s", [a['case_id']])


class Reports(Intake):
    """What the provider tells about our own messages."""

    def ours(self, provider_id=None, delivery='sent'):
        a = self.say('Een vraag')
        return self.world.value("""insert into loket.contact (id, municipality, inbox, channel, direction, kind, provider_id,
            received_at, case_id, party, delivery) select gen_random_uuid(), municipality, inbox, channel, 'out', 'text', %s,
            now(), case_id, party, %s from loket.contact where id = %s returning id::text""", [provider_id, delivery, a['id']])

    def status(self, provider_id, status, **more):
        return {'id': provider_id, 'status': status, 'timestamp': '1763543507', 'recipient_id': self.wa} | more

    def delivery(self, contact):
        return self.world.value('select delivery from loket.contact where id = %s', [contact])

    def test_only_forward(self):
        pid = 'wamid.OUT' + uuid.uuid4().hex
        ours = self.ours(pid)
        self.post(envelope(statuses=[self.status(pid, 'read')]))
        self.post(envelope(statuses=[self.status(pid, 'delivered')]))
        self.post(envelope(statuses=[self.status(pid, 'sent')]))
        self.assertEqual('read', self.delivery(ours))
        self.assertEqual(3, self.count('delivery_report', 'provider_id = %s', [pid]))
        self.assertEqual(1, self.count('notice', "kind = 'delivery.changed' and payload #>> '{contact,id}' = %s", [ours]))

    def test_all_in_one_post_in_any_order(self):
        pid = 'wamid.OUT' + uuid.uuid4().hex
        ours = self.ours(pid, 'sending')
        self.post(envelope(statuses=[self.status(pid, s) for s in ('delivered', 'sent', 'read', 'delivered')]))
        self.assertEqual('read', self.delivery(ours))

    def test_failed_is_not_reached_from_delivered(self):
        pid = 'wamid.OUT' + uuid.uuid4().hex
        ours = self.ours(pid, 'delivered')
        self.post(envelope(statuses=[self.status(pid, 'failed', errors=[{'code': 131026, 'title': 'Undeliverable'}])]))
        self.assertEqual('delivered', self.delivery(ours))

    def test_failed_says_why(self):
        pid = 'wamid.OUT' + uuid.uuid4().hex
        ours = self.ours(pid)
        self.post(envelope(statuses=[self.status(pid, 'failed', errors=[{'code': 131026, 'title': 'Undeliverable'}])]))
        self.assertEqual(('failed', 'Undeliverable'), self.world.psql(
            'select delivery, delivery_error from loket.contact where id = %s', [ours])[0])

    def test_uncertain_becomes_certain_by_our_own_id(self):
        pid = 'wamid.OUT' + uuid.uuid4().hex
        ours = self.ours(None, 'uncertain')
        self.post(envelope(statuses=[self.status(pid, 'delivered', biz_opaque_callback_data=ours)]))
        self.assertEqual(('delivered', pid), self.world.psql('select delivery, provider_id from loket.contact where id = %s',
                                                             [ours])[0])

    def test_before_we_know_the_message(self):
        pid = 'wamid.EARLY' + uuid.uuid4().hex
        before = self.count('raw')
        self.post(envelope(statuses=[self.status(pid, 'delivered')]))
        self.assertEqual(1, self.count('delivery_report', 'provider_id = %s', [pid]))
        self.assertEqual(before, self.count('raw'))


class DeadLetters(Intake):
    def test_signed_and_unreadable(self):
        self.post(b'{"object": "whatsapp_business_account", "entry": [')
        item = self.world.api('GET', '/v1/dead-letters?inbox=dordrecht-whatsapp', 'lead').json['items'][-1]
        self.assertEqual(('open', 'dordrecht'), (item['state'], item['municipality']))
        again = self.world.api('POST', f"/v1/dead-letters/{item['id']}/retry", 'lead', {})
        self.assertEqual((422, 'stillUnreadable'), (again.status, again.json['rule']))
        self.assertEqual(1, self.world.value('select attempts from loket.dead_letter where id = %s', [item['id']]))

    def test_read_at_last(self):
        """As after an upgrade that can read what an older version could not."""
        self.post(b'[]')
        letter = self.world.psql("select id::text, raw::text from loket.dead_letter order by at desc limit 1")[0]
        items = [message(f'Bewaard {i}', self.wa) for i in range(3)]
        self.world.psql('update loket.raw set body = %s where id = %s', [envelope(items), letter[1]])
        before = self.world.api('GET', '/v1/ledger', 'lead').json
        done = self.world.api('POST', f'/v1/dead-letters/{letter[0]}/retry', 'lead', {})
        self.assertEqual((200, 'solved'), (done.status, done.json['deadLetter']['state']), done)
        self.assertEqual(letter[1], self.contact(items[0]['id'])['raw'])
        after = self.world.api('GET', '/v1/ledger', 'lead').json
        self.assertEqual((before['received'] + 2, before['deadLetters'] - 1),
                         (after['received'], after['deadLetters']))
        gone = self.world.api('POST', f'/v1/dead-letters/{letter[0]}/retry', 'lead', {})
        self.assertEqual(409, gone.status)

    def test_only_for_leads(self):
        self.assertEqual(403, self.world.api('GET', '/v1/dead-letters', 'anna').status)

    def test_pages(self):
        for _ in range(3):
            self.post(b'nonsense')
        seen, cursor = [], ''
        while cursor is not None:
            page = self.world.api('GET', '/v1/dead-letters?limit=2' + (f'&cursor={cursor}' if cursor else ''), 'lead').json
            seen += [i['id'] for i in page['items']]
            cursor = page['next']
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual(self.count('dead_letter', "state = 'open'"), len(seen))

    def test_a_bad_signature_is_nothing(self):
        before = self.count('raw'), self.count('dead_letter')
        answer = self.world.hook('dordrecht-whatsapp', envelope([message('Nep', self.wa)]), secret='wrong-secret')
        self.assertEqual(401, answer.status)
        self.assertEqual(before, (self.count('raw'), self.count('dead_letter')))

    def test_every_single_bit_of_a_signature(self):
        body = envelope([message('Nep', self.wa)])
        mac = bytes.fromhex(world.hub_signature(self.world.secrets['dordrecht-whatsapp'], body).removeprefix('sha256='))
        for bit in range(256):
            wrong = bytearray(mac)
            wrong[bit // 8] ^= 1 << bit % 8
            answer = self.world.hook('dordrecht-whatsapp', body, secret='',
                                     headers={'X-Hub-Signature-256': 'sha256=' + wrong.hex()})
            self.assertEqual(401, answer.status, bit)

    def test_unknown_and_switched_off(self):
        self.assertEqual(404, self.world.hook('nowhere', b'{}', secret='x').status)
        self.assertEqual(404, self.world.hook('dordrecht-counter', b'{}').status)      # nobody posts there
        self.assertEqual(404, self.world.request('GET', '/v1/hooks/nowhere').status)

    def test_handshake(self):
        good = 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token='
        token = self.world.psql("""select value from loket.inbox_secret where inbox = 'dordrecht-whatsapp'
            and kind = 'verify'""")
        if token:
            answer = self.world.request('GET', '/v1/hooks/dordrecht-whatsapp?' + good + token[0][0])
            self.assertEqual((200, b'1158201444'), (answer.status, answer.body))
        self.assertEqual(401, self.world.request('GET', '/v1/hooks/dordrecht-whatsapp?' + good + 'guess').status)


class OddBytes(Intake):
    """reliability.md F23-F25"""

    def test_three_mebibytes(self):
        items = [message('x' * 6000, self.wa) for _ in range(450)]
        body = envelope(items)
        self.assertGreater(len(body), 2_700_000)
        self.post(body)
        self.assertEqual(450, self.count('contact', 'provider_id = any(%s)', [[m['id'] for m in items]]))

    def test_too_large(self):
        try:
            status = self.world.hook('dordrecht-whatsapp', b' ' * 5_000_000).status
        except OSError:
            status = 413    # cut off while still sending
        self.assertEqual(413, status)

    def test_deep(self):
        self.post(b'[' * 3000 + b']' * 3000)
        self.post(b'{"a":' * 100000 + b'1' + b'}' * 100000)
        self.post(b'{}' * 350000)

    def test_many_keys(self):
        self.post(json.dumps({str(i): i for i in range(100000)}).encode())

    def test_bytes_that_are_no_text(self):
        for bad in (b'\xff\xfe', b'\xc0\x80', b'\xed\xa0\x80', b'\x00'):
            body = envelope([message('BAD', self.wa)]).replace(b'BAD', bad)
            self.post(body)
        self.post(envelope([message('BAD', self.wa)]).replace(b'BAD', b'\\u0000'))
        self.post(envelope([message('BAD', self.wa)]).replace(b'BAD', b'\\ud800'))
        self.assertEqual(0, self.count('contact', "text like '%%BAD%%'"))

    def test_text_comes_back_as_it_was(self):
        text = 'A\u202eB \U0001f468\u200d\U0001f469\u200d\U0001f467 Z\u0351\u036b\u0302 \u0634\u0643\u0631\u0627 caf\u00e9'
        c = self.say(text)
        self.assertEqual(text, c['text'])
        self.assertIn('bidi', c['flags'])
        self.assertEqual('caf\u00e9', self.say('cafe\u0301')['text'])     # NFC

    def test_long_text_is_cut_and_says_so(self):
        c = self.say('é' * 70000)
        self.assertIn('cut', c['flags'])
        self.assertLessEqual(len(c['text'].encode()), 65536)


class Forms(Intake):
    config = 'intake { form_posts_per_minute = 20 }'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.psql("""update loket.inbox set settings = settings || '{"public": true}'
            where id = 'alblasserdam-webform'""")
        world.wait_until(lambda: cls.world.hook('alblasserdam-webform', b'{}', secret='').status == 422, 30, 'the new setting')

    def form(self, **fields):
        return {'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': fields}

    def by_reference(self, reference):
        return self.world.psql("""select to_jsonb(c) || jsonb_build_object('case', to_jsonb(k),
            'attachments', loket.attachments_of(c.id, c.attachments)) from loket.contact c
            join loket.case_file k on k.id = c.case_id where k.reference = %s""", [reference])[0][0]

    def test_json(self):
        form = self.form(naam='J. Öztürk', email='j@example.nl', bericht='De verhuizing lukt niet')
        answer = self.world.hook_form(form)
        self.assertEqual(201, answer.status, answer)
        self.assertEqual({'reference', 'secret', 'receivedAt'}, set(answer.json))
        c = self.by_reference(answer.json['reference'])
        self.assertEqual(('form', 'J. Öztürk', 'De verhuizing lukt niet'), (c['kind'], c['name'], c['text']))
        again = self.world.hook_form(form)
        self.assertEqual((201, answer.json['reference']), (again.status, again.json['reference']))

    def test_urlencoded(self):
        body = b'naam=Jan&email=jan%40example.nl&bericht=Over+mijn+rijbewijs&submission_id=' + uuid.uuid4().hex.encode()
        answer = self.world.hook('dordrecht-webform', body, 'application/x-www-form-urlencoded')
        self.assertEqual(201, answer.status, answer)
        self.assertEqual('rijbewijs', self.by_reference(answer.json['reference'])['case']['product'])

    def test_multipart_with_a_file(self):
        content = b'\xff\xd8\xff\xe0\0\x10JFIF\0' + bytes(range(256)) * 4000      # about a megabyte, a photo to who looks at it
        b = b'----loket' + uuid.uuid4().hex.encode()
        body = (b'--' + b + b'\r\nContent-Disposition: form-data; name="bericht"\r\n\r\nZie bijlage\r\n--' + b +
                b'\r\nContent-Disposition: form-data; name="bijlage"; filename="../../foto.jpg"\r\n'
                b'Content-Type: image/jpeg\r\n\r\n' + content + b'\r\n--' + b + b'--\r\n')
        answer = self.world.hook('dordrecht-webform', body, 'multipart/form-data; boundary=' + b.decode())
        self.assertEqual(201, answer.status, answer)
        digest = hashlib.sha256(content).hexdigest()
        wait_until(lambda: self.by_reference(answer.json['reference'])['attachments'][0]['state'] == 'stored', 20, 'the file')
        c = self.by_reference(answer.json['reference'])
        kept = {k: c['attachments'][0].get(k) for k in ('sha256', 'state', 'bytes', 'mediaType')}
        self.assertEqual({'sha256': digest, 'state': 'stored', 'bytes': len(content), 'mediaType': 'image/jpeg'}, kept)
        self.assertNotIn('/', c['attachments'][0]['name'])
        path = self.world.dir / 'state/files' / digest[:2] / digest
        self.assertEqual(content, path.read_bytes())

    def test_a_robot_falls_into_the_trap(self):
        answer = self.world.hook_form(self.form(naam='SEO', bericht='http://a.example') | {'honeypot': 'http://spam'})
        self.assertEqual(201, answer.status)
        c = self.by_reference(answer.json['reference'])
        self.assertEqual(('closed', 'spam'), (c['case']['state'], c['case']['outcome']))
        self.assertIsNone(c['party'])
        self.assertIn('spam', c['flags'])

    def test_public_form(self):
        answer = self.world.hook('alblasserdam-webform', json.dumps(self.form(bericht='Hallo')).encode(), secret='')
        self.assertEqual(201, answer.status, answer)
        self.assertEqual(401, self.world.hook('alblasserdam-webform', b'{}', secret='wrong').status)
        self.assertEqual(401, self.world.hook('dordrecht-webform', b'{}', secret='').status)
        big = json.dumps(self.form(bericht='x' * 70000)).encode()
        self.assertEqual(413, self.world.hook('alblasserdam-webform', big, secret='').status)
        self.assertEqual(201, self.world.hook('alblasserdam-webform', big).status)

    def test_public_form_too_often(self):
        body = json.dumps(self.form(bericht='Nog een keer')).encode()
        for _ in range(25):
            answer = self.world.request('POST', '/v1/hooks/alblasserdam-webform', {'Content-Type': 'application/json',
                                        'X-Real-IP': '192.0.2.7'}, body)
        self.assertEqual(429, answer.status)
        self.assertIn('Retry-After', answer.headers)

    def test_what_a_form_claims_does_not_join_parties(self):
        """A form with somebody's e-mail address and another telephone number must not tie the two together."""
        mail, phone = f'{uuid.uuid4().hex}@example.nl', '+' + new_number()
        self.world.hook_form(self.form(email=mail, bericht='Ik ben de eigenaar'))
        self.world.hook_form(self.form(email=mail, telefoon=phone, bericht='Ik doe alsof'))
        self.assertEqual(0, self.count('address', 'value = %s', [phone]))


class MaskedNumbers(Intake):
    def test_bullets_for_who_may_not_see(self):
        c = self.say('Mijn bsn is 111222333 en mijn rekening NL91ABNA0417164300')
        self.assertIn('bsnMasked', c['flags'])
        seen = {who: self.world.api('GET', f"/v1/contacts/{c['id']}", who).json['text'] for who in ('anna', 'lead')}
        self.assertNotIn('111222333', seen['anna'])
        self.assertNotIn('0417164300', seen['anna'])
        self.assertIn('•', seen['anna'])
        self.assertIn('111222333', seen['lead'])
        log = self.world.log()
        for canary in ('111222333', 'NL91ABNA', 'Sanne', self.wa):
            self.assertNotIn(canary, log)

    def test_raw_needs_its_own_right_and_is_recorded(self):
        m = message('Zoals het kwam', self.wa)
        body = envelope([m])
        self.post(body)
        contact = self.contact(m['id'])['id']
        self.assertEqual(403, self.world.api('GET', f'/v1/contacts/{contact}/raw', 'anna').status)
        answer = self.world.api('GET', f'/v1/contacts/{contact}/raw', 'lead')
        self.assertEqual((200, body, 'application/octet-stream'), (answer.status, answer.body, answer.headers['Content-Type']))
        self.assertIn('attachment', answer.headers['Content-Disposition'])
        self.assertEqual(1, self.count('access_log', "object_id = %s and action = 'contact.raw'", [contact]))

    def test_raw_is_larger_than_any_request_may_use(self):
        m = message('Een grote', self.wa)
        self.post(envelope([m]))
        contact = self.contact(m['id'])
        self.world.psql("update loket.raw set body = convert_to(repeat('0123456789', 2000000), 'UTF8') where id = %s",
                        [contact['raw']])
        answer = self.world.api('GET', f"/v1/contacts/{contact['id']}/raw", 'lead')
        self.assertEqual((200, 20000000), (answer.status, len(answer.body)))

    def test_not_there_or_not_yours(self):
        self.assertEqual(404, self.world.api('GET', f'/v1/contacts/{uuid.uuid4()}', 'lead').status)
        self.assertEqual(404, self.world.api('GET', '/v1/contacts/17', 'lead').status)


class TypedIn(Intake):
    """POST /v1/contacts"""

    def create(self, who='anna', want=201, **body):
        answer = self.world.api('POST', '/v1/contacts', who, body)
        self.assertEqual(want, answer.status, answer)
        return answer.json

    def test_a_call_is_the_agents_at_once(self):
        got = self.create(municipality='dordrecht', channel='phone', kind='call', text='Belt over een rijbewijs',
                          **{'from': {'addresses': [{'kind': 'phone', 'value': '06-12 34 56 99'}], 'name': 'Mw. Jansen'}})
        anna = self.world.value("select id::text from loket.agent where name = 'Anna'")
        self.assertEqual(('assigned', anna, 1), (got['case']['state'], got['case']['owner'], got['case']['epoch']))
        self.assertEqual(('rijbewijs', 'in', anna), (got['case']['product'], got['contact']['direction'],
                                                     got['contact']['agent']))
        self.assertEqual('+31612345699', got['contact']['from']['addresses'][0]['value'])
        # the person is known now: the next message is about the same case
        m = message('Nog iets over het rijbewijs', '31612345699')
        self.post(envelope([m]))
        self.assertEqual(got['contact']['party'], self.contact(m['id'])['party'])

    def test_an_integration_hands_one_over(self):
        body = {'inbox': 'dordrecht-email', 'providerId': uuid.uuid4().hex, 'text': 'Per e-mail', 'flags': ['formal'],
                'from': {'addresses': [{'kind': 'email', 'value': 'Iemand@Example.nl'}]}}
        got, again = self.create('integration', **body), self.create('integration', **body)
        self.assertEqual(got['contact']['id'], again['contact']['id'])
        self.assertEqual('queued', got['case']['state'])
        self.assertEqual('iemand@example.nl', got['contact']['from']['addresses'][0]['value'])
        self.assertIn('formal', got['contact']['flags'])

    def test_into_a_case_that_is_named(self):
        first = self.create('integration', municipality='dordrecht', channel='letter', text='Een brief')
        second = self.create('integration', municipality='dordrecht', channel='letter', text='Een heel andere brief',
                             case=first['case']['id'])
        self.assertEqual(first['case']['id'], second['case']['id'])
        self.create('integration', want=422, municipality='sliedrecht', channel='letter', text='x',
                    case=first['case']['id'])

    def test_all_that_is_wrong_at_once(self):
        problem = self.create(want=422, municipality='nergens', channel='duif', product='onzin',
                              **{'from': {'addresses': [{'kind': 'phone', 'value': 'geen nummer'}]}})
        self.assertEqual({'municipality', 'channel', 'product', 'text', 'from.addresses[0].value'},
                         {e['name'] for e in problem['errors']})

    def test_not_in_somebody_elses_municipality(self):
        self.create(want=403, municipality='sliedrecht', channel='counter', text='Aan de balie')
        self.assertEqual(0, self.count('contact', "municipality = 'sliedrecht' and channel = 'counter'"))

    def test_unknown_keys(self):
        self.create(want=400, municipality='dordrecht', channel='phone', text='x', rubbish=1)

    def test_the_same_key_is_the_same_contact(self):
        key = {'Idempotency-Key': uuid.uuid4().hex}
        body = {'municipality': 'dordrecht', 'channel': 'counter', 'text': 'Aan de balie'}
        answers = [self.world.api('POST', '/v1/contacts', 'anna', body, key) for _ in range(2)]
        self.assertEqual([201, 201], [a.status for a in answers])
        self.assertEqual(answers[0].json['contact']['id'], answers[1].json['contact']['id'])


class Second(world.World):
    """Another loketd on the same PostgreSQL and Redis."""

    def __init__(self, first):     # pylint: disable=super-init-not-called
        self.__dict__.update(first.__dict__)
        self.port = world.free_port()
        self.dir = first.dir / 'second'
        self.dir.mkdir()
        (self.dir / 'state').mkdir()
        self.log_path, self.process, self._open = self.dir / 'loketd.log', None, []


class TwoInstances(Intake):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = [cls.world, Second(cls.world)]
        cls.both[1].start()

    @classmethod
    def tearDownClass(cls):
        cls.both[1].stop()
        report = cls.both[1].sanitizer_report()
        super().tearDownClass()
        assert not report, report

    def post_to_both(self, bodies):
        """Each body at each of them, all at once."""
        self.post_at_once([(w, b) for b in bodies for w in self.both])

    def post_at_once(self, posts):
        answers = at_once([lambda w=w, b=b: w.hook('dordrecht-whatsapp', b).status for w, b in posts])
        self.assertEqual({200}, set(answers))

    def test_the_same_message_at_both(self):
        for i in range(15):
            wa = new_number()
            self.post_to_both([envelope([message(f'Ronde {i}', wa)])] * 3)
            self.assertEqual((1, 1, 1), self.world.psql("""select count(*), count(distinct party), count(distinct case_id)
                from loket.contact where party in (select party from loket.address where value = %s)""", ['+' + wa])[0])

    def test_somebody_new_at_both(self):
        """Different messages of one new sender: one party and one case, whoever is first."""
        for i in range(15):
            wa = new_number()
            self.post_to_both([envelope([message(f'Ronde {i}', wa)]), envelope([message(f'Nog een {i}', wa)])])
            self.assertEqual((2, 1, 1), self.world.psql("""select count(*), count(distinct party), count(distinct case_id)
                from loket.contact where party in (select party from loket.address where value = %s)""", ['+' + wa])[0])

    def test_somebody_known_at_both(self):
        """Who is known and has no case that goes on gets one new case, not one at each."""
        for _ in range(4):
            people = [new_number() for _ in range(100)]
            self.post(envelope([message('Lang geleden', wa) for wa in people]))
            self.world.psql("""update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() - interval '30 days'
                where party in (select party from loket.address where value = any(%s))""", [['+' + wa for wa in people]])
            bodies = [envelope([message(text, wa) for wa in people]) for text in ('Opnieuw', 'En nog iets')]
            self.post_at_once(list(zip(self.both, bodies)))
            rows = self.world.psql("""select count(*), count(distinct c.case_id) from loket.contact c
                join loket.address a on a.party = c.party where a.value = any(%s) group by a.value""",
                                   [['+' + wa for wa in people]])
            self.assertEqual({(3, 2)}, set(rows))

    def test_a_retry_reached_the_other(self):
        body = envelope([message('Een keer', self.wa)])
        for w in self.both * 2:
            self.assertEqual(200, w.hook('dordrecht-whatsapp', body).status)
        self.assertEqual(1, self.count('contact', 'party = (select party from loket.address where value = %s)', ['+' + self.wa]))


if __name__ == '__main__':
    unittest.main(verbosity=2)
