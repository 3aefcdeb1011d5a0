#!/usr/bin/env python3
"""PROPERTY: whatever citizens, agents, crashes and time do, in any order: each contact that was acknowledged is in one case,
each case in one state, nobody has what another has, epochs only grow, and in the end nothing is stuck.

Hypothesis makes the sequences; the model is a few dicts, and PostgreSQL is asked after each step. Offers come when they come,
so a step takes what is there. LOKET_PROPERTY=SEQUENCES for the long form, of 50 steps each and others every time.
"""
import collections
import datetime
import itertools
import os
import pathlib
import sys
import time

import psycopg2
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from servers import wait_until, within  # noqa: E402

SEQUENCES, STEPS = int(os.environ.get('LOKET_PROPERTY', '18')), 50 if 'LOKET_PROPERTY' in os.environ else 30     # the first ten are short
KILLS = 1                               # in a sequence: it takes as long as thirty other steps
CREW = ['bram', 'daan', 'eva']          # each may take what is asked here
MIX = {'send': 3, 'come_or_go': 2, 'look': 5, 'write': 5, 'happen': 2}
numbers = itertools.count(31680000001)
keys = itertools.count()
done = collections.Counter()            # (what, how it was answered)

# each finds cases of which something is wrong; all of them, or those of the sequence
WRONG = {
    'in no state, or in two': """select k.id from loket.case_file k left join lateral (select count(*) filter (where o.state = 'made') as made,
          count(*) filter (where o.state = 'made' and o.epoch = k.epoch) as mine,
          count(*) filter (where o.state = 'accepted' and o.epoch = k.epoch and o.agent = k.owner) as accepted
        from loket.offer o where o.case_id = k.id) o on true
      where k.id = any (%(cases)s::uuid[]) and (case k.state
        when 'queued' then k.owner is null and o.made = 0
        when 'offered' then k.owner is null and o.made = 1 and o.mine = 1
        when 'assigned' then k.owner is not null and o.made = 0 and o.accepted = 1
        when 'closed' then k.owner is null and o.made = 0 and k.closed_at is not null and k.outcome is not null
        else false end) is not true""",
    'an epoch given twice': """select case_id from loket.offer where case_id = any (%(cases)s::uuid[])
        group by case_id, epoch having count(*) > 1""",
    'somebody who is asked two things': "select agent from loket.offer where state = 'made' group by 1 having count(*) > 1",
    'somebody with more than there is room for': """select a.id from loket.agent a where room_total <
        (select count(*) from loket.offer o where o.agent = a.id and o.state = 'made')
        + (select count(*) from loket.case_file c where c.owner = a.id)""",
}


class Machine(RuleBasedStateMachine):
    def __init__(self, w):
        super().__init__()
        self.w = w
        self.db = psycopg2.connect(w.servers.conninfo(w.database, 'loket'))
        self.db.autocommit = True
        self.people = [str(next(numbers)) for _ in range(4)]
        self.posts = []                 # bodies that were acknowledged
        self.acknowledged = set()       # provider ids in them
        self.epochs = {}                # case: the highest that was seen
        self.given = {}                 # (case, epoch): who was told to have it
        self.offers = []                # (who, offer) that somebody saw
        self.n_kills = 0

    def ask(self, sql, params=None):
        """Rows: on one connection, because it is asked much."""
        with self.db.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    def api(self, *call, want):
        answer = self.w.api(*call)
        assert answer.status in want, (call, answer)
        done[call[1].rsplit('/', 1)[1], answer.status] += 1
        return answer

    # ---- one rule, because Hypothesis leaves some out of each sequence

    @initialize()
    def begin(self):
        for who in CREW:
            self.presence(who, 'ready')
        for person in range(len(self.people)):
            self.say(person, [0])

    @rule(what=st.sampled_from([name for name, n in MIX.items() for _ in range(n)]), data=st.data())
    def step(self, what, data):
        getattr(self, what)(data.draw)

    def post(self, body):
        answer = self.w.hook('dordrecht-whatsapp', body)
        assert answer.status == 200, answer

    def send(self, draw):
        self.say(draw(st.integers(0, 3)), draw(st.lists(st.integers(0, 300), min_size=1, max_size=3)))

    def say(self, person, ages):
        """Some messages, each in a post of its own, in any order; and an old one again."""
        for age in ages:
            key = f'wamid.property{next(keys)}'
            self.posts.append(world.whatsapp_body('Een vraag', wa_id=self.people[person], message_id=key,
                                                  timestamp=int(time.time()) - age))
            self.post(self.posts[-1])
            self.acknowledged.add(key)
        self.post(self.posts[sum(ages) % len(self.posts)])

    def presence(self, who, state):
        self.api('PUT', '/v1/me/presence', who, {'state': state}, want=[200])

    def come_or_go(self, draw):
        self.presence(draw(st.sampled_from(CREW)), draw(st.sampled_from(['ready', 'ready', 'away', 'offline'])))

    def answer(self, who, offer, how):
        """Nobody is told to have what somebody else had in this epoch, or what went on since."""
        said = self.api('POST', f'/v1/offers/{offer}/{how}', who, {}, want=[200, 409])
        if said.status != 200 or how == 'decline':
            return
        case, epoch = said.json['case']['id'], said.json['epoch']
        assert self.given.setdefault((case, epoch), who) == who, ('given twice', case, epoch, who, self.given)
        assert epoch >= self.epochs.get(case, 0), ('an epoch that is over was given', case, epoch)

    def has_offered(self):
        """No more comes: each that waits was offered, or nobody is free."""
        return not self.ask("select from loket.case_file where state = 'queued'") or not self.ask("""select from loket.presence p
            where state = 'ready' and not exists (select from loket.offer o where o.agent = p.agent and o.state = 'made')""")

    def look(self, draw):
        """Whoever is asked something answers; so does one, to offers that may be over, taken or somebody else's."""
        how = draw(st.sampled_from(['accept', 'accept', 'accept', 'decline', 'ignore']))
        late, other = draw(st.integers(0, 4)), draw(st.sampled_from(CREW))
        within(0.5, self.has_offered)
        for who in CREW:
            for o in self.w.api('GET', '/v1/me', who).json['offers']:
                self.offers.append((who, o['id']))
                if how != 'ignore':
                    self.answer(who, o['id'], how)
        for who, offer in self.offers[-late:] if late else []:
            if who == other:
                self.answer(who, offer, 'decline' if how == 'decline' else 'accept')
            else:
                self.api('POST', f'/v1/offers/{offer}/accept', other, {}, want=[404])

    def write(self, draw):
        """By one of the last who were told to have a case: it works just when that is still so."""
        if not self.given:
            return
        back, to = draw(st.integers(1, 4)), draw(st.sampled_from([*CREW, 'parkeervergunning']))
        what = draw(st.sampled_from(['resolve', 'resolve', 'too late', 'transfer', 'reopen']))
        (case, epoch), who = list(self.given.items())[-min(back, len(self.given))]
        body = {'epoch': epoch - (what == 'too late')}
        if what == 'reopen':
            self.api('POST', f'/v1/cases/{case}/reopen', 'lead', {}, want=[200, 409])
            return
        if what == 'transfer':
            body |= {'to': {'agent': self.w.ids[to]} if to in CREW else {'product': to}, 'note': 'Weet er meer van'}
        else:
            body |= {'outcome': 'solved'}
        answer = self.api('POST', f"/v1/cases/{case}/{'transfer' if what == 'transfer' else 'resolve'}", who, body,
                          want=[200, 403, 404, 409, 422])
        now, = self.ask('select epoch, state, owner is not null from loket.case_file where id = %s', [case])
        if answer.status == 200:
            assert what != 'too late' and self.epochs.get(case, 0) <= epoch, ('an older epoch wrote', case, epoch, now)
        elif answer.status != 422:
            assert what == 'too late' or now != (epoch, 'assigned', True), ('refused who has it', case, answer)

    def happen(self, draw):
        """4 s: offers end; 15 s: agents are lost; 400 s: declines are forgotten, and agents who are away."""
        what = draw(st.sampled_from(['FLUSHALL', 'kill', 4, 4, 15, 400]))
        if what == 'FLUSHALL':
            self.w.redis('FLUSHALL')
        elif what != 'kill':
            self.w.pass_time(what)
        elif self.n_kills < KILLS:
            self.n_kills += 1
            self.w.kill9()
            self.w.start()

    # ---- what holds after each step

    def cases(self):
        return [c for (c,) in self.ask('select distinct case_id::text from loket.contact where provider_id = any (%s)',
                                       [list(self.acknowledged)])]

    @invariant()
    def all_is_well(self):
        stored = dict(self.ask('select provider_id, count(*) from loket.contact where provider_id = any (%s) '
                               'and case_id is not null group by 1', [list(self.acknowledged)]))
        assert stored == dict.fromkeys(self.acknowledged, 1), ('lost, doubled, or in no case', stored)
        cases = self.cases()
        for what, sql in WRONG.items():
            found = self.ask(sql, {'cases': cases})
            assert not found, (what, found)
        for case, epoch in self.ask('select id::text, epoch from loket.case_file where id = any (%s::uuid[])', [cases]):
            assert epoch >= self.epochs.get(case, 0), ('an epoch went back', case, epoch)
            self.epochs[case] = epoch
        ledger = self.w.api('GET', '/v1/ledger', 'lead').json
        assert ledger['balanced'], ledger

    def serve(self):
        """Everybody is there and takes what comes. True when nothing is left."""
        for who in CREW:
            me = self.w.api('GET', '/v1/me', who).json
            if me.get('presence', {}).get('state') != 'ready':
                self.presence(who, 'ready')
            for case in me['cases']:
                self.w.api('POST', f"/v1/cases/{case['id']}/resolve", who, {'outcome': 'solved', 'epoch': case['epoch']})
            for o in me['offers']:
                self.answer(who, o['id'], 'accept')
        return not self.ask("select from loket.case_file where state <> 'closed'")

    def teardown(self):
        wait_until(self.serve, 30, 'all to be served')
        self.all_is_well()
        wait_until(lambda: faults.queue_is_whole(self.w), 20, 'the queue in Redis')
        for who in CREW:
            self.presence(who, 'offline')
        self.db.close()


class Property(world.LoketTest):
    config = 'log_level = "info"\ndispatch { sweep_seconds = 1 offer_seconds = 3 presence_seconds = 10 }'
    record = False

    @classmethod
    def make_world(cls):
        w = super().make_world()
        w.set_clock(datetime.datetime.now(datetime.timezone.utc))
        w.ids = dict(w.psql('select lower(name), id::text from loket.agent'))
        return w

    def test_any_order(self):
        long = 'LOKET_PROPERTY' in os.environ
        run_state_machine_as_test(lambda: Machine(self.world), settings=settings(
            max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None, database=None, derandomize=not long, print_blob=long,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck)))
        print(dict(done), end=' ', flush=True)
        for what in ('accept', 'resolve'):
            self.assertTrue(done[what, 200] and done[what, 409], what)


if __name__ == '__main__':
    world.main()
