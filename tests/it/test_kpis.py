#!/usr/bin/env python3
"""Figures: counted as things happen, by whoever leads, also when they die; each is what a count of all rows gives."""
import datetime
import pathlib
import random
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'support')]
import psycopg2  # noqa: E402
import world  # noqa: E402
from instance import leader  # noqa: E402
from recount import Recount, differences  # noqa: E402
from servers import wait_until  # noqa: E402
from town import Town  # noqa: E402

ACTS = {'reply': 0.5, 'decline': 0.1, 'task': 0.1, 'transfer': 0.1, 'callback': 0.1, 'attempt': 0.3, 'reopen': 0.1}
SURVEY = {'survey': {'on': True, 'url': 'https://www.dordrecht.example/uw-mening', 'waitMinutes': 0}}

# short, so that some of each kind are late
NORMS = {'norms': {'whatsapp': 60, 'whatsapp.formal': 1, 'whatsapp.report': 2, 'webform.report': 2},
         'products': {p: {'kind': 'report'} for p in ('melding-openbare-ruimte', 'parkeervergunning', 'rijbewijs')}}


def counted(w):
    """Waits until all that was committed by now is counted. Then GET /v1/kpis."""
    now = w.value('select clock_timestamp()')
    wait_until(lambda: w.value('select as_of from loket.figure_cursor') > now, 60, 'figures to be complete')
    wait_until(lambda: w.value('select count(*) from loket.figure_case where look_at <= clock_timestamp()') == 0, 60, 'what is due')


def period(w):
    day = w.value("select (clock_timestamp() at time zone 'Europe/Amsterdam')::date")
    return day - datetime.timedelta(days=20), day + datetime.timedelta(days=1)


def kpis(w, token='lead', want=200, **query):
    first, last = period(w)
    query = {'from': f'{first}T12:00:00Z', 'to': f'{last}T12:00:00Z'} | query
    answer = w.api('GET', '/v1/kpis?' + '&'.join(f'{k}={v}' for k, v in query.items()), token)
    assert answer.status == want, answer
    return answer.json


class Recounted(unittest.TestCase):
    """Everybody works at two instances; who leads dies, and another goes on. Then a week goes by."""

    @classmethod
    def setUpClass(cls):
        cls.town = Town(seed=9)
        cls.world = cls.town.world
        cls.world.set_clock(datetime.datetime.now(datetime.timezone.utc))
        cls.town.start()
        answer = cls.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': SURVEY | NORMS})
        assert answer.status in (200, 201), answer

    @classmethod
    def tearDownClass(cls):
        cls.town.close()

    def work(self):
        town = self.town
        town.open(per_second=16, acts=ACTS, callers=2, pause=0.02)
        time.sleep(3)
        who, _ = leader(town.instances)
        who.kill9()
        time.sleep(3)
        town.start_again()
        time.sleep(2)
        found = town.rest(90)
        self.assertEqual([], found.lines())

    def grades(self):
        """Some of those who were helped tell an agent how it was; some promises are kept."""
        chance = random.Random(1)
        for (case,) in self.world.psql("select id::text from loket.case_file where state = 'closed' and party is not null limit 60"):
            self.world.api('POST', f'/v1/cases/{case}/survey', 'anna', {'grade': chance.randint(6, 10)})
        for (task,) in self.world.psql('select id::text from loket.task order by id limit 8'):
            self.world.api('PATCH', f'/v1/tasks/{task}', 'lead', {'state': 'done'})
        # a term of the law is over before what was promised, when it was done or while nobody did it; another has been put off
        self.world.psql("update loket.task set term_until = created_at where id in ("
                        "(select id from loket.task where state = 'done' order by id limit 2) union all "
                        "(select id from loket.task where state = 'open' order by id limit 2)) returning 1")
        self.world.psql("update loket.task set term_until = due + interval '1 day' where state = 'done' and term_until is null")

    def compare(self):
        counted(self.world)
        first, last = period(self.world)
        last += datetime.timedelta(days=1)
        connection = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        again = Recount(connection, first, last)
        connection.close()
        for group in [{}, {'municipality': 'dordrecht', 'channel': 'whatsapp'}, {'team': 'kcc', 'product': 'rijbewijs'}]:
            with self.subTest(group):
                self.assertEqual([], differences(kpis(self.world, **group), again.figures(**group)))
        for by in ('municipality', 'channel', 'product', 'team'):
            told = kpis(self.world, by=by)
            groups = [g['group'] for g in told['figures'][0]['groups']]
            self.assertTrue(groups)
            for g in groups:
                with self.subTest(by, group=g):
                    self.assertEqual([], differences(told, again.figures(**{by: g}), g))
        return {f['id']: f for f in kpis(self.world)['figures']}

    def test_every_figure(self):
        self.work()
        self.compare()
        self.grades()
        now = self.compare()
        for name in ('cases', 'serviceLevel', 'waitMedian', 'abandoned', 'transfers', 'repeatContacts', 'digital', 'personal', 'option0',
                     'satisfaction', 'response', 'promisesKept'):
            self.assertGreater(now[name]['n'], 4, name)
        self.world.pass_time(8 * 86400)
        wait_until(lambda: self.world.value('select count(*) from loket.outcome where y is null') == 0, 60, 'outcomes')
        later = self.compare()
        self.assertLess(now['promisesKept']['value'], 1)
        for name in ('firstTimeFix', 'answeredDay', 'answeredWeek'):
            self.assertEqual(now[name]['n'], 0, name)
            self.assertGreater(later[name]['n'], 4, name)
        self.assertEqual(later['cases']['n'], now['cases']['n'])
        self.baseline()

    def baseline(self):
        """What is kept is what a count of all rows gives, also when the days' sums went."""
        first, last = period(self.world)
        kept = {'name': 'Nulmeting', 'from': str(first), 'to': str(last - datetime.timedelta(days=1))}
        answer = self.world.api('POST', '/v1/kpis/baselines', 'lead', kept)
        self.assertEqual(answer.status, 201, answer)
        connection = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        again = Recount(connection, kept['from'], kept['to'])
        connection.close()
        for aged in (False, True):
            if aged:
                self.world.psql('delete from loket.figure_day; delete from loket.figure_wait')
            for only in ({}, {'municipality': 'dordrecht'}, {'channel': 'phone'}):
                with self.subTest(only, aged=aged):
                    told = kpis(self.world, baseline='Nulmeting', **only)
                    then = {'figures': [{'id': f['id']} | f['baseline'] for f in told['figures']]}
                    self.assertEqual([], differences(then, again.figures(**only)))
        self.assertGreater(next(f for f in told['figures'] if f['id'] == 'cases')['baseline']['n'], 4)


SUMS = ('cases digital assisted personal option0 taken transferred waited in_time timed bucket bucket2 calls missed judged fixed finished '
        'reopened day_over in_day week_over in_week asked graded grade grade2 promises kept').split()
FROM, TO = datetime.date(2026, 9, 7), datetime.date(2026, 9, 14)        # a week


class Shown(world.LoketTest):
    """What is told of sums that are there."""

    def sums(self, day, product='rijbewijs', municipality='dordrecht', channel='whatsapp', team='kcc', **n):
        columns = {c: n.get(c, 0) for c in SUMS}
        self.world.psql(f"insert into loket.figure_day (day, municipality, channel, product, team, {', '.join(columns)}) values "
                        f"(%s, %s, %s, %s, %s{', %s' * len(columns)})", [day, municipality, channel, product, team, *columns.values()])

    def setUp(self):
        self.world.psql('delete from loket.figure_day; delete from loket.figure_wait')

    def figures(self, **query):
        told = kpis(self.world, **{'from': f'{FROM}T00:00:00%2B02:00', 'to': f'{TO}T00:00:00%2B02:00'} | query)
        return told, {f['id']: f for f in told['figures']}

    def test_beside_what_it_is_held_against(self):
        for weeks in range(1, 27):
            self.sums(FROM - datetime.timedelta(days=7 * weeks), cases=40 + weeks % 3, waited=40, in_time=34 + weeks % 2, judged=30, fixed=25)
        self.sums(FROM, cases=60, waited=40, in_time=20, judged=30, fixed=24, graded=30, grade=210, grade2=1500, asked=60)
        told, f = self.figures()
        self.assertEqual((told['from'], told['to'], told['previous']), ('2026-09-07', '2026-09-14', {'from': '2026-08-31', 'to': '2026-09-07'}))
        self.assertEqual(self.figures(**{'from': FROM, 'to': TO})[0]['figures'], told['figures'])    # days say the same
        level = f['serviceLevel']
        self.assertEqual((level['n'], level['value'], level['target'], level['met'], level['deviates']), (40, 0.5, 0.8, False, True))
        self.assertEqual(level['previous']['value'], 0.875)
        self.assertTrue(level['low'] < 0.5 < level['high'] < level['usual']['low'])
        self.assertEqual((f['firstTimeFix']['met'], f['firstTimeFix']['deviates']), (True, False))
        self.assertEqual((f['cases']['value'], f['cases']['deviates'], f['cases']['previous']['value']), (60, True, 41))
        self.assertEqual((f['satisfaction']['value'], f['satisfaction']['target'], f['satisfaction']['deviates']), (7, 8.5, None))
        self.assertEqual(f['response']['value'], 0.5)
        for one in f.values():
            self.assertTrue(one['title'] and one['definition'].endswith('.'))

    def test_targets(self):
        """of a municipality its own, over its region's; of all together what they agree on"""
        def put(what, **settings):
            answer = self.world.api('PUT', what, 'admin', {'settings': settings} | ({} if 'regions' in what else {
                'region': 'drechtsteden', 'name': 'Dordrecht'}))
            self.assertIn(answer.status, (200, 201), answer)
        region, dordrecht = '/v1/regions/drechtsteden', '/v1/municipalities/dordrecht'
        self.addCleanup(put, region)
        self.addCleanup(put, dordrecht)
        put(region, targets={'waitMedian': 60, 'abandoned': 0.05, 'promisesKept': 0.9})
        put(dordrecht, targets={'abandoned': 0.1})
        for municipality in ('dordrecht', 'sliedrecht'):
            self.sums(FROM, municipality=municipality, channel='phone', cases=40, waited=40, in_time=34, timed=40, calls=100, missed=8)
            self.world.psql("insert into loket.figure_wait values (%s, %s, 'phone', 'rijbewijs', 'kcc', 23, 40)", [FROM, municipality])
        wait_until(lambda: [self.figures()[1][k]['target'] for k in ('waitMedian', 'abandoned')] == [60, None], 10, 'the settings to be known')
        _, f = self.figures(by='municipality')
        self.assertEqual((f['waitMedian']['target'], f['waitMedian']['met'], f['promisesKept']['target']), (60, True, 0.9))
        self.assertEqual((f['serviceLevel']['target'], f['serviceLevel']['met']), (0.8, True))
        self.assertEqual((f['abandoned']['target'], f['abandoned'].get('met')), (None, None))
        self.assertEqual({g['group']: (g['target'], g['met']) for g in f['abandoned']['groups']}, {'dordrecht': (0.1, True), 'sliedrecht': (0.05, False)})
        self.assertEqual(self.figures(municipality='dordrecht', by='channel')[1]['abandoned']['groups'][0]['target'], 0.1)
        page = self.world.api('GET', '/v1/kpis/report?quarter=2026-Q3&municipality=sliedrecht', 'lead').body.decode()
        self.assertIn('doel: 90,0%', page)
        put(dordrecht, targets={'satisfaction': 8})
        wait_until(lambda: self.figures()[1]['satisfaction']['target'] is None, 10, 'the settings to be known')
        self.assertEqual([self.world.api('GET', '/v1/surveys/report' + q, 'lead').json['target'] for q in ('', '?municipality=dordrecht')], [None, 8])

    def test_few(self):
        """nothing of fewer than five cases, or of what fewer than three people do"""
        self.sums(FROM, cases=4, waited=4, in_time=1, graded=4, grade=16, grade2=64, asked=9)
        self.sums(FROM, team='bijna-niemand', cases=9, waited=9, in_time=8, judged=9, fixed=3)
        told, f = self.figures(by='team')
        of = {n: {g['group']: g for g in f[n]['groups']} for n in f}
        self.assertEqual(of['serviceLevel']['kcc'], {'group': 'kcc', 'n': 4, 'tooFew': True, 'target': 0.8, 'deviates': None,
                                                     'previous': {'n': 0, 'tooFew': True}})
        self.assertEqual(of['serviceLevel']['bijna-niemand']['n'], 9)
        self.assertIn('value', of['serviceLevel']['bijna-niemand'])
        self.assertTrue(of['firstTimeFix']['bijna-niemand']['tooFew'])
        self.assertTrue(f['satisfaction']['tooFew'])
        _, f = self.figures(team='bijna-niemand')
        self.assertTrue(f['firstTimeFix']['tooFew'])
        self.assertNotIn('value', f['firstTimeFix'])

    def test_in_groups(self):
        for n, municipality in enumerate(('dordrecht', 'sliedrecht', 'zwijndrecht'), 1):
            for day in (0, 3, 6, 7):
                self.sums(FROM + datetime.timedelta(days=day), municipality=municipality, channel='phone' if day else 'x', cases=10 * n)
        for by, groups in [('municipality', {'dordrecht': 30, 'sliedrecht': 60, 'zwijndrecht': 90}), ('channel', {'phone': 120, 'x': 60}),
                           ('day', {'2026-09-07': 60, '2026-09-10': 60, '2026-09-13': 60}), ('week', {'2026-W37': 180}),
                           ('month', {'2026-09': 180}), ('quarter', {'2026-Q3': 180}), ('product', {'rijbewijs': 180})]:
            _, f = self.figures(by=by)
            self.assertEqual({g['group']: g['value'] for g in f['cases']['groups']}, groups)
            self.assertEqual(f['cases']['value'], 180)
        self.assertEqual(self.figures(municipality='sliedrecht', channel='phone')[1]['cases']['value'], 40)

    def baseline(self, want=201, token='lead', **body):
        answer = self.world.api('POST', '/v1/kpis/baselines', token, {'name': 'Voor de fusie', 'from': '2026-08-31', 'to': '2026-09-07'} | body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def compared(self, **query):
        told, f = self.figures(**{'baseline': 'Voor%20de%20fusie'} | query)
        return told, f

    def test_baselines(self):
        self.world.psql('delete from loket.baseline')
        before = FROM - datetime.timedelta(days=7)
        for municipality, n in (('dordrecht', 40), ('sliedrecht', 20)):
            self.sums(before, municipality=municipality, cases=n, waited=n, in_time=n // 2, graded=n, grade=7 * n, grade2=49 * n)
            self.sums(FROM, municipality=municipality, cases=n + 8, waited=n, in_time=n * 3 // 4, channel='phone')
            self.world.psql("insert into loket.figure_wait values (%s, %s, 'whatsapp', 'rijbewijs', 'kcc', 20, %s)", [before, municipality, n])
        made = self.baseline()
        self.assertEqual((made['from'], made['to'], len(made['municipalities'])), ('2026-08-31', '2026-09-07', 5))
        self.sums(before, product='paspoort', cases=900)        # what is found out later changes nothing of it
        told, f = self.compared(by='municipality')
        self.assertEqual((told['baseline']['name'], told['baseline']['from'], told['baseline']['municipalities']),
                         ('Voor de fusie', '2026-08-31', made['municipalities']))
        level = f['serviceLevel']
        self.assertEqual((level['value'], level['baseline']['value'], level['difference']), (0.75, 0.5, 0.25))
        self.assertEqual((f['cases']['baseline']['value'], f['cases']['difference'], f['waitMedian']['difference']), (60, 16, None))
        self.assertEqual({g['group']: g['baseline']['n'] for g in level['groups']}, {'dordrecht': 40, 'sliedrecht': 20})
        self.assertEqual((f['satisfaction']['baseline']['value'], f['satisfaction']['difference']), (7, None))
        _, f = self.compared(channel='phone')
        self.assertEqual((f['cases']['baseline']['n'], f['cases']['value']), (0, 76))
        _, f = self.compared(by='day')
        self.assertEqual((f['cases']['baseline']['n'], f['cases']['groups'][0]['baseline'], f['cases']['groups'][0]['difference']), (60, None, None))
        _, f = self.compared(to=f'{TO + datetime.timedelta(days=7)}T00:00:00%2B02:00')
        self.assertEqual((f['cases']['difference'], f['serviceLevel']['difference']), (None, 0.25))        # of two weeks
        self.assertNotIn('baseline', self.figures()[0])
        kpis(self.world, want=400, baseline='geen')

    def test_baselines_are_set_up_by_leads(self):
        self.world.psql('delete from loket.baseline')
        self.world.psql("insert into loket.token (id, sha256, name, role, municipalities) values "
                        "(gen_random_uuid(), sha256('alleen-sliedrecht-0000000000000'), 'x', 'lead', '{sliedrecht}')")
        mine = self.baseline(token='alleen-sliedrecht-0000000000000')
        self.assertEqual(mine['municipalities'], ['sliedrecht'])
        self.baseline(409)                                              # there is one of that name in one of them
        other = self.baseline(municipality='dordrecht', **{'from': '2026-08-24'})
        self.baseline(403, 'alleen-sliedrecht-0000000000000', municipality='dordrecht')
        self.baseline(403, 'anna')
        self.baseline(422, municipality='nergens')
        for wrong in ({'from': '2026-09-31'}, {'to': '2026-08-31'}, {'to': '2099-01-01'}, {'from': '2020-01-01'}, {'from': '1960-01-01'}, {'name': ''}, {'from': '31-08-2026'}):
            self.baseline(422, **wrong)
        answer = self.world.api('GET', '/v1/kpis/baselines', 'lead').json
        self.assertEqual([b['id'] for b in answer['items']], [other['id'], mine['id']])
        page = self.world.api('GET', '/v1/kpis/baselines?limit=1', 'lead').json
        self.assertEqual(self.world.api('GET', f"/v1/kpis/baselines?limit=1&cursor={page['next']}", 'lead').json['items'], [mine])
        self.assertEqual(self.world.api('GET', '/v1/kpis/baselines?municipality=dordrecht', 'lead').json['items'], [other])
        self.assertEqual(self.world.api('GET', '/v1/kpis/baselines', 'alleen-sliedrecht-0000000000000').json['items'], [mine])
        kpis(self.world, want=400, baseline='Voor%20de%20fusie')        # of other days in Dordrecht than in Sliedrecht
        self.assertEqual(self.compared(municipality='dordrecht')[0]['baseline']['from'], '2026-08-24')
        gone = f"/v1/kpis/baselines/{other['id']}"
        self.assertEqual(self.world.api('DELETE', gone, 'alleen-sliedrecht-0000000000000').status, 404)
        self.assertEqual([self.world.api('DELETE', gone, 'admin').status for _ in range(2)], [204, 404])
        for n in range(40):
            self.baseline(municipality='dordrecht', name=f'meting {n}')
        self.assertEqual(self.baseline(422, municipality='dordrecht', name='nog een')['rule'], 'tooManyBaselines')
        self.assertEqual(self.baseline(422, name='nog een')['rule'], 'tooManyBaselines')

    def test_who_asks_for_what(self):
        self.sums(FROM, cases=10)
        self.sums(FROM, municipality='sliedrecht', cases=7)
        self.world.psql("insert into loket.token (id, sha256, name, role, municipalities) values "
                        "(gen_random_uuid(), sha256('alleen-dordrecht-000000000000000'), 'x', 'lead', '{dordrecht}')")
        told = {f['id']: f for f in kpis(self.world, 'alleen-dordrecht-000000000000000', **{
            'from': f'{FROM}T12:00:00Z', 'to': f'{TO}T12:00:00Z'})['figures']}
        self.assertEqual(told['cases']['value'], 10)
        kpis(self.world, 'alleen-dordrecht-000000000000000', 403, municipality='sliedrecht')
        kpis(self.world, 'anna', 403)
        kpis(self.world, want=400, by='agent')
        kpis(self.world, want=400, **{'from': '2020-01-01T00:00:00Z'})
        kpis(self.world, want=400, agent='anna')


if __name__ == '__main__':
    world.main()
