#!/usr/bin/env python3
"""Signals: what is more than usual about a theme or in an area is raised, with examples without names; the digest."""
import datetime
import pathlib
import sys
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent / 'support')]
import world  # noqa: E402
from servers import wait_until  # noqa: E402

WEBCARE = {'themes': [{'id': 'stank', 'name': 'Stank', 'department': 'Omgevingsdienst', 'words': ['stank', 'stinkt', 'rook~']},
                      {'id': 'afval', 'name': 'Afval', 'words': ['afval~']}],
           'areas': [{'id': 'sterrenburg', 'name': 'Sterrenburg', 'words': ['sterrenburg']}, {'id': 'centrum', 'name': 'Centrum', 'words': ['centrum']}],
           'falseAlarmsPerWeek': 0.5}


class Signals(world.LoketTest):
    config = 'dispatch { sweep_seconds = 1 }\n' + world.NO_BUDGETS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        now = cls.world.api('GET', '/v1/municipalities/dordrecht', 'admin').json
        answer = cls.world.api('PUT', '/v1/municipalities/dordrecht', 'admin',
                               {'region': now['region'], 'name': now['name'], 'settings': now['settings'] | {'webcare': WEBCARE}})
        assert answer.status == 200, answer
        wait_until(lambda: cls.world.value('select count(*) from loket.theme_since') == 4, 30, 'counting to begin')
        cls.hour = cls.world.value('select max(hour) from loket.theme_since')

    def usual(self, weeks=8):
        """It was counted for so long, and there was a question about each theme every six hours."""
        self.world.psql('update loket.theme_since set hour = %s', [self.hour - weeks * 168])
        self.world.psql('''insert into loket.theme_hour (municipality, theme, area, hour, n)
                           select 'dordrecht', t, '', %s - w * 168 - h, 1 from unnest('{stank,afval}'::text[]) t, generate_series(1, %s) w,
                                  generate_series(-2, 24, 6) h on conflict do nothing''', [self.hour, weeks])

    def setUp(self):
        self.all_counted()              # of the test before
        for table in ('signal', 'theme_case', 'theme_hour'):
            self.world.psql(f'delete from loket.{table}')

    def said(self, text, who=None, inbox='dordrecht-facebook', name='Jan Jansen'):
        answer = self.world.api('POST', '/v1/contacts', 'integration', {
            'inbox': inbox, 'visibility': 'public', 'kind': 'text', 'providerId': str(uuid.uuid4()), 'text': text,
            'from': {'addresses': [{'kind': inbox.split('-')[-1], 'value': who or str(uuid.uuid4())}], 'name': name}, 'fields': {'post': 'een'}})
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def count(self, theme='stank', area=''):
        return self.world.value('select coalesce(sum(n), 0) from loket.theme_hour where theme = %s and area = %s and hour >= %s',
                                [theme, area, self.hour])

    def all_counted(self):
        wait_until(lambda: self.world.value('select last >= coalesce((select id from loket.contact where direction = %s order by id desc limit 1), '
                                            'last) from loket.theme_counted', ['in']), what='all that was said to be looked at')

    def counted(self, n, **of):
        self.all_counted()
        self.assertEqual(self.count(**of), n)

    def list(self, token='wim', **query):
        answer = self.world.api('GET', '/v1/signals?' + '&'.join(f'{k}={v}' for k, v in query.items()), token)
        self.assertEqual(answer.status, 200, answer)
        return answer.json['items']

    def test_from_questions_to_a_signal_and_its_end(self):
        self.usual()
        stream = self.world.events('wim')
        for i in range(12):
            self.said(f'Het stinkt in Sterrenburg ({i}), bel 0612345678. Groeten, Piet de Vries', name='Jan Jansen')
        for _ in range(4):
            self.said('Er ligt afval in Sterrenburg')
        raised = stream.wait('signal.raised', timeout=60)['signal']
        self.assertEqual((raised['theme'], raised['area'], raised['department'], raised['municipality']),
                         ('stank', 'sterrenburg', 'Omgevingsdienst', 'dordrecht'))
        self.counted(12, area='sterrenburg')
        self.counted(4, theme='afval')
        items = self.list()
        self.assertEqual([i['id'] for i in items], [raised['id']])          # one for the event, none for what is as usual
        signal = items[0]
        self.assertEqual((signal['theme'], signal['area'], signal['state']), ({'id': 'stank', 'name': 'Stank'}, {'id': 'sterrenburg', 'name': 'Sterrenburg'}, 'open'))
        self.assertEqual(signal['falseAlarmsPerWeek'], 0.5)
        self.assertLess(signal['expected'] * 3, signal['count'])
        self.assertGreaterEqual(len(signal['usual']), 5)
        self.assertTrue(0 < len(signal['examples']) <= 5)
        for example in signal['examples']:
            self.assertRegex(example['text'], r'^Het stinkt in Sterrenburg \(\d+\), bel … Groeten, … de …$')
        notices = self.world.psql("select payload::text from loket.notice where kind like 'signal.%%'")
        self.assertNotIn('stinkt', str(notices))
        # the citizen takes it back: it is no example any more
        self.world.psql('update loket.contact set text = null where id = %s', [signal['examples'][0]['contact']])
        self.assertEqual(len(self.list()[0]['examples']), len(signal['examples']) - 1)
        # who leads next counts nothing twice, and sees that it is over
        self.world.kill9()
        self.world.psql('''update loket.theme_hour set hour = hour - 20 where hour >= %s''', [self.hour - 1])
        before = self.world.value('select sum(n) from loket.theme_hour')
        self.world.start()
        wait_until(lambda: self.list(state='ended'), 60, 'the end of the signal')
        self.assertIn('endedAt', self.list(state='ended', theme='stank', area='sterrenburg', municipality='dordrecht')[0])
        self.assertEqual(self.list(state='open'), [])
        self.assertEqual(self.world.value('select sum(n) from loket.theme_hour'), before)
        self.assertEqual(self.world.api('GET', '/v1/signals?cursor=xx', 'wim').status, 400)
        page = self.world.api('GET', '/v1/signals?limit=1', 'lead').json
        self.assertIsNone(page['next'])

    def test_one_person_is_one_question(self):
        self.usual()
        for _ in range(15):
            self.said('Rookoverlast in het centrum!', who='boze-buur')
        self.counted(1)
        self.assertEqual(self.list(), [])

    def test_nothing_is_known_in_the_first_weeks(self):
        self.usual(weeks=2)
        for _ in range(10):
            self.said('Wat een stank')
        self.counted(10)
        self.assertEqual(self.list(), [])

    def test_only_for_who_may(self):
        for who, status in (('anna', 403), ('carla', 403), ('wim', 200), ('integration', 200), ('lead', 200), ('admin', 200)):
            self.assertEqual(self.world.api('GET', '/v1/signals', who).status, status, who)

    def test_the_digest(self):
        self.usual()
        for _ in range(7):
            self.said('Het stinkt in het centrum <b>', name='Kees')
        self.counted(7)
        wait_until(self.list, 60, 'a signal')
        today = datetime.datetime.now(datetime.timezone.utc).astimezone(__import__('zoneinfo').ZoneInfo('Europe/Amsterdam')).date().isoformat()
        path = f'/v1/signals/digest?municipality=dordrecht&date={today}'
        j = self.world.api('GET', path, 'wim').json
        self.assertEqual((j['period'], j['themes'][0]['name'], j['themes'][0]['count'], j['themes'][0]['area']), ('day', 'Stank', 7, 'Centrum'))
        self.assertEqual((j['signals'][0]['theme']['name'], j['signals'][0]['department']), ('Stank', 'Omgevingsdienst'))
        page = self.world.api('GET', path + '&period=week', 'lead', headers={'Accept': 'text/html'})
        self.assertEqual(page.headers['Content-Type'], 'text/html; charset=utf-8')
        html = page.body.decode()
        self.assertIn('<html lang="nl">', html)
        self.assertIn('Stank in Centrum: 7 vragen in', html)
        self.assertNotIn('Kees', html)
        text = self.world.api('GET', path, 'wim', headers={'Accept': 'text/plain'})
        self.assertEqual(text.body.decode(), j['text'])
        self.assertIn('- Stank: 7 vragen.', j['text'])
        self.assertEqual(self.world.api('GET', '/v1/signals/digest', 'wim').status, 400)
        self.assertEqual(self.world.api('GET', '/v1/signals/digest?municipality=dordrecht&date=2026-02-31', 'wim').status, 400)
        self.assertEqual(self.world.api('GET', '/v1/signals/digest?municipality=rotterdam', 'wim').status, 404)


if __name__ == '__main__':
    world.main()
