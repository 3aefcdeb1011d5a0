#!/usr/bin/env python3
"""Calls by Asterisk: config/asterisk/loket-asterisk between a stand-in for ARI and loketd; what breaks off and comes back."""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin import asterisk, exchange  # noqa: E402
from test_menus import MENU  # noqa: E402

INBOX = 'dordrecht-phone'
numbers = itertools.count(1)
FIXTURES = pathlib.Path(os.environ.get('LOKET_FIXTURES', world.ROOT.parent / 'shared/fixtures')) / 'asterisk_ari'


class Asterisk(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        w = cls.world
        w.psql('update loket.inbox set settings = settings || %s where id = %s', [json.dumps({'menu': MENU}), INBOX])
        w.psql("update loket.agent set extension = '201' where name = 'Anna'", [])
        cls.pbx, d = asterisk.Asterisk(), w.dir
        (d / 'sounds').mkdir()
        (d / 'ari-password').write_text('geheim-van-asterisk\n')
        (d / 'hook-secret').write_text(w.secrets[INBOX] + '\n')
        (d / 'speak').write_text('#!/bin/sh\nexec cat >"$2"\n')
        (d / 'speak').chmod(0o755)
        (d / 'asterisk.conf').write_text(
            f'[asterisk]\nurl = {cls.pbx.url}\nuser = loket\npassword_file = ${{SECRETS}}/ari-password\n'
            f'[sounds]\nfolder = {d}/sounds\nspeak = {d}/speak\n'
            f'[inbox kcc]\nhook = {w.url}/v1/hooks/{INBOX}\nsecret_file = ${{SECRETS}}/hook-secret\n')
        wait_until(cls.menu_is_loaded, what='the menu')
        cls.start()

    @classmethod
    def tearDownClass(cls):
        cls.end()
        cls.pbx.close()
        super().tearDownClass()

    @classmethod
    def menu_is_loaded(cls):
        call = exchange.Call(f'{cls.world.url}/v1/hooks/{INBOX}', cls.world.secrets[INBOX], 'anonymous')
        do = call.post('ringing')['do']
        call.post('ended')
        return do == 'menu'

    @classmethod
    def start(cls):
        cls.log = open(cls.world.dir / 'forwarder.log', 'a+', encoding='utf-8')     # noqa: SIM115
        cls.pbx.socket_of_app = None
        cls.forwarder = subprocess.Popen(['/usr/bin/python3', world.ROOT / 'config/asterisk/loket-asterisk', cls.world.dir / 'asterisk.conf'],
                                         env=os.environ | {'SECRETS': str(cls.world.dir)}, stderr=cls.log)
        wait_until(lambda: cls.pbx.socket_of_app, what='the forwarder')

    @classmethod
    def end(cls):
        cls.forwarder.terminate()
        assert cls.forwarder.wait(60) == 0
        cls.log.seek(0)
        said = cls.log.read()
        cls.log.close()
        assert 'broke_off' not in said, said
        for secret in ('geheim', cls.world.secrets[INBOX], 'Welkom', '061237'):
            assert secret not in said, said

    def setUp(self):
        super().setUp()
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', owner = null, closed_at = now() - interval '1 hour' "
                        "where state <> 'closed'; delete from loket.offer; delete from loket.wrapup", [])
        self.id = f'1795262400.{next(numbers)}'
        self.pbx.requests.clear()

    def tearDown(self):
        self.pbx.answers_late = 0
        for name in ('anna', 'carla'):
            self.world.api('PUT', '/v1/me/presence', name, {'state': 'offline'})
        for c in list(self.pbx.channels):
            if c in self.pbx.channels:
                self.pbx.hang_up(c)
        wait_until(lambda: self.world.value("select count(*) from loket.call where state <> 'ended'") == 0, what='all calls ended')
        super().tearDown()

    def ring(self):
        self.pbx.call(self.id, f'061237{next(numbers):04d}', 'kcc')
        wait_until(lambda: self.pbx.playing(self.id), what='the menu is said')

    def row(self, columns='state, outcome'):
        return self.world.value(f'select (select to_json(c) from (select {columns} from loket.call where provider_id = %s) c)', [self.id])

    def said(self):
        """The newest prompt, as text."""
        media = self.pbx.asked('POST', f'channels/{self.id}/play/*')[-1]['media'].split(',')
        return [pathlib.Path(m[6:] + '.wav').read_text(encoding='utf-8') if m.startswith('sound:') else m for m in media]

    def press(self, key, menu):
        self.pbx.press(self.id, key)
        wait_until(lambda: self.row('menu') == {'menu': menu}, what=f'key {key}')

    def to_an_agent(self):
        """Through the menu to Anna, whose telephone rings."""
        anna = self.world.agent('anna')
        anna.ready()
        self.ring()
        self.press('1', '1')
        wait_until(lambda: 'U bent de eerste in de rij.' in self.said(), what='the wait')
        self.pbx.finish(self.pbx.playing(self.id))
        taken = anna.accept(anna.next_offer())
        wait_until(self.pbx.legs, what='the telephone rings')
        return anna, taken, self.pbx.legs()[0]

    def test_to_an_agent(self):
        anna = self.world.agent('anna')
        anna.ready()
        self.ring()
        self.assertEqual(self.said(), ['Welkom bij Dordrecht', 'digits:1', 'Rijbewijs', 'digits:2', 'Iets anders', 'digits:0',
                                       'Hulp van een medewerker'])
        self.press('2', '2')
        wait_until(lambda: 'Parkeren' in self.said(), what='the menu below')
        self.press('#', '2#')
        self.press('1', '2#1')
        wait_until(lambda: 'U bent de eerste in de rij.' in self.said(), what='the wait')
        self.pbx.finish(self.pbx.playing(self.id))
        wait_until(lambda: self.pbx.asked('POST', f'channels/{self.id}/moh'), what='music')
        taken = anna.accept(anna.next_offer())
        wait_until(self.pbx.legs, what='the telephone rings')
        leg = self.pbx.legs()[0]
        self.assertEqual(self.pbx.asked('POST', f'channels/{leg}')[0]['endpoint'], 'PJSIP/201')
        self.pbx.pick_up(leg)
        wait_until(lambda: self.row() == {'state': 'talking', 'outcome': None}, what='they talk')
        self.assertEqual(self.pbx.bridges[f'loket-{self.id}']['channels'], [self.id, leg])
        self.assertEqual(len(self.pbx.asked('DELETE', f'channels/{self.id}/moh')), 1)
        self.pbx.of(leg, 'ChannelHold', musicclass='default')
        self.pbx.of(leg, 'ChannelUnhold')
        self.pbx.hang_up(leg)
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'answered'}, what='the end')
        self.assertNotIn(self.id, self.pbx.channels)
        told = self.world.psql('select kind from loket.call_event e join loket.call c on c.id = e.call where c.provider_id = %s', [self.id])
        self.assertGreaterEqual({r[0] for r in told}, {'ringing', 'key', 'offered', 'answered', 'held', 'resumed', 'ended'})
        anna.resolve(taken, 'solved')

    def test_0_before_the_prompt_has_ended(self):
        self.world.agent('carla').ready()
        self.ring()
        playing = self.pbx.playing(self.id)
        self.press('0', '0')
        self.assertTrue(self.pbx.asked('DELETE', f'playbacks/{playing}'))
        self.assertTrue(self.world.value('select option0 from loket.case_file k join loket.call c on c.case_id = k.id where c.provider_id = %s',
                                         [self.id]))
        self.pbx.hang_up(self.id)
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'promised'}, what='who asked for help is called back')

    def test_no_coach_is_there(self):
        """The caller hears when somebody calls back, and the call is over."""
        self.ring()
        self.pbx.press(self.id, '0')
        wait_until(lambda: self.said()[0].startswith('Wij bellen u'), what='the promise is said')
        self.pbx.finish(self.pbx.playing(self.id))
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'promised'}, what='the end')
        self.assertNotIn(self.id, self.pbx.channels)

    def test_a_prompt_is_over_before_asterisk_answers(self):
        """Its end counts all the same: else the caller would hear nothing for two minutes."""
        self.ring()
        self.pbx.answers_late = 0.3
        self.pbx.press(self.id, '0')
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'promised'}, what='the end')

    def test_the_agent_does_not_answer(self):
        leg = self.to_an_agent()[2]
        self.pbx.hang_up(leg, 'User busy')
        wait_until(lambda: len(self.pbx.asked('POST', 'channels/leg-*')) == 2, 20, what='it rings again')
        self.assertEqual(self.row(), {'state': 'waiting', 'outcome': None})
        self.pbx.hang_up(self.id)
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'abandoned'}, what='abandoned')
        wait_until(lambda: not self.pbx.legs(), what='the telephone is quiet')

    def test_the_connection_breaks_off(self):
        """What ended and began meanwhile is found."""
        self.ring()
        first, other = self.id, self.id + '1'
        self.pbx.cut()
        self.pbx.socket_of_app = None
        self.pbx.hang_up(first)
        self.pbx.call(other, '0612370099', 'kcc')
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'abandoned'}, 20, what='the end is noticed')
        self.id = other
        wait_until(lambda: self.pbx.playing(other), what='the new call is taken')

    def test_loketd_is_away(self):
        """Nothing is lost, and it is told in order, also what happened in one millisecond."""
        self.ring()
        self.world.kill9()
        with unittest.mock.patch.object(self.pbx, 'now', lambda stamp=self.pbx.now(): stamp):
            for key in '2*2*21':
                self.pbx.press(self.id, key)
        wait_until(lambda: self.pbx.asked('POST', f'channels/{self.id}/moh'), what='music meanwhile')
        self.pbx.hang_up(self.id)
        self.world.start()
        wait_until(lambda: self.row('state, outcome, menu') == {'state': 'ended', 'outcome': 'abandoned', 'menu': '2*2*21'}, 60, what='all is told')

    def test_started_anew(self):
        """Who talks goes on talking."""
        anna, taken, leg = self.to_an_agent()
        self.pbx.pick_up(leg)
        wait_until(lambda: self.row() == {'state': 'talking', 'outcome': None}, what='they talk')
        self.end()
        self.pbx.requests.clear()
        self.start()
        self.pbx.of(leg, 'ChannelHold', musicclass='default')
        wait_until(lambda: self.world.value("select count(*) from loket.call_event e join loket.call c on c.id = e.call where e.kind = 'held' "
                                            'and c.provider_id = %s', [self.id]), what='it follows the call')
        self.assertEqual(self.pbx.legs(), [leg])
        self.assertFalse([r for r in self.pbx.requests if r[0] == 'DELETE' or '/play/' in r[1]], self.pbx.requests)
        self.pbx.hang_up(self.id)
        wait_until(lambda: self.row() == {'state': 'ended', 'outcome': 'answered'}, what='the end')
        wait_until(lambda: not self.pbx.legs(), what='the agent is free')
        anna.resolve(taken, 'solved')

    def test_what_is_not_ours(self):
        """A channel for an inbox that is not set up goes back to the dial plan; what cannot be read ends nothing."""
        self.pbx.call(self.id, '0612370098', 'elders')
        wait_until(lambda: self.pbx.asked('POST', f'channels/{self.id}/continue'), what='back')
        for odd in ({'channel': 7}, {'channel': {'id': []}}, {'playback': []}, {}):
            self.pbx.emit('StasisEnd', **odd)
        self.id += '1'
        self.ring()

    def test_captured_events(self):
        """As others captured them from Asterisk."""
        if not FIXTURES.is_dir():
            self.skipTest('no captured events at hand')
        events = {name: json.loads((FIXTURES / f'{name}.json').read_text()) for name in
                  ('channel_created', 'stasis_start', 'dtmf_0', 'hangup_request')}
        self.id = events['stasis_start']['channel']['id']
        self.pbx.channels[self.id] = events['stasis_start']['channel']
        for name in ('channel_created', 'stasis_start', 'dtmf_0', 'hangup_request'):
            self.pbx.emit(**{'kind': events[name]['type']}, **{k: v for k, v in events[name].items() if k not in ('type', 'application')})
        wait_until(lambda: self.row('state, menu, started_at') == {
            'state': 'ended', 'menu': '0', 'started_at': '2025-11-19T08:11:31.101+00:00'}, what='all is told')
        del self.pbx.channels[self.id]


if __name__ == '__main__':
    unittest.main(verbosity=2)
