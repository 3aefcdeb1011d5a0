#!/usr/bin/env python3
"""PROPERTY: whatever citizens, agents, crashes and time do, in any order: each contact that was acknowledged is in one case,
each case in one state, nobody has what another has, epochs only grow, and in the end nothing is stuck.

Hypothesis makes the sequences; the model is a few dicts, and PostgreSQL is asked after each step. Offers come when they come,
so a step takes what is there. LOKET_PROPERTY=SEQUENCES for the long form, of 50 steps each and others every time.
"""
import datetime
import itertools
import os
import pathlib
import sys
import time

from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from servers import wait_until  # noqa: E402

SEQUENCES, STEPS = int(os.environ.get('LOKET_PROPERTY', '6')), 50 if 'LOKET_PROPERTY' in os.environ else 30
KILLS = 2                               # in a sequence: each takes as long as thirty other steps
CREW = ['bram', 'daan', 'eva']          # each may take what is asked here
LAST_OFFERS = 5
numbers = itertools.count(31680000001)
keys = itertools.count()

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
        self.people = [str(next(numbers)) for _ in range(4)]
        self.posts = []                 # bodies that were acknowledged
        self.acknowledged = set()       # provider ids in them
        self.epochs = {}                # case: the highest that was seen
        self.given = {}                 # (case, epoch): who was told to have it
        self.offers = []                # (who, offer) that somebody saw
        self.n_kills = 0

    def api(self, *call, want):
        answer = self.w.api(*call)
        assert answer.status in want, (call, answer)
        return answer

    # ---- citizens

    def post(self, body):
        answer = self.w.hook('dordrecht-whatsapp', body)
        assert answer.status == 200, answer

    @rule(person=st.integers(0, 3), ages=st.lists(st.integers(0, 300), min_size=1, max_size=3))
    def send(self, person, ages):
        """Some messages, each in a post of its own, in whatever order; the provider's clock may go back."""
        for age in ages:
            key = f'wamid.property{next(keys)}'
            self.posts.append(world.whatsapp_body('Een vraag', wa_id=self.people[person], message_id=key,
                                                  timestamp=int(time.time()) - age))
            self.post(self.posts[-1])
            self.acknowledged.add(key)

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def send_again(self, data):
        self.post(data.draw(st.sampled_from(self.posts)))

    # ---- agents

    def presence(self, who, state):
        self.api('PUT', '/v1/me/presence', who, {'state': state}, want=[200])

    @rule(who=st.sampled_from(CREW))
    def login(self, who):
        self.presence(who, 'ready')

    @rule(who=st.sampled_from(CREW), state=st.sampled_from(['away', 'offline']))
    def leave(self, who, state):
        self.presence(who, state)

    def answer(self, who, offer, how):
        """True when who has it, was told so, and nobody else ever was for this epoch."""
        said = self.api('POST', f'/v1/offers/{offer}/{how}', who, {}, want=[200, 409])
        if said.status != 200 or how == 'decline':
            return
        case, epoch = said.json['case']['id'], said.json['epoch']
        assert self.given.setdefault((case, epoch), who) == who, ('given twice', case, epoch, who, self.given)
        assert epoch >= self.epochs.get(case, 0), ('an epoch that is over was given', case, epoch)

    @rule(who=st.sampled_from(CREW), how=st.sampled_from(['accept', 'accept', 'decline', 'ignore']))
    def look(self, who, how):
        for o in self.w.api('GET', '/v1/me', who).json['offers']:
            self.offers.append((who, o['id']))
            if how != 'ignore':
                self.answer(who, o['id'], how)

    @precondition(lambda self: self.offers)
    @rule(back=st.integers(1, LAST_OFFERS), how=st.sampled_from(['accept', 'decline']))
    def answer_late(self, back, how):
        """What may be over, taken or somebody else's by now."""
        self.answer(*self.offers[-min(back, len(self.offers))], how)

    @precondition(lambda self: self.offers)
    @rule(who=st.sampled_from(CREW))
    def answer_of_another(self, who):
        whose, offer = self.offers[-1]
        if whose != who:
            self.api('POST', f'/v1/offers/{offer}/accept', who, {}, want=[404])

    def write(self, what, body, older=0):
        """By whoever was told last to have a case: it works just when that is still so."""
        (case, epoch), who = list(self.given.items())[-1]
        answer = self.w.api('POST', f'/v1/cases/{case}/{what}', who, body | {'epoch': epoch - older})
        assert answer.status in (200, 403, 404, 409, 422), answer
        newest, = self.w.psql('select epoch, state, owner is not null from loket.case_file where id = %s', [case])
        if answer.status == 200:
            assert older == 0 and self.epochs.get(case, 0) <= epoch, ('an older epoch wrote', case, epoch, newest)
        if answer.status in (403, 404, 409):
            assert older or newest != (epoch, 'assigned', True), ('refused who has it', case, answer)

    @precondition(lambda self: self.given)
    @rule()
    def resolve(self):
        self.write('resolve', {'outcome': 'solved'})

    @precondition(lambda self: self.given)
    @rule()
    def resolve_with_an_older_epoch(self):
        self.write('resolve', {'outcome': 'solved'}, older=1)

    @precondition(lambda self: self.given)
    @rule(to=st.sampled_from([*CREW, 'parkeervergunning']))
    def transfer(self, to):
        self.write('transfer', {'to': {'agent': self.w.ids[to]} if to in CREW else {'product': to}, 'note': 'Weet er meer van'})

    @precondition(lambda self: self.given)
    @rule()
    def reopen(self):
        self.api('POST', f'/v1/cases/{list(self.given)[-1][0]}/reopen', 'lead', {}, want=[200, 409])

    # ---- the world

    @rule()
    def flush(self):
        self.w.redis('FLUSHALL')

    @precondition(lambda self: self.n_kills < KILLS)
    @rule()
    def kill(self):
        self.n_kills += 1
        self.w.kill9()
        self.w.start()

    @rule(seconds=st.sampled_from([4, 4, 15, 400]))
    def wait(self, seconds):
        """Offers end, agents are lost, declines are forgotten."""
        self.w.pass_time(seconds)

    @rule()
    def pause(self):
        """Long enough for an offer to be made."""
        time.sleep(0.1)

    # ---- what holds after each step

    def cases(self):
        return [c for (c,) in self.w.psql('select distinct case_id::text from loket.contact where provider_id = any (%s)',
                                          [list(self.acknowledged)])]

    @invariant()
    def all_is_well(self):
        stored = dict(self.w.psql('select provider_id, count(*) from loket.contact where provider_id = any (%s) '
                                  'and case_id is not null group by 1', [list(self.acknowledged)]))
        assert stored == dict.fromkeys(self.acknowledged, 1), ('lost, doubled, or in no case', stored)
        cases = self.cases()
        for what, sql in WRONG.items():
            found = self.w.psql(sql, {'cases': cases})
            assert not found, (what, found)
        for case, epoch in self.w.psql('select id::text, epoch from loket.case_file where id = any (%s::uuid[])', [cases]):
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
        return not self.w.value("select count(*) from loket.case_file where state <> 'closed'")

    def teardown(self):
        wait_until(self.serve, 30, 'all to be served')
        self.all_is_well()
        wait_until(lambda: faults.queue_is_whole(self.w), 20, 'the queue in Redis')
        for who in CREW:
            self.presence(who, 'offline')


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


if __name__ == '__main__':
    world.main()
