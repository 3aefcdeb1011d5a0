#!/usr/bin/env python3
"""The report of a quarter: as a page that anybody can read, print and hear, and as a table; figures as GET /v1/kpis has them.

The page is opened in headless Chromium with axe-core (tests/page); its picture and PDF are kept in the build folder.
"""
import csv
import datetime
import html.parser
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'support')]
import world  # noqa: E402
from test_kpis import SUMS  # noqa: E402

LOOK = HERE.parent / 'page'
BUILD = pathlib.Path(os.environ.get('LOKET_BUILD', '.')) / 'page'
CHANNELS = {'phone': 30, 'whatsapp': 22, 'webform': 12, 'counter': 8}
QUARTER = datetime.date(2026, 7, 1), datetime.date(2026, 10, 1)


def chromium():
    return next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)


class Text(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


class Report(world.LoketTest):
    """Half a year of sums, made by chance; in one week it went wrong."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        chance, rows, waits = random.Random(4), [], []
        day = QUARTER[0] - datetime.timedelta(days=200)
        while day < QUARTER[1]:
            for municipality, size in (('dordrecht', 1), ('sliedrecht', 0.4)):
                for channel, usual in CHANNELS.items():
                    n = round(usual * size * chance.uniform(0.7, 1.3)) if day.weekday() < 5 else 0
                    bad = datetime.date(2026, 8, 17) <= day < datetime.date(2026, 8, 24)
                    part = {k: sum(chance.random() < p for _ in range(n)) for k, p in {
                        'in_time': 0.5 if bad else 0.83, 'fixed': 0.78, 'in_week': 0.97, 'in_day': 0.8, 'asked': 0.6, 'transferred': 0.1}.items()}
                    grades = [chance.choice([6, 7, 8, 9, 10]) for _ in range(part['asked'] // 3)]
                    s = dict.fromkeys(SUMS, 0) | part | {
                        'cases': n, 'taken': n, 'waited': n, 'judged': n, 'day_over': n, 'week_over': n, 'finished': n, 'timed': n,
                        'bucket': 30 * n, 'bucket2': 900 * n, 'graded': len(grades), 'grade': sum(grades), 'grade2': sum(g * g for g in grades),
                        'personal': n if channel in ('phone', 'counter') else 0, 'digital': 0 if channel in ('phone', 'counter') else n}
                    rows.append((day, municipality, channel, 'rijbewijs', 'kcc', *s.values()))
                    waits.append((day, municipality, channel, 'rijbewijs', 'kcc', chance.randint(20, 40), n))
            day += datetime.timedelta(days=1)
        cls.world.psql(f"insert into loket.figure_day (day, municipality, channel, product, team, {', '.join(SUMS)}) values "
                       + ', '.join(['(' + ', '.join(['%s'] * len(rows[0])) + ')'] * len(rows)), [v for r in rows for v in r])
        cls.world.psql('insert into loket.figure_wait (day, municipality, channel, product, team, bucket, n) values '
                       + ', '.join(['(%s, %s, %s, %s, %s, %s, %s)'] * len(waits)), [v for w in waits for v in w])

    def report(self, want=200, token='lead', accept=None, **query):
        query = {'quarter': '2026-Q3'} | query
        answer = self.world.api('GET', '/v1/kpis/report?' + '&'.join(f'{k}={v}' for k, v in query.items() if v), token,
                                headers={'Accept': accept} if accept else None)
        self.assertEqual(answer.status, want, answer)
        return answer

    def test_the_page(self):
        answer = self.report()
        self.assertEqual(answer.headers['Content-Type'], 'text/html; charset=utf-8')
        page = answer.body.decode()
        read = Text(page)
        text = ' '.join(' '.join(read.text).split())
        for words in ('Klantcontact in het derde kwartaal van 2026', '1 juli 2026 tot en met 30 september 2026', 'Dordrecht', 'Sliedrecht',
                      'Op tijd geholpen', 'In één keer goed geholpen', 'Per kanaal', 'Telefoon', 'Balie', 'Webformulier', '▲ ja'):
            self.assertIn(words, text)
        self.assertFalse({t for t, _ in read.tags} & {'script', 'iframe', 'img', 'link', 'object'})
        self.assertFalse([a for _, a in read.tags if any(k.startswith('on') or k in ('src', 'href') for k in a)])
        self.assertNotIn('nan', text)
        one = self.report(municipality='sliedrecht').body.decode()
        self.assertNotIn('Dordrecht', one)

    def test_beside_a_baseline(self):
        answer = self.world.api('POST', '/v1/kpis/baselines', 'lead', {'name': 'Nulmeting <2026>', 'from': '2026-04-01', 'to': '2026-07-01'})
        self.assertEqual(answer.status, 201, answer)
        name = 'Nulmeting%20%3C2026%3E'
        page = self.report(baseline=name).body.decode()
        text = ' '.join(' '.join(Text(page).text).split())
        for words in ('de nulmeting ‘Nulmeting <2026>’', '1 april 2026 tot en met 30 juni 2026', 'Verschil', '%-punt'):
            self.assertIn(words, text)
        rows = {(r['by'], r['group'], r['figure']): r for r in csv.DictReader(io.StringIO(self.report(format='csv', baseline=name).body.decode()))}
        told = self.world.api('GET', '/v1/kpis?from=2026-07-01T12:00:00Z&to=2026-09-30T12:00:00Z&by=channel&baseline=' + name, 'lead').json
        for figure in told['figures']:
            for group in [figure, *figure['groups']]:
                row = rows[('channel', group['group']) + (figure['id'],) if 'group' in group else ('', '', figure['id'])]
                self.assertEqual(row['baselineN'], str(group['baseline']['n']))
                self.assertEqual(bool(row['difference']), group['difference'] is not None)
                if row['difference']:
                    self.assertAlmostEqual(float(row['difference']), group['difference'], places=6)
        self.assertEqual(rows['week', '2026-W30', 'serviceLevel']['baselineN'], '')
        self.report(400, baseline='geen')

    def test_the_table_says_what_the_figures_say(self):
        answer = self.report(accept='text/csv')
        self.assertEqual(answer.headers['Content-Type'], 'text/csv; charset=utf-8')
        self.assertEqual(answer.body, self.report(format='csv').body)
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        told = self.world.api('GET', '/v1/kpis?from=2026-07-01T12:00:00Z&to=2026-09-30T12:00:00Z&by=channel', 'lead').json
        self.assertEqual((told['from'], told['to']), ('2026-07-01', '2026-10-01'))
        for figure in told['figures']:
            for group in [figure, *figure['groups']]:
                by, name = ('channel', group['group']) if 'group' in group else ('', '')
                row = next(r for r in rows if (r['by'], r['group'], r['figure']) == (by, name, figure['id']))
                self.assertEqual(int(row['n']), group['n'])
                self.assertEqual(bool(row['value']), 'value' in group)
                if row['value']:
                    self.assertAlmostEqual(float(row['value']), group['value'], places=6)
                self.assertEqual(row['deviates'], {True: 'true', False: 'false', None: ''}[group['deviates']])
        bad = [r['group'] for r in rows if r['by'] == 'week' and r['figure'] == 'serviceLevel' and r['deviates'] == 'true']
        self.assertEqual(bad, ['2026-W34'])

    def test_who_asks_for_what(self):
        self.report(403, 'anna')
        for wrong in ('', '2026', '2026-Q5', '2026-X1', 'abcd-Q1', '26-Q1'):
            self.report(400, quarter=wrong)
        self.report(400, format='pdf')
        self.report(quarter='2031-Q1')         # nothing yet

    @unittest.skipUnless(chromium() and shutil.which('npm'), 'no Chromium, or no npm')
    def test_in_a_browser(self):
        BUILD.mkdir(parents=True, exist_ok=True)
        for name in ('package.json', 'package-lock.json', 'look.js'):
            shutil.copy(LOOK / name, BUILD)
        installed = BUILD / 'installed'
        lock = (BUILD / 'package-lock.json').read_text()
        if not installed.exists() or installed.read_text() != lock:
            done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=BUILD, capture_output=True, text=True,
                                  check=False, timeout=150)
            if done.returncode:
                self.skipTest('npm cannot install: ' + done.stderr[-300:])
            installed.write_text(lock)
        (BUILD / 'report.html').write_bytes(self.report().body)
        done = subprocess.run(['node', 'look.js', 'report.html', 'report.png', chromium()], cwd=BUILD, capture_output=True, text=True,
                              check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        seen = json.loads(done.stdout)
        self.assertEqual(seen['serious'], [])
        self.assertEqual((seen['asked'], seen['errors'], seen['scripts'], seen['lang']), ([], [], 0, 'nl'))
        self.assertFalse(seen['overflows'], 'too wide for a telephone')
        self.assertEqual(seen['headings'][0], 1)
        self.assertEqual(seen['headings'].count(1), 1)
        self.assertTrue(all(b - a <= 1 for a, b in zip(seen['headings'], seen['headings'][1:])))
        self.assertGreater(seen['drawings'], 5)
        self.assertGreater(seen['passes'], 15)
        self.assertGreater((BUILD / 'report.png').stat().st_size, 50000)


if __name__ == '__main__':
    world.main()
