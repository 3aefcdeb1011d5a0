#!/usr/bin/env python3
"""The control share: drawn once for each case, kept whatever happens to it, counted once, and compared with the rest.

Time is made by ids: a case of 25 days ago has the id of then (UUIDv7).
"""
import secrets
import time
import uuid

from dispatch_world import DispatchTest, wait_until, world
from instance import another_instance

PRODUCT = 'rijbewijs'                   # many have it
OF_FEW = 'bijna-niemand'               # has it
FTF, CONTROL = 'ftf', 'skills-fifo'
CASE = '''insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, language, state, outcome, flags,
    opened_at, arrived_at, due_at, last_contact_at, closed_at, transfers, arm)
  values (%(id)s, %(municipality)s, %(id)s, %(product)s, %(party)s, 'x', %(channel)s, 'nl', 'closed', 'solved', %(flags)s,
    %(at)s, %(at)s, %(at)s, %(at)s, %(at)s, %(transfers)s, %(arm)s)'''


def id_of(at):
    return str(uuid.UUID(f'{int(at * 1000):012x}7{secrets.token_hex(2)[1:]}8{secrets.token_hex(8)[1:]}'))


class Drawn(DispatchTest):
    policy = {'method': 'ftf', 'controlShare': 0.5}

    def arm(self, case):
        return self.world.value('select arm from loket.case_file where id = %s', [case])

    def came_in(self, n, **more):
        """So many WhatsApp messages of as many people; their cases."""
        before = {c for (c,) in self.world.psql('select id from loket.case_file')}
        for i in range(n):
            self.world.hook_whatsapp('Mijn rijbewijs is verlopen', wa_id=f'3161{secrets.randbelow(10 ** 7):07d}', **more)
        return [c for (c,) in self.world.psql('select id::text from loket.case_file order by id') if uuid.UUID(c) not in
                {uuid.UUID(str(b)) for b in before}]

    def test_drawn_once_and_kept(self):
        """half of them when they come in; how each is routed is what was drawn, also with another share"""
        cases = self.came_in(24)
        arms = {c: self.arm(c) for c in cases}
        self.assertEqual(len(cases), 24)
        self.assertEqual(set(arms.values()), {FTF, CONTROL})        # all the same: a chance of 1 in 8 million
        for share in (0.5, 0.01):
            self.set_policy('dordrecht', {'method': 'ftf', 'controlShare': share})
            try:
                wait_until(lambda: all(self.routing(c) for c in cases), 10, 'all of them to be known')
                self.assertEqual({c: self.routing(c)[-1]['policy'] for c in cases}, arms)
            finally:
                self.set_policy('dordrecht', self.policy)
        self.assertEqual({c: self.arm(c) for c in cases}, arms)

    def test_a_transfer_changes_nothing(self):
        anna, bram = self.person('anna'), self.person('bram')
        seen = set()
        for _ in range(30):
            case = self.came_in(1)[0]
            offered = wait_until(lambda: self.world.psql("select agent::text from loket.offer where case_id = %s and state = 'made'",
                                                         [case]), 8, 'an offer')
            who, other = (anna, bram) if offered[0][0] == self.agent_id('anna') else (bram, anna)
            taken = who.accept(who.next_offer())
            who.call('POST', f'/v1/cases/{case}/transfer', {'epoch': taken['epoch'], 'note': 'Kan jij dit doen?', 'to': {
                'agent': self.agent_id('bram' if who is anna else 'anna')}})
            other.resolve(other.accept(other.next_offer()))
            self.world.psql('delete from loket.wrapup')
            self.assertEqual({d['policy'] for d in self.routing(case)}, {self.arm(case)})
            self.assertEqual(len(self.routing(case)), 2)
            seen.add(self.arm(case))
            if len(seen) == 2:
                break
        self.assertEqual(seen, {FTF, CONTROL})

    def test_declined_and_handed_on_with_another_share(self):
        """what comes back to the queue is routed by what was drawn for it, not by what the share would say now"""
        people = {self.agent_id(n): self.person(n) for n in ('anna', 'bram')}
        while True:
            case = self.came_in(1)[0]
            agent = wait_until(lambda c=case: self.world.value("select (select agent::text from loket.offer where case_id = %s and state = 'made')",
                                                               [c]), what='an offer')
            first, second = people[agent], next(p for a, p in people.items() if a != agent)
            offer = first.next_offer()
            if self.arm(case) == CONTROL:
                break
            first.resolve(first.accept(offer))
            self.world.psql('delete from loket.wrapup')
        self.set_policy('dordrecht', {'method': 'ftf', 'controlShare': 0.01})
        try:
            first.decline(offer)
            taken = second.accept(second.next_offer())
            second.call('POST', f'/v1/cases/{case}/transfer', {'epoch': taken['epoch'], 'note': 'Kan jij dit doen?', 'to': {'agent': agent}})
            first.resolve(first.accept(first.next_offer()))
            self.world.psql('delete from loket.wrapup')
            self.assertEqual([d['policy'] for d in self.routing(case)], [CONTROL] * 3)
        finally:
            self.set_policy('dordrecht', self.policy)

    def test_where_nothing_is_drawn(self):
        for policy in ({'method': 'skills-fifo'}, {'method': 'ftf', 'controlShare': 0}):
            self.set_policy('dordrecht', policy)
            try:
                self.assertEqual({self.arm(c) for c in self.came_in(3)}, {None})
            finally:
                self.set_policy('dordrecht', self.policy)


class Counted(DispatchTest):
    policy = {'method': 'ftf'}

    def setUp(self):
        super().setUp()
        self.world.psql("delete from loket.case_file; delete from loket.outcome; delete from loket.offer; delete from loket.arm_day; "
                        "update loket.arm_counted set last = '00000000-0000-0000-0000-000000000000'")

    def case(self, arm, days=25, y=None, wait=None, party=True, product=PRODUCT, channel='phone', flags=(), transfers=0,
             municipality='dordrecht'):
        at = time.time() - days * 86400
        row = {'id': id_of(at), 'municipality': municipality, 'product': product, 'channel': channel, 'flags': list(flags),
               'party': str(uuid.uuid4()) if party else None, 'at': self.world.value('select to_timestamp(%s)', [at]),
               'transfers': transfers, 'arm': arm}
        if y is not None:
            self.world.psql('insert into loket.outcome (case_id, municipality, product, at, due_at, y) values '
                            '(%s, %s, %s, %s, %s, %s)', [row['id'], municipality, product, row['at'], row['at'], y])
        if wait is not None:
            self.world.psql("insert into loket.offer (id, case_id, municipality, agent, epoch, channel, state, made_at, expires_at, "
                            "ended_at) values (%s, %s, %s, %s, 1, %s, 'accepted', %s, %s, %s + make_interval(secs => %s))",
                            [id_of(at), row['id'], municipality, self.agent_id('anna'), channel, row['at'], row['at'], row['at'], wait])
        self.world.psql(CASE, row)           # last: it may be counted at once
        return row['id']

    def counted(self, n):
        wait_until(lambda: self.world.value('select coalesce(sum(cases), 0) from loket.arm_day') == n, 15, f'{n} cases to be counted')

    def report(self, municipality='dordrecht', token='lead', want=200, **more):
        query = '&'.join(f'{k}={v}' for k, v in {'municipality': municipality, **more}.items())
        answer = self.world.api('GET', '/v1/routing/report?' + query, token)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def test_what_is_counted(self):
        """of each arm: judged, anonymous, transferred, given up, waits; not yet: what is younger than three weeks"""
        for i in range(90):
            self.case(FTF, y=i < 80, wait=i % 3 * 10, transfers=int(i < 9))
        for i in range(40):
            self.case(CONTROL, y=i < 30, wait=20 + i % 3 * 10, transfers=int(i < 8))
        self.case(FTF, party=False, wait=5, channel='webform')
        self.case(FTF, flags=['abandoned'])
        self.case(CONTROL, flags=['abandoned'])
        self.case(CONTROL, flags=['abandoned'])
        self.case(CONTROL, flags=['spam'])
        self.case(None, y=True)
        self.case(FTF, days=20, y=True)
        self.counted(134)
        time.sleep(2)
        r = self.report()
        t = r['total']
        self.assertEqual(t['ftf'], {'cases': 92, 'anonymous': 1, 'notJudged': 1})
        self.assertEqual(t['control'], {'cases': 42, 'anonymous': 0, 'notJudged': 2})
        fix = t['firstTimeFix']
        self.assertEqual((fix['ftf']['n'], fix['control']['n']), (90, 40))
        for arm, share in (('ftf', 80 / 90), ('control', 30 / 40)):
            self.assertAlmostEqual(fix[arm]['share']['value'], share)
        self.assertAlmostEqual(fix['difference']['value'], 80 / 90 - 0.75)
        # by another program: Wilson's intervals are 0.80742 … 0.93852 and 0.59806 … 0.85813
        self.assertAlmostEqual(fix['difference']['low'], 80 / 90 - 0.75 - ((80 / 90 - 0.80742) ** 2 + (0.85813 - 0.75) ** 2) ** 0.5, 4)
        self.assertAlmostEqual(fix['difference']['high'], 80 / 90 - 0.75 + ((0.93852 - 80 / 90) ** 2 + (0.75 - 0.59806) ** 2) ** 0.5, 4)
        self.assertAlmostEqual(t['transferred']['ftf']['share']['value'], 9 / 91)
        self.assertAlmostEqual(t['transferred']['control']['share']['value'], 8 / 40)
        self.assertAlmostEqual(t['abandoned']['ftf']['share']['value'], 1 / 91)
        self.assertAlmostEqual(t['abandoned']['control']['share']['value'], 2 / 42)
        self.assertAlmostEqual(t['waitLive']['difference']['value'], 10 - 29.75, 2)
        self.assertEqual((t['waitOther']['ftf'], 'difference' in t['waitOther']), ({'n': 1}, False))
        self.assertEqual([i['product'] for i in r['items']], [PRODUCT])
        self.assertEqual({k: v for k, v in r['items'][0].items() if k != 'product'}, t)
        self.assertNotIn(self.agent_id('anna'), str(r))
        early = self.report(to=self.world.value("select to_char(now() - interval '45 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"))
        self.assertEqual((early['total']['ftf']['cases'], early['items']), (0, []))

    def test_what_few_agents_have(self):
        """would be figures of a person: left out, also of the total"""
        self.case(FTF, y=True, wait=1, product=OF_FEW)
        self.case(CONTROL, y=True, wait=1)
        self.counted(2)
        r = self.report()
        self.assertEqual((r['fewAgents'], [i['product'] for i in r['items']]), ([OF_FEW], [PRODUCT]))
        self.assertEqual((r['total']['ftf']['cases'], r['total']['control']['cases']), (0, 1))

    def test_who_may_ask(self):
        self.report(token='anna', want=403)
        made = self.world.api('PUT', '/v1/tokens', 'admin', {'name': 'z', 'role': 'lead', 'municipalities': ['zwijndrecht'],
                                                             'agent': self.world.value("select id::text from loket.agent where role = 'lead'")})
        self.assertEqual(made.status, 201, made)
        self.report(token=made.json['secret'], want=403)
        self.report('zwijndrecht', token=made.json['secret'])
        answer = self.world.api('GET', '/v1/routing/report?from=2010-01-01T00:00:00Z', 'lead')
        self.assertEqual((answer.status, {f['name'] for f in answer.json['errors']}), (400, {'municipality', 'from'}))
        self.assertEqual([f['name'] for f in self.report(want=400, to='x')['errors']], ['to'])

    def test_each_once(self):
        """killed again and again, and two instances; and nothing without the lease"""
        for _ in range(3):
            for _ in range(20):
                self.case(FTF, y=True)
            self.world.kill9()
            self.world.start()
        with another_instance(self.world):
            for _ in range(20):
                self.case(CONTROL, days=24, y=True)
            self.counted(80)
        self.world.stop()
        try:
            statement = (world.ROOT / 'daemon/sql/learn_compare.sql').read_text()
            for i, value in enumerate(["'nobody'", '1', '10'], 1):
                statement = statement.replace(f'${i}', value)
            self.case(FTF, days=23)
            self.assertEqual(self.world.psql(statement), [(0,)])
            self.assertEqual(self.world.value('select sum(cases) from loket.arm_day'), 80)
        finally:
            self.world.start()
        self.counted(81)


if __name__ == '__main__':
    world.main()
