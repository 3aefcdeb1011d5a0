#!/usr/bin/env python3
"""What became of resolved cases: judged when five working days are over, counted once, and who solves it is asked first.

Time is made by SQL: outcomes are moved into the past.
"""
import datetime
import uuid
import zoneinfo

from dispatch_world import DispatchTest, wait_until, world
from instance import another_instance

PRODUCT = 'parkeervergunning'           # daan and oksana have it
CONTACT = '''insert into loket.contact (id, municipality, inbox, channel, direction, kind, received_at, case_id, party, text)
  select gen_random_uuid(), municipality, inbox, channel, 'in', 'text', now(), id, party, 'Nog een vraag' from loket.case_file
   where id = %s'''


def easter(year):
    """By the rule of Meeus, Jones and Butcher; lib/core/hours has another."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    x = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + x - 7 * ((a + 11 * h + 22 * x) // 451) + 114, 31)
    return datetime.date(year, month, day + 1)


def is_working(day):
    king = datetime.date(day.year, 4, 27)
    king -= datetime.timedelta(king.weekday() == 6)
    off = {easter(day.year) + datetime.timedelta(n) for n in (1, 39, 50)} | {king}
    return day.weekday() < 5 and day not in off and (day.month, day.day) not in {(1, 1), (12, 25), (12, 26)} and not (
        (day.month, day.day) == (5, 5) and day.year % 5 == 0)


def five_working_days_later(at):
    at, n = at.astimezone(zoneinfo.ZoneInfo('Europe/Amsterdam')), 5
    while not is_working(at.date()):
        at = (at + datetime.timedelta(1)).replace(hour=0, minute=0, second=0, microsecond=0)
    while n:
        at += datetime.timedelta(1)
        n -= is_working(at.date())
    return at


class Learning(DispatchTest):
    policy = {'method': 'ftf', 'controlShare': 0, 'holdPrice': 0, 'occupancy': 0}

    def setUp(self):
        super().setUp()
        self.world.psql('delete from loket.outcome; delete from loket.learned')

    def case_of(self, party, product=PRODUCT, channel='whatsapp', **columns):
        """A case of that party that waits; None: of nobody."""
        case = self.waits(product=product, channel=channel, due=360000)
        columns['party'] = party
        sets = ', '.join(f'{name} = %s' for name in columns)
        self.world.psql(f'update loket.case_file set {sets} where id = %s', [*columns.values(), case])
        return case

    def party(self):
        party = str(uuid.uuid4())
        self.world.psql("insert into loket.party (id, municipality) values (%s, 'dordrecht')", [party])
        return party

    def resolved(self, who, party, outcome='solved', **more):
        case = self.case_of(party, **more)
        taken = who.accept(who.next_offer())
        self.assertEqual(taken['case']['id'], case)
        if outcome == 'promised':
            who.call('POST', f'/v1/cases/{case}/tasks', {'department': 'Parkeren', 'action': 'Bellen', 'due': '2036-01-01T10:00:00Z',
                                                         'epoch': taken['epoch']})
        who.resolve(taken, outcome)
        self.world.psql('delete from loket.wrapup')
        return case

    def is_pending(self, case):
        return self.world.value('select count(*) from loket.outcome where case_id = %s and y is null', [case]) == 1

    def five_days_later(self):
        """All outcomes mature; {case: y}."""
        self.world.psql("update loket.outcome set due_at = now() where y is null")
        self.wait_matured()
        return {str(case): y for case, y in self.world.psql('select case_id, y from loket.outcome')}

    def wait_matured(self):
        wait_until(lambda: self.world.value('select count(*) from loket.outcome where y is null') == 0, 15, 'outcomes to mature')

    def learned(self):
        return {(kind, unit, product): (round(fixed, 6), round(n, 6)) for kind, unit, product, fixed, n in
                self.world.psql('select unit_kind, unit, product, fixed, n from loket.learned')}

    def test_what_is_a_success(self):
        """nobody came back: yes. On another channel, a transfer, opened again, a promise left open: no. Not before its time"""
        daan = self.person('daan')
        agent = self.agent_id('daan')
        good, other, transfer, reopened, promised, gone, thanked = (self.resolved(
            daan, self.party(), 'promised' if i == 4 else 'solved') for i in range(7))
        daan.away()
        self.assertTrue(all(self.is_pending(c) for c in (good, other, transfer, reopened, promised)))
        for at, due in self.world.psql('select at, due_at from loket.outcome'):
            self.assertLess(abs(due - five_working_days_later(at)), datetime.timedelta(seconds=5))
        party = self.world.value('select party from loket.case_file where id = %s', [other])
        again = self.case_of(party, channel='webform')
        self.world.psql(CONTACT, [again])
        self.world.psql(CONTACT, [self.case_of(self.world.value('select party from loket.case_file where id = %s', [gone]),
                                               product='rijbewijs')])       # about something else
        self.world.psql(CONTACT, [thanked])                                 # and it was not opened again
        self.world.psql('update loket.case_file set transfers = 1 where id = %s', [transfer])
        answer = self.world.api('POST', f'/v1/cases/{reopened}/reopen', 'lead', {})
        self.assertIn(answer.status, (200, 201, 202), answer)
        self.assertEqual(self.learned(), {})
        y = self.five_days_later()
        self.assertEqual(y, {good: True, other: False, transfer: False, reopened: False, promised: False, gone: True, thanked: True})
        self.assertEqual(self.learned(), {('agent', agent, PRODUCT): (3, 7)})
        self.assertEqual(self.world.value('select count(*) from loket.outcome where agent is not null'), 0)

    def test_what_teaches_nothing(self):
        """who never said who they are, spam, not for us, and the second case about it"""
        daan = self.person('daan')
        party = self.party()
        self.resolved(daan, None)
        for outcome in ('spam', 'notForUs', 'unreachable'):
            self.resolved(daan, self.party(), outcome)
        self.assertEqual(self.world.psql('select case_id from loket.outcome'), [])
        first = self.resolved(daan, party)
        self.resolved(daan, party)
        self.assertEqual(self.world.psql('select case_id::text from loket.outcome'), [(first,)])

    def test_who_was_transferred_from(self):
        """one transfer: it is the first who did not solve it; the second gets neither blame nor praise"""
        daan = self.person('daan')
        case = self.case_of(self.party())
        taken = daan.accept(daan.next_offer())
        daan.call('POST', f'/v1/cases/{case}/transfer', {'epoch': taken['epoch'], 'note': 'Weet oksana', 'to': {
            'agent': self.agent_id('oksana')}})
        daan.away()
        oksana = self.person('oksana')
        oksana.resolve(oksana.accept(oksana.next_offer()))
        self.assertEqual(self.five_days_later(), {case: False})
        self.assertEqual(self.learned(), {('agent', self.agent_id('daan'), PRODUCT): (0, 1)})

    def outcomes(self, agent, n, y=True, municipality='dordrecht'):
        """So many due outcomes of an agent, whose cases are closed and did (not) help."""
        for _ in range(n):
            case = self.case_of(self.party(), state='closed', closed_at='2026-01-01', reopened=int(not y))
            self.world.psql("insert into loket.outcome (case_id, municipality, product, agent, at, due_at) values "
                            "(%s, %s, %s, %s, now() - interval '8 days', now() - interval '1 day')",
                            [case, municipality, PRODUCT, agent])

    def test_once_over_crashes(self):
        """killed again and again while they mature, and two instances: each is counted once"""
        agent = self.agent_id('daan')
        for _ in range(3):
            self.outcomes(agent, 30)
            self.world.kill9()
            self.world.start()
        with another_instance(self.world):
            self.outcomes(agent, 60)
            self.wait_matured()
        self.assertEqual(self.learned(), {('agent', agent, PRODUCT): (150, 150)})

    def test_without_the_lease_nothing_matures(self):
        self.outcomes(self.agent_id('daan'), 1)
        self.wait_matured()
        statement = (world.ROOT / 'daemon/sql/learn_mature.sql').read_text()
        for i, value in enumerate(["'nobody'", '1', '200', '10', "'{dordrecht}'", "'{4000}'", "'{agent}'"], 1):
            statement = statement.replace(f'${i}', value)
        self.world.stop()
        try:
            self.outcomes(self.agent_id('daan'), 1)
            self.assertEqual(self.world.psql(statement), [])
        finally:
            self.world.start()
        self.wait_matured()

    def test_half_as_much_after_forty_working_days(self):
        agent = self.agent_id('daan')
        self.outcomes(agent, 4)
        self.wait_matured()
        self.world.psql('update loket.learned set day = day - 40')
        self.outcomes(agent, 1, y=False)
        self.wait_matured()
        self.assertEqual(self.learned(), {('agent', agent, PRODUCT): (2, 3)})

    def works_in(self, name, *more):
        """Somebody of Dordrecht who works for other municipalities as well, for the length of a test; the id."""
        agent, change = self.agent_id(name), 'update loket.agent set municipalities = %s where id = %s'
        self.world.psql(change, [['dordrecht', *more], agent])
        self.addCleanup(self.world.psql, change, [['dordrecht'], agent])
        return agent

    def test_each_municipality_forgets_in_its_own_time(self):
        """and an agent is who was learned of in all of them"""
        agent = self.works_in('daan', 'sliedrecht', 'zwijndrecht')
        self.set_policy('dordrecht', self.policy | {'halfLifeDays': 10})
        self.set_policy('sliedrecht', self.policy | {'halfLifeDays': 0})
        places = ('dordrecht', 'sliedrecht', 'zwijndrecht')
        try:
            for y in (True, False):
                for place in places:
                    self.outcomes(agent, 16, y=y, municipality=place)
                self.wait_matured()
                if y:
                    self.world.psql('update loket.learned set day = day - 40')
            self.assertEqual({place: (round(fixed, 6), round(n, 6)) for place, fixed, n in
                              self.world.psql('select municipality, fixed, n from loket.learned')},
                             {'dordrecht': (1, 17), 'sliedrecht': (16, 32), 'zwijndrecht': (8, 24)})
            self.world.psql("update loket.learned set fixed = case municipality when 'dordrecht' then 0 else n end")
            self.restart()
            self.assertAlmostEqual(self.kept_q(), 56 / 73, delta=0.1)        # of all, not of one of them
        finally:
            for place in places:
                self.set_policy(place, self.policy)

    def test_a_first_question(self):
        """nothing about it in the five working days before: at Christmas those are ten days"""
        daan = self.person('daan')
        for before, teaches in (('2026-12-20 12:00+01', 0), ('2026-12-18 12:01+01', 0), ('2026-12-18 11:59+01', 1)):
            party = self.party()
            self.case_of(party, state='closed', closed_at=before, opened_at='2026-12-01', last_contact_at=before)
            case = self.resolved(daan, party, opened_at='2026-12-28 12:00+01')
            self.assertEqual(self.world.value('select count(*) from loket.outcome where case_id = %s', [case]), teaches, before)

    def test_who_comes_back_later_was_helped(self):
        """also when nobody was there to judge it in time"""
        agent, cases = self.agent_id('daan'), []
        self.world.stop()
        try:
            self.outcomes(agent, 2)
            cases = [c for (c,) in self.world.psql('select case_id::text from loket.outcome order by case_id')]
            for case, ago in zip(cases, ("2 days", "1 hour")):
                party = self.world.value('select party from loket.case_file where id = %s', [case])
                again = self.case_of(party)
                self.world.psql(CONTACT, [again])
                self.world.psql(f"update loket.contact set received_at = now() - interval '{ago}' where case_id = %s", [again])
        finally:
            self.world.start()
        self.wait_matured()
        self.assertEqual([y for (y,) in self.world.psql('select y from loket.outcome order by case_id')], [False, True])

    def test_who_solves_it_is_asked(self):
        """and the other when it is the other; nobody is shown by how much"""
        for name, worse in [('daan', 'oksana'), ('oksana', 'daan')]:
            with self.subTest(name):
                self.world.psql('delete from loket.outcome; delete from loket.learned')
                self.outcomes(self.agent_id(name), 40)
                self.outcomes(self.agent_id(worse), 40, y=False)
                self.wait_matured()
                self.restart()         # who begins to lead reads it
                people = [self.person('daan'), self.person('oksana')]
                wait_until(lambda: self.world.value("select count(*) from loket.presence where state = 'ready'") == 2, 5)
                for _ in range(3):
                    case = self.case_of(self.party())
                    wait_until(lambda: self.state(case) == 'offered', 8, 'an offer')
                    decision = self.routing(case)[0]
                    self.assertEqual((decision['chosen'], decision['rule']), (self.agent_id(name), 'bestFix'))
                    for one in decision['candidates']:
                        self.assertEqual(set(one['terms']), {'idleSeconds', 'waitedSeconds', 'handledBefore'})
                    kept = self.world.value('select candidates from loket.routing where case_id = %s', [case])
                    self.assertGreater(kept[0]['terms']['q'], kept[1]['terms']['q'] + 0.3)
                    self.nobody_is_there()
                    self.restart()     # it still knows the case that was closed behind its back
                for who in people:
                    who.offline()

    def test_no_token_reads_it(self):
        import psycopg2
        for table in ('learned', 'outcome'):
            with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
                self.world.psql(f"begin; select set_config('loket.scope', 'dordrecht', true); select * from loket.{table}",
                                user='loket_api')

    def test_of_teams_and_of_nobody(self):
        """with learning "team" nothing is kept of a person; with "off" nothing at all, but what became of it is known"""
        self.world.psql("insert into loket.team (id, name) values ('leer', 'Leerteam') on conflict do nothing")
        agent = self.agent_id('daan')
        before = self.world.value('select teams from loket.agent where id = %s', [agent])
        self.world.psql("update loket.agent set teams = '{leer}' where id = %s", [agent])
        try:
            self.assertEqual(self.set_policy('dordrecht', self.policy | {'learning': 'person'}).status, 422)
            self.assertEqual(self.set_policy('dordrecht', self.policy | {'learning': 'team'}).status, 200)
            self.outcomes(agent, 3)
            self.wait_matured()
            self.assertEqual(self.learned(), {('team', 'leer', PRODUCT): (3, 3)})
            self.world.psql("update loket.learned set n = 100, fixed = 0")
            self.restart()
            self.assertLess(self.kept_q(), 0.4)              # of daan, as of everybody in the team
            self.assertEqual(self.set_policy('dordrecht', self.policy | {'learning': 'off'}).status, 200)
            self.world.psql('delete from loket.learned')
            self.outcomes(agent, 2)
            self.wait_matured()
            self.assertEqual(self.learned(), {})
            self.assertEqual(self.world.value('select count(*) from loket.outcome where y'), 5)
            self.restart()
            self.assertAlmostEqual(self.kept_q(), 0.75)
        finally:
            self.set_policy('dordrecht', self.policy)
            self.world.psql('update loket.agent set teams = %s where id = %s', [before, agent])

    def test_what_was_learned_of_persons_goes_with_the_switch(self):
        """to teams, or to nobody: from PostgreSQL and from memory; where it stays "agent" it stays"""
        agent = self.works_in('daan', 'zwijndrecht')
        for of in ('team', 'off'):
            for place in ('dordrecht', 'zwijndrecht'):
                self.outcomes(agent, 20, y=False, municipality=place)
            self.wait_matured()
            self.restart()
            self.assertLess(self.kept_q(), 0.5)
            mark = len(self.world.log())
            try:
                self.assertEqual(self.set_policy('dordrecht', self.policy | {'learning': of}).status, 200)
                wait_until(lambda: self.world.psql('select municipality from loket.learned') == [('zwijndrecht',)], 10, 'it to go')
                wait_until(lambda: 'learn.loaded n=1' in self.world.log()[mark:].partition('learn.forgotten')[2], 10, 'memory too')
                self.world.psql('delete from loket.learned')
            finally:
                self.set_policy('dordrecht', self.policy)

    def test_rows_that_cannot_be(self):
        """a day that is still to come, one of long ago, and sums that are none: routing goes on with the rest"""
        daan, oksana = self.works_in('daan', 'sliedrecht', 'zwijndrecht'), self.agent_id('oksana')
        future, past = 2 ** 31 - 1, -2 ** 31
        self.set_policy('dordrecht', self.policy | {'halfLifeDays': 1})
        self.addCleanup(self.set_policy, 'dordrecht', self.policy)
        for place, unit, fixed, n, day in (('dordrecht', daan, 50, 50, future), ('dordrecht', oksana, 50, 50, past),
                                           ('sliedrecht', daan, 'Infinity', 'Infinity', future), ('zwijndrecht', daan, 0, 'NaN', future),
                                           ('sliedrecht', oksana, 1e300, 1e300, future)):
            self.world.psql("insert into loket.learned (municipality, unit_kind, unit, product, home, fixed, n, day) "
                            "values (%s, 'agent', %s, %s, false, %s, %s, %s)", [place, unit, PRODUCT, fixed, n, day])
        self.restart()
        wait_until(lambda: 'learn.refused n=3' in self.world.log(), 8, 'what was refused')
        self.assertGreater(self.kept_q(), 0.85)          # 50 of 50, worth as much as today's
        self.outcomes(daan, 1, y=False)
        self.wait_matured()
        self.world.psql('delete from loket.learned where n > 1000')
        self.assertLess(self.world.value('select day from loket.learned where unit = %s', [daan]), future)
        self.assertEqual(self.learned(), {('agent', daan, PRODUCT): (50, 51), ('agent', oksana, PRODUCT): (50, 50)})
        self.outcomes(oksana, 1)
        self.wait_matured()
        self.assertEqual(self.learned()[('agent', oksana, PRODUCT)], (1, 1))

    def kept_q(self):
        """What was thought of daan when he was asked."""
        daan = self.person('daan')
        case = self.case_of(self.party())
        wait_until(lambda: self.state(case) == 'offered', 8, 'an offer')
        daan.offline()
        self.nobody_is_there()
        kept = self.world.value('select candidates from loket.routing where case_id = %s', [case])
        return kept[0]['terms']['q']


if __name__ == '__main__':
    world.main()
