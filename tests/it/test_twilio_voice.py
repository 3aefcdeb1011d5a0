#!/usr/bin/env python3
"""Calls by Twilio: through the menu to an agent or a coach, in TwiML; what comes twice, not at all, or from somebody else."""
import itertools
import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin import twilio, twilio_voice  # noqa: E402
from test_menus import MENU  # noqa: E402

INBOX, INBOX_SIP, SECRET, ACCOUNT = 'dordrecht-voice', 'dordrecht-voice-sip', 'geheim-van-de-centrale', 'AC' + '8' * 32
numbers = itertools.count(612360001)
EXTENSIONS = {'anna': '+31781230201', 'carla': '202'}


class TwilioVoice(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        w = cls.world
        for inbox, settings in ((INBOX_SIP, {'sip_domain': 'kcc.sip.twilio.com'}), (INBOX, {'music': 'https://loket.example/wacht.mp3'})):
            w.psql("insert into loket.inbox (id, municipality, channel, provider, account, settings) values "
                   "(%s, 'dordrecht', 'phone', 'twilio', %s, %s)", [inbox, ACCOUNT, json.dumps(settings | {'menu': MENU})])
            w.psql("insert into loket.inbox_secret (inbox, kind, value) values (%s, 'secret', %s)", [inbox, SECRET])
        for name, extension in EXTENSIONS.items():
            w.psql('update loket.agent set extension = %s where lower(name) = %s', [extension, name])
        cls.hook = f'{w.url}/v1/hooks/{INBOX}'
        wait_until(lambda: w.hook(INBOX, b'', secret='x').status == 401, what='the inbox')

    def setUp(self):
        super().setUp()
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', owner = null, closed_at = now() - interval '1 hour' "
                        "where state <> 'closed'; delete from loket.offer", [])
        self.call = twilio_voice.Call(self.hook, SECRET, ACCOUNT, f'+31{next(numbers)}')

    def tearDown(self):
        for name in EXTENSIONS:
            self.world.api('PUT', '/v1/me/presence', name, {'state': 'offline'})
        super().tearDown()

    def row(self, columns='state, outcome'):
        return self.world.value(f'select to_json(c) from (select {columns} from loket.call where provider_id = %s) c', [self.call.sid])

    def case(self, column):
        return self.world.value(f'select k.{column}::text from loket.case_file k join loket.call c on c.case_id = k.id '
                                'where c.provider_id = %s', [self.call.sid])

    def tags(self):
        return [v.tag for v in self.call.verbs]

    def until(self, tag):
        """Nothing is pressed until Twilio is told this."""
        def told():
            self.call.nothing()
            return self.call.find(tag) is not None
        wait_until(told, what=tag)

    def test_to_an_agent(self):
        call, anna = self.call, self.world.agent('anna')
        anna.ready()
        call.ring()
        self.assertEqual(call.said(), [('nl-NL', 'Welkom bij Dordrecht'), ('nl-NL', 'Toets 1: Rijbewijs.'),
                                       ('nl-NL', 'Toets 2: Iets anders.'), ('nl-NL', 'Toets 0: Hulp van een medewerker.')])
        self.assertEqual(self.tags(), ['Gather', 'Redirect'])
        call.nothing()
        self.assertEqual(call.said()[0][1], 'Welkom bij Dordrecht')      # said again
        call.press('2')
        self.assertEqual(call.said()[1], ('nl-NL', 'Toets 1: Parkeren.'))
        call.press('#')
        call.press('1')
        self.assertEqual(self.case('product'), 'parkeervergunning')
        self.assertEqual(call.said()[0], ('nl-NL', 'U bent de eerste in de rij.'))
        self.assertEqual([v.tag for v in call.find('Gather')][-1], 'Play')
        taken = anna.accept(anna.next_offer())
        self.until('Dial')
        self.assertEqual((call.noun().tag, call.noun().text), ('Number', EXTENSIONS['anna']))
        call.leg('ringing', 'ringing')
        call.leg('answered', 'in-progress')
        self.assertEqual(self.row('state, agent::text')['agent'],
                         self.world.value("select id::text from loket.agent where name = 'Anna'"))
        call.dialled('completed')
        self.assertEqual(self.tags(), ['Hangup'])
        self.assertEqual(call.hang_up(self.hook), 200)
        self.assertEqual(self.row('state, outcome, menu'), {'state': 'ended', 'outcome': 'answered', 'menu': '2#1'})
        self.assertEqual(self.world.value('select count(*) from loket.contact where provider_id = %s', [call.sid]), 1)
        anna.resolve(taken, 'solved')

    def test_0_before_the_prompt_has_ended(self):
        anna, coach = self.world.agent('anna'), self.world.agent('carla')
        anna.ready()
        coach.ready()
        self.call.ring()
        self.call.press('0')
        self.assertEqual(self.case('option0'), 'true')
        taken = coach.accept(coach.next_offer())
        self.assertEqual(taken['case']['id'], self.case('id'))
        self.assertEqual(self.world.value("select count(*) from loket.offer o join loket.agent a on a.id = o.agent where a.name = 'Anna' "
                                          'and o.case_id = %s::uuid', [self.case('id')]), 0)
        self.call.hang_up(self.hook)
        self.assertEqual(self.row(), {'state': 'ended', 'outcome': 'promised'})   # nobody had spoken to them

    def test_no_coach_is_there(self):
        """The caller hears when somebody calls back, and the call is over."""
        self.call.ring()
        self.call.press('0')
        self.assertEqual(self.tags(), ['Say', 'Hangup'])
        self.assertRegex(self.call.said()[0][1], '^Wij bellen u')
        self.call.hang_up(self.hook)
        self.assertEqual(self.row(), {'state': 'ended', 'outcome': 'promised'})

    def test_the_agent_does_not_answer(self):
        call, anna = twilio_voice.Call(f'{self.world.url}/v1/hooks/{INBOX_SIP}', SECRET, ACCOUNT, f'+31{next(numbers)}'), self.world.agent('anna')
        self.call = call
        call.ring()
        call.press('1')
        anna.ready()
        taken = anna.accept(anna.next_offer())
        self.until('Dial')
        self.assertEqual(call.noun().text, f"sip:{EXTENSIONS['anna']}@kcc.sip.twilio.com")
        call.leg('ringing', 'ringing')
        call.dialled('no-answer')
        self.assertEqual(self.tags(), ['Pause', 'Dial'])                 # not at once
        self.assertEqual(self.row(), {'state': 'waiting', 'outcome': None})
        call.leg('answered', 'in-progress')
        self.assertIsNotNone(self.row('agent::text')['agent'])
        call.hang_up(self.hook)
        anna.resolve(taken, 'solved')

    def test_told_again(self):
        """A key is one key, however often its post comes; the next press of the same key is another."""
        self.call.ring()
        self.call.ring()
        gather = self.call.find('Gather').get('action')
        for _ in range(3):
            self.assertEqual(200, self.call.send(gather, self.call.known | {'CallStatus': 'in-progress', 'Digits': '2'})[0])
        self.assertEqual(self.row('menu'), {'menu': '2'})
        self.call.nothing()
        self.call.press('1')
        self.assertEqual(self.row('menu'), {'menu': '21'})
        for _ in range(2):
            self.call.hang_up(self.hook)
        self.assertEqual(self.row(), {'state': 'ended', 'outcome': 'abandoned'})
        self.assertEqual(self.case('state'), 'closed')

    def test_the_end_is_all_we_hear(self):
        self.call.hang_up(self.hook, 'no-answer')
        self.assertEqual(self.row(), {'state': 'ended', 'outcome': 'abandoned'})

    def test_the_leg_comes_first(self):
        """The answer of an agent arrives when nothing else has, and the rest after the end."""
        leg = {'CallSid': self.call.leg_sid, 'ParentCallSid': self.call.sid, 'To': EXTENSIONS['anna'], 'Direction': 'outbound-dial'}
        self.assertEqual(200, self.call.send(self.hook, self.call.known | leg | {'CallStatus': 'in-progress'})[0])
        self.call.hang_up(self.hook)
        self.call.ring()
        self.assertEqual(self.tags(), ['Hangup'])
        self.assertEqual(self.row(), {'state': 'ended', 'outcome': 'answered'})

    def test_from_somebody_else(self):
        fields = self.call.known | {'CallStatus': 'in-progress', 'Digits': '0'}
        url, body, headers = twilio.signed(SECRET, self.hook + '?step=1', fields)
        self.assertEqual(401, twilio_voice.post(url.replace('step=1', 'step=2'), body, headers)[0])
        self.assertEqual(401, twilio_voice.post(url, body.replace(b'Digits=0', b'Digits=1'), headers)[0])
        self.assertEqual(401, twilio_voice.post(*twilio.signed('mis', url, fields))[0])
        self.assertIsNone(self.world.value('select max(id::text) from loket.call where provider_id = %s', [self.call.sid]))
        self.assertEqual(200, twilio_voice.post(url, body, headers)[0])

    def test_by_get(self):
        """A number may be set up to ask by GET."""
        url, body, _ = twilio.signed(SECRET, self.hook, self.call.known | {'CallStatus': 'ringing'})
        url += '?' + body.decode()
        answer = self.world.request('GET', url.removeprefix(self.world.url), {'X-Twilio-Signature': twilio.signature(SECRET, url)})
        self.assertEqual((answer.status, answer.headers['Content-Type']), (200, 'text/xml'))
        self.assertEqual([v.tag for v in xml.etree.ElementTree.fromstring(answer.body)], ['Gather', 'Redirect'])

    def test_calls_of_our_own(self):
        """Somebody of ours calls out by the same account: no contact of a citizen."""
        self.assertEqual(200, self.call.send(self.hook, self.call.known | {'CallStatus': 'completed', 'Direction': 'outbound-api'})[0])
        self.assertEqual(0, self.world.value('select count(*) from loket.contact where provider_id = %s', [self.call.sid]))


if __name__ == '__main__':
    unittest.main(verbosity=2)
