#!/usr/bin/env python3
"""Two loketd on one PostgreSQL and Redis, where a proxy sends anything to either: each message is one contact however often
and in whatever order it comes, what one person sends is one conversation, and what is told of our answers ends the same."""
import collections
import datetime
import json
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from instance import another_instance, as_bytes, deliver  # noqa: E402
from servers import wait_until  # noqa: E402

MESSAGES = int(os.environ.get('LOKET_INSTANCES_MESSAGES', '2000'))
DELIVERIES = 5
LINES, PICTURES = 5, 3              # of one person: quick lines one second after the other, then an album
MANY = [f'{m}-whatsapp' for m in world.MUNICIPALITIES] + ['dordrecht-messenger', 'dordrecht-instagram', 'dordrecht-sms']
NOW = int(time.time()) - 600
chance = random.Random(20261122)


def item(channel, person, n, at=None):
    """The n-th message of a person: a line, or after LINES a picture of an album (all of one second)."""
    at = at or NOW + min(n, LINES)
    text = f'Regel {n} van {person}'
    if channel == 'whatsapp':
        said = {'type': 'image', 'image': {'id': f'{person}{n}', 'mime_type': 'image/jpeg', 'sha256': 'x', 'caption': text}} \
            if n >= LINES else {'type': 'text', 'text': {'body': text}}
        return {'from': person, 'id': f'wamid.{person}.{n}', 'timestamp': str(at)} | said
    if channel in ('messenger', 'instagram'):
        return {'sender': {'id': person}, 'recipient': {'id': 'x'}, 'timestamp': at * 1000,
                'message': {'mid': f'm_{person}_{n}', 'text': text}}
    if channel == 'telegram':
        who = {'id': int(person), 'is_bot': False, 'first_name': 'Sanne'}
        return {'message_id': int(person) * 10 + n, 'from': who, 'chat': {'id': int(person), 'type': 'private'}, 'date': at,
                'text': text}
    return {'MessageSid': f'SM{person:0>30}{n:02d}', 'From': '+' + person, 'Body': text}


class Instances(world.LoketTest):
    config = 'log_level = "info"'
    record = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.beside = another_instance(cls.world)
        cls.both = [cls.world, cls.beside.__enter__()]

    @classmethod
    def tearDownClass(cls):
        try:
            cls.beside.__exit__(None, None, None)
        finally:
            super().tearDownClass()

    def tearDown(self):
        for instance in self.both:
            ledger = instance.api('GET', '/v1/ledger', 'lead').json
            self.assertTrue(ledger['balanced'], ledger)

    def request(self, inbox, items):
        """One signed post with these items; a provider that knows only one a post is given one."""
        known = world.ACCOUNTS[inbox]
        provider, account = self.world.standin.providers[known['provider']], known['account']
        if provider.name == 'whatsapp':
            return as_bytes(*provider.webhook(account, {
                'contacts': [{'profile': {'name': 'Sanne'}, 'wa_id': w} for w in sorted({i['from'] for i in items})], 'messages': items}))
        if provider.name in ('messenger', 'instagram'):
            return as_bytes(*provider.webhook(account, {'messaging': [i | {'recipient': {'id': account}} for i in items]}))
        if provider.name == 'telegram':
            return as_bytes(f'{self.world.url}/v1/hooks/{inbox}', json.dumps({'update_id': items[0]['message_id'], 'message': items[0]}).encode(),
                            {'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': self.world.secrets[inbox]})
        return as_bytes(*provider.webhook(account, **items[0]))

    def contacts(self, people):
        """{person: [(contact id, case, party, providerTime, receivedAt, text)]}, by what their texts say."""
        found = collections.defaultdict(list)
        for *row, text in self.world.psql("""select id::text, case_id::text, party::text, provider_time, received_at, text from loket.contact
                where direction = 'in' and split_part(text, ' van ', 2) = any(%s)""", [people]):
            found[text.split(' van ')[1]].append((*row, text))
        return found

    def waiting(self):
        return sorted(self.world.psql("select id::text from loket.case_file where state in ('queued', 'offered')"))


class Messages(Instances):
    def test_each_five_times_at_both(self):
        """Many people with a burst and an album each; every post comes five times, in any order, at either instance."""
        one = LINES + PICTURES
        people = {str(31640000000 + i): MANY[i % len(MANY)] for i in range(MESSAGES // one)}
        everything = collections.defaultdict(list)
        for person, inbox in people.items():
            everything[inbox] += [item(inbox.rsplit('-', 1)[1], person, n) for n in range(one)]
        posts = []
        for inbox, items in everything.items():
            most = 1 if inbox == 'dordrecht-sms' else 8
            for _ in range(DELIVERIES):             # each time in another order, in other company
                chance.shuffle(items)
                left = list(items)
                while left:
                    n = chance.randint(1, most)
                    posts.append(self.request(inbox, left[:n]))
                    del left[:n]
        chance.shuffle(posts)
        began = time.monotonic()
        statuses = deliver(posts, self.both)
        took = time.monotonic() - began
        print(f'{len(people) * one} messages {DELIVERIES} times in {len(posts)} posts: {took:.1f} s', end=' ', flush=True)
        self.assertEqual(collections.Counter(statuses), {200: len(posts)})

        self.assertEqual(self.world.value("select count(*) from loket.contact where direction = 'in'"), len(people) * one)
        found = self.contacts(list(people))
        self.assertEqual(set(found), set(people))
        for person, rows in found.items():
            self.assertEqual(sorted(r[5] for r in rows), [f'Regel {n} van {person}' for n in range(one)])
            self.assertEqual({len({r[i] for r in rows}) for i in (1, 2)}, {1}, (person, rows))     # one case, one party
        self.assertEqual(self.world.value('select count(*) from loket.case_file'), len(people))
        self.assertEqual(self.world.value('select count(*) from loket.party'), len(people))
        self.in_order(people, found)
        self.in_the_queue({rows[0][1] for rows in found.values()})

    def in_order(self, people, found):
        """Provider time first, then arrival: what an agent sees of each conversation."""
        for person, inbox in chance.sample(sorted(people.items()), min(len(people), 250)):
            case = self.both[chance.randrange(2)].api('GET', f'/v1/cases/{found[person][0][1]}', 'lead').json
            shown = [c['id'] for c in case['contacts']]
            self.assertEqual(shown, [r[0] for r in sorted(found[person], key=lambda r: (r[3] or r[4], r[4], r[0]))])
            if inbox != 'dordrecht-sms':            # its provider tells no time
                self.assertEqual([c['text'] for c in case['contacts']][:LINES], [f'Regel {n} van {person}' for n in range(LINES)])

    def in_the_queue(self, cases):
        """Each case that waits, once: in Redis, and page by page."""
        self.assertEqual([row[0] for row in self.waiting()], sorted(cases))
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') >= len(cases), 10, 'the queue in Redis')
        self.assertEqual(sorted(m.decode() if isinstance(m, bytes) else m for m in self.world.redis('ZRANGE', 'loket:queue', 0, -1)),
                         sorted(cases))
        self.assertEqual(self.world.redis('HLEN', 'loket:queue:item'), len(cases))
        seen, cursor = [], ''
        while cursor is not None:
            page = self.both[len(seen) % 2].api('GET', '/v1/queue?limit=100' + cursor, 'lead').json
            self.assertEqual(page['waiting'], len(cases))
            seen += [i['id'] for i in page['items']]
            cursor = page['next'] and '&cursor=' + page['next']
        self.assertEqual(sorted(seen), sorted(cases))


class Bursts(Instances):
    PEOPLE = 15

    def test_somebody_new_at_both_at_once(self):
        """Five lines and an album from a new person, each in a post of its own, all at the same moment: one party, one case."""
        channels = [c for c in ('whatsapp', 'messenger', 'instagram', 'sms', 'telegram') if f'dordrecht-{c}' in world.ACCOUNTS]
        for k, channel in enumerate(channels):
            with self.subTest(channel):
                people = [str(31650000000 + 1000 * k + i) for i in range(self.PEOPLE)]
                for person in people:
                    posts = [self.request(f'dordrecht-{channel}', [item(channel, person, n)]) for n in range(LINES + PICTURES)]
                    chance.shuffle(posts)
                    self.assertEqual(deliver(posts, self.both, connections=4), [200] * len(posts))
                found = self.contacts(people)
                self.assertEqual({p: (len(found[p]), len({r[1] for r in found[p]}), len({r[2] for r in found[p]})) for p in people},
                                 dict.fromkeys(people, (LINES + PICTURES, 1, 1)))


class Statuses(Instances):
    """Answers that were really sent; then what the provider tells of them, shuffled, doubled, cut into posts, at both."""
    ENDS = (('sent', 'delivered', 'read'), 'read'), (('sent', 'delivered'), 'delivered'), (('sent', 'failed'), 'failed'), (('read',), 'read')

    def answers(self, inbox, n):
        """The ids the provider gave to n answers of ours."""
        before = len(self.world.standin.received)
        self.world.standin.faults += ['silent'] * n
        anna = self.world.agent('anna')
        anna.ready()
        deliver([self.request(inbox, [item('whatsapp', '31660000001', 0, int(time.time()))])], self.both)
        taken = anna.accept(anna.next_offer())
        for i in range(n):
            anna.reply(taken, f'Antwoord {i}')
        wait_until(lambda: len(self.world.standin.received) == before + n, 30, 'the answers to be sent')
        wait_until(lambda: not self.world.value("select count(*) from loket.contact where direction = 'out' and delivery <> 'sent'"),
                   20, 'the answers to be known as sent')
        return [r['id'] for r in self.world.standin.received[before:]]

    def test_shuffled(self):
        ids = self.answers('dordrecht-whatsapp', 40)
        self.assertEqual(len(set(ids)), 40)
        ends, reports = {}, []
        for i, made in enumerate(ids):
            said, ends[made] = self.ENDS[i % len(self.ENDS)]
            reports += [{'id': made, 'status': s, 'timestamp': str(NOW + 1000), 'recipient_id': '31660000001'}
                        | ({'errors': [{'code': 131026, 'title': 'Undeliverable'}]} if s == 'failed' else {})
                        for s in said * 3]
        chance.shuffle(reports)
        known, provider = world.ACCOUNTS['dordrecht-whatsapp'], self.world.standin.providers['whatsapp']
        posts = []
        while reports:
            n = chance.randint(1, 6)
            posts.append(as_bytes(*provider.webhook(known['account'], {'statuses': reports[:n]})))
            del reports[:n]
        self.assertEqual(deliver(posts, self.both), [200] * len(posts))
        self.assertEqual(dict(self.world.psql('select provider_id, delivery from loket.contact where provider_id = any(%s)', [ids])), ends)
        # nobody is told a state twice, nor a step back
        told = collections.defaultdict(list)
        for made, state in self.world.psql("""select c.provider_id, n.payload #>> '{contact,delivery}' from loket.notice n
                join loket.contact c on c.id::text = n.payload #>> '{contact,id}'
                where n.kind = 'delivery.changed' and c.provider_id = any(%s) order by n.id""", [ids]):
            told[made].append(state)
        order = ['queued', 'sending', 'sent', 'delivered', 'read', 'failed']
        for made, states in told.items():
            self.assertEqual(states, sorted(set(states), key=order.index), made)
            self.assertEqual(states[-1], ends[made])


class Streams(Instances):
    SAID = 200

    def test_how_soon_the_other_one_tells(self):
        """A lead listens at one instance, what comes in comes in at the other: all of it is told, once, and soon."""
        stream = self.both[1].events('lead')
        for n in range(self.SAID):
            self.assertEqual(self.both[0].hook('dordrecht-whatsapp', world.whatsapp_body('Hoor je dit?', wa_id=f'31670000{n:03d}')).status, 200)
        told = lambda: [(e, at) for e, at in zip(stream.all, stream.times) if e[0] == 'contact.received']     # noqa: E731
        wait_until(lambda: len(told()) >= self.SAID, 20, 'all to be told')
        self.assertEqual(len({number for (_, number, _), _ in told()}), self.SAID)
        late = sorted(at - datetime.datetime.fromisoformat(data['at']).timestamp() for (_, _, data), at in told())
        print(f'told after {late[self.SAID // 2] * 1000:.0f} ms (p50), {late[self.SAID * 99 // 100] * 1000:.0f} ms (p99)', end=' ', flush=True)


if __name__ == '__main__':
    world.main()
