#!/usr/bin/env python3
"""PROPERTY: whatever an exchange tells of some hundred calls, in any order, doubled and with losses, while agents come and go:
every call ends in exactly one way, none stays open, and nobody is left without a person or a promise with a time."""
import concurrent.futures
import datetime
import json
import pathlib
import random
import sys
import threading
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402
from test_menus import MENU  # noqa: E402

INBOXES = ('dordrecht-phone', 'zwijndrecht-phone')     # without and with a menu
CONFIG = 'calls { call_silent_minutes = 1 }\ndispatch { sweep_seconds = 1\noffer_seconds = 3 }'

# each finds calls of which something is wrong
WRONG = {
    'a call without an end': "select w.id from loket.call w where w.state <> 'ended'",
    'an outcome that is not that of its events': '''select w.id from loket.call w, lateral (select
          bool_or(e.kind = 'answered') as answered, bool_or(e.kind = 'calledBack') as back, bool_or(e.kind = 'promised') as promised
          from loket.call_event e where e.call = w.id) e
        where w.outcome <> case when e.answered then 'answered' when e.back then 'calledBack' when e.promised then 'promised'
                                else 'abandoned' end''',
    'asked for help, left, and nobody calls': '''select w.id from loket.call w join loket.contact c on c.id = w.id
        where w.outcome = 'abandoned' and c.addresses::text like '%"phone"%'
          and exists (select from loket.call_event e where e.call = w.id and e.key = '0')
          and not exists (select from loket.offer o where o.case_id = w.case_id and o.state = 'accepted')''',
    'a promise without a time': '''select w.id from loket.call w where w.outcome = 'promised' and not exists (
        select from loket.callback b where b.case_id = w.case_id and b.promised_at is not null)''',
    'a promise that nobody will keep': '''select b.id from loket.callback b join loket.case_file k on k.id = b.case_id
        where b.state = 'open' and k.state = 'closed' ''',
    'a case that waits for nothing': '''select k.id from loket.case_file k where k.state = 'scheduled'
        and not exists (select from loket.callback b where b.case_id = k.id and b.state = 'open')''',
    'a case of somebody who left': '''select k.id from loket.case_file k where k.state in ('queued', 'offered')
        and not exists (select from loket.callback b where b.case_id = k.id and b.state = 'open')
        and not exists (select from loket.call w where w.case_id = k.id and w.outcome <> 'abandoned')
        and not exists (select from loket.offer o where o.case_id = k.id and o.state = 'accepted')''',
}


def story(rng):
    """Of one call: what is told of it, in the order in which it is posted."""
    now = datetime.datetime.now(datetime.timezone.utc)
    told = [('ringing', {})] + [('key', {'key': rng.choice('0012#')}) for _ in range(rng.randrange(3))]
    told += [('queued', {})] * rng.randrange(2) + [('ask', {})]
    if rng.random() < 0.3:
        told += [('answered', {'agent': '201'}), ('held', {}), ('resumed', {})]
    told.append(('ended', {}))
    told = [(event, more | {'id': uuid.uuid4().hex, 'at': (now - datetime.timedelta(seconds=30 - i)).isoformat()})
            for i, (event, more) in enumerate(told)]
    told = [t for t in told for _ in range(1 + (rng.random() < 0.2)) if rng.random() > 0.15] or [('ringing', {'id': '1'})]
    if rng.random() < 0.3:
        rng.shuffle(told)
    return told


class Play:
    def __init__(self, w, seed, n_calls):
        self.w, self.rng, self.n_calls, self.over = w, random.Random(seed), n_calls, threading.Event()
        w.psql("update loket.agent set extension = '2' || right(id::text, 2)")
        w.psql("update loket.inbox set settings = settings || %s where id = %s", [json.dumps({'menu': MENU}), INBOXES[1]])
        wait_until(self.has_menu, what='the menu')

    def post(self, inbox, body):
        raw = json.dumps(body).encode()
        answer = self.w.hook(inbox, raw, secret='', headers={'X-Loket-Signature': own_signature(self.w.secrets[inbox], raw)})
        assert answer.status == 200, answer
        return answer.json

    def has_menu(self):
        call = uuid.uuid4().hex
        do = self.post(INBOXES[1], {'call': call, 'event': 'ringing'})['do']
        self.post(INBOXES[1], {'call': call, 'event': 'ended'})
        return do == 'menu'

    def call(self, number, inbox, seed):
        rng, name = random.Random(seed), uuid.uuid4().hex
        for event, more in story(rng):
            self.post(inbox, {'call': name, 'event': event, 'from': number, **more})

    def desk(self):
        """Agents who take what they are asked, or not, and finish it, or let it lie."""
        rng, names = random.Random(1), ('anna', 'carla')
        while not self.over.wait(0.1):
            name = rng.choice(names)
            self.w.api('PUT', '/v1/me/presence', name, {'state': rng.choice(['ready', 'ready', 'ready', 'away', 'offline'])})
            me = self.w.api('GET', '/v1/me', name).json
            for offer in me['offers']:
                self.w.api('POST', f"/v1/offers/{offer['id']}/{rng.choice(['accept', 'accept', 'decline'])}", name, {})
            for case, epoch in self.w.psql("select k.id, k.epoch from loket.case_file k join loket.agent a on a.id = k.owner "
                                           'where lower(a.name) = %s', [name]):
                if rng.random() < 0.5:
                    self.w.api('POST', f'/v1/cases/{case}/resolve', name, {'outcome': 'solved', 'epoch': epoch,
                                                                            'help': {'outcome': 'learnedIt'}})
            self.w.psql('delete from loket.wrapup')

    def run(self):
        """What is wrong in the end."""
        rng = self.rng
        numbers = [f'+316{rng.randrange(10 ** 8):08d}' for _ in range(self.n_calls * 3 // 4)] + ['anonymous'] * (self.n_calls // 8)
        with concurrent.futures.ThreadPoolExecutor(7) as pool:
            desk = pool.submit(self.desk)
            try:
                for done in [pool.submit(self.call, rng.choice(numbers), rng.choice(INBOXES), rng.random())
                             for _ in range(self.n_calls)]:
                    done.result()
                self.w.psql("update loket.call set seen_at = now() - interval '2 minutes' where state <> 'ended'")
                wait_until(lambda: not self.w.psql(WRONG['a call without an end']), 60, 'the last calls to end')
            finally:
                self.over.set()
            desk.result()
        self.settled()
        ledger = self.w.api('GET', '/v1/ledger', 'lead').json
        found = [f'the ledger does not balance: {ledger}'] * (not ledger['balanced'])
        return found + [f'{what}: {n}' for what, n in ((what, len(self.w.psql(sql))) for what, sql in WRONG.items()) if n]

    def settled(self):
        """Every event is counted."""
        wait_until(lambda: not self.w.psql(
            'select from loket.contact c left join loket.call w on w.id = c.id where c.kind = %s and '
            '(select count(*) from loket.call_event e where e.call = c.id) > coalesce(w.n_events, 0)', ['call']), 30, 'the sweep')


class Property(world.LoketTest):
    config = CONFIG
    record = False

    def test_every_call_ends_well(self):
        seed = random.randrange(10 ** 6)
        self.assertEqual(Play(self.world, seed, 250).run(), [], f'seed {seed}')
        outcomes = dict(self.world.psql('select outcome, count(*) from loket.call group by 1'))
        self.assertEqual(sum(outcomes.values()), self.world.value("select count(*) from loket.contact where kind = 'call'"))
        self.assertLessEqual({'answered', 'abandoned', 'promised'}, set(outcomes), outcomes)


if __name__ == '__main__':
    unittest.main(verbosity=2)
