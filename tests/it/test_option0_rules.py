#!/usr/bin/env python3
"""Option 0 while everybody does something at once: nobody without the coach role has it, nothing is said there by itself, and
it never ends without a human or a promise with a time."""
import concurrent.futures
import itertools
import json
import pathlib
import random
import sys
import time
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

WORKERS = ['anna', 'bram', 'carla', 'daan']      # Carla is the coach
people = itertools.count(31624000001)

# what must hold in every state that PostgreSQL shows; each a query that finds what does not
ALWAYS = {
    'somebody who is no coach has it': '''select c.id::text from loket.case_file c join loket.agent g on g.id = c.owner
        where c.option0 and g.role <> 'coach' and c.state = 'assigned' ''',
    'somebody who is no coach is asked': '''select c.id::text from loket.case_file c join loket.offer o on o.case_id = c.id and
        o.state = 'made' and o.epoch = c.epoch join loket.agent g on g.id = o.agent
        where c.option0 and c.state = 'offered' and g.role <> 'coach' ''',
    'it ends without a human or a promise': '''select c.id::text from loket.case_file c where c.option0 and c.state = 'scheduled'
        and not exists (select from loket.callback k where k.case_id = c.id and k.state = 'open')''',
    'a menu was said': '''select a.case_id::text from loket.automatic a where a.kind = 'menu' and a.state = 'said' ''',
}


class Play:
    """Citizens and agents who do things in random order, several at a time."""

    def __init__(self, w, seed):
        self.w, self.seed, self.found, self.done = w, seed, set(), {}
        self.people = [str(next(people)) for _ in range(10)]
        self.names = {str(i): n.lower() for i, n in w.psql('select id, name from loket.agent')}
        self.agents = [w.agent(n) for n in WORKERS]

    def name(self, agent):
        return next((n for n in WORKERS if self.names[str(agent)].startswith(n)), None)

    def some(self, rng, sql):
        rows = self.w.psql(sql)
        return rng.choice(rows) if rows else None

    def api(self, what, *call):
        answer = self.w.api(*call)
        self.done[what, answer.status < 300] = self.done.get((what, answer.status < 300), 0) + 1
        if answer.status >= 500:
            self.found.add(f'{what}: {answer}')

    def say(self, rng):
        text = rng.choice(['Waar vraag ik een parkeervergunning aan?', 'Nog iets', '0', '0', '1', '2', 'Ik wil een mens'])
        self.w.hook_whatsapp(text, wa_id=rng.choice(self.people))

    def answer_offer(self, rng):
        offer = self.some(rng, "select id::text, agent from loket.offer where state = 'made'")
        if offer and self.name(offer[1]):
            how = rng.choice(['accept', 'accept', 'decline'])
            self.api(how, 'POST', f'/v1/offers/{offer[0]}/{how}', self.name(offer[1]), {})

    def held(self, rng):
        case = self.some(rng, "select id::text, epoch, owner, option0 from loket.case_file where state = 'assigned'")
        return case if case and self.name(case[2]) else None

    def transfer(self, rng):
        case = self.held(rng)
        if case:
            to = rng.choice([{'agent': rng.choice(list(self.names))}, {'product': 'rijbewijs'}])
            self.api('transfer', 'POST', f'/v1/cases/{case[0]}/transfer', rng.choice([self.name(case[2]), 'lead']),
                     {'to': to, 'note': 'verder', 'epoch': case[1]})

    def resolve(self, rng):
        case = self.held(rng)
        if case:
            self.api('resolve', 'POST', f'/v1/cases/{case[0]}/resolve', self.name(case[2]),
                     {'outcome': 'solved', 'epoch': case[1]} | ({'help': {'outcome': 'learnedIt'}} if case[3] else {}))

    def tick(self, rng):
        case = self.some(rng, "select id::text, epoch, owner from loket.case_file where state <> 'closed' and not option0")
        if case:
            self.api('tick', 'PATCH', f'/v1/cases/{case[0]}', case[2] and self.name(case[2]) or 'lead',
                     {'option0': True, 'epoch': case[1]})

    def reopen(self, rng):
        case = self.some(rng, "select id::text from loket.case_file where state = 'closed'")
        if case:
            self.api('reopen', 'POST', f'/v1/cases/{case[0]}/reopen', 'lead', {})

    def menu(self, rng):
        """A bot has something to say where somebody asked for a person."""
        case = self.some(rng, "select id::text from loket.case_file where option0 and state <> 'closed'")
        if case:
            self.w.psql("insert into loket.automatic (id, municipality, case_id, kind, n, payload, at) values "
                        "(%s, 'dordrecht', %s, 'menu', %s, %s, now())",
                        [str(uuid.uuid4()), case[0], rng.randrange(1 << 30), json.dumps({'text': 'Kies 1 of 2'})])

    def one(self, number, steps):
        rng = random.Random(f'{self.seed} {number}')
        acts = [self.say] * 4 + [self.answer_offer] * 4 + [self.transfer, self.resolve, self.tick, self.reopen, self.menu]
        for _ in range(steps):
            rng.choice(acts)(rng)

    def look(self):
        for what, sql in ALWAYS.items():
            if self.w.psql(sql):
                self.found.add(what)

    def run(self, threads=3, steps=60):
        """What was found to be wrong: a sorted list."""
        for a in self.agents:
            a.ready()
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            running = [pool.submit(self.one, i, steps) for i in range(threads)]
            while not all(one.done() for one in running):
                self.look()
                time.sleep(0.05)
        for one in running:
            one.result()
        wait_until(lambda: not self.w.value("select count(*) from loket.automatic where state = 'queued'"), 30, 'what is said')
        self.look()
        for a in self.agents:
            a.offline()
            a.events.close()
        return sorted(self.found)


class Rules(world.LoketTest):
    config = 'dispatch { sweep_seconds = 1 offer_seconds = 3 }'

    def test_everybody_at_once(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                play = Play(self.world, seed)
                self.assertEqual(play.run(), [])
                for what in ('accept', 'transfer', 'resolve', 'tick'):
                    self.assertTrue(play.done.get((what, True)), (what, play.done))
        ledger = self.world.api('GET', '/v1/ledger', 'lead').json
        self.assertTrue(ledger['balanced'], ledger)


if __name__ == '__main__':
    unittest.main(verbosity=2)
