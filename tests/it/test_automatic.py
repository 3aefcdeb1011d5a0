#!/usr/bin/env python3
"""What is said without a person: who asks for one is told once when that is, and asked how; nothing else is said there."""
import datetime
import itertools
import json
import pathlib
import sys
import time
import uuid
import zoneinfo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from instance import another_instance, as_bytes, deliver  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

people = itertools.count(31621000001)
ALWAYS = {day: [['00:00', '24:00']] for day in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')} | {'holidays': False}
SPOKEN = '''select text, delivery, delivery_error, to_jsonb(flags), agent from loket.contact
    where case_id = %s and direction = 'out' order by received_at, id'''


def today():
    return datetime.datetime.now(zoneinfo.ZoneInfo('Europe/Amsterdam')).date()


def settle(w):
    """Nothing waits to be said or sent."""
    wait_until(lambda: not w.value("select count(*) from loket.automatic where state = 'queued'")
               and not w.value("select count(*) from loket.outbox where state <> 'done'"), 20, 'what is said')


def say_menu_after_option0(w):
    """What the daemon makes of a menu in a case that asked for a person; the row as menus would write it."""
    w.hook_whatsapp('0', wa_id='31629999999')
    case = w.value("select id::text from loket.case_file where option0")
    w.psql("insert into loket.automatic (id, municipality, case_id, kind, payload, at) values (%s, 'dordrecht', %s, 'menu', %s, now())",
           [str(uuid.uuid4()), case, json.dumps({'text': 'Kies 1 of 2'})])
    settle(w)
    return w.value("select count(*) from loket.contact where text = 'Kies 1 of 2'")


class Automatic(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coach = cls.world.agent('carla')
        cls.world.psql("""update loket.inbox set settings = settings || '{"public": true}' where id = 'sliedrecht-webform'""")
        wait_until(lambda: cls.world.hook('sliedrecht-webform', b'{}', secret='').status != 401, 10, 'the public form')

    def setUp(self):
        self.settings()
        self.coach.offline()

    def settings(self, want=200, **settings):
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin',
                                {'name': 'Dordrecht', 'region': 'drechtsteden', 'settings': {'hours': ALWAYS} | settings})
        self.assertEqual(answer.status, want, answer)
        return answer

    def write(self, text, person=None, **more):
        """Who writes, and the case it came into."""
        person = person or str(next(people))
        self.assertEqual(self.world.hook_whatsapp(text, wa_id=person, **more).status, 200)
        return person, self.world.value('select case_id::text from loket.contact where addresses -> 0 ->> %s = %s '
                                        "and direction = 'in' order by received_at desc limit 1", ['value', '+' + person])

    def spoken(self, case):
        settle(self.world)
        return self.world.psql(SPOKEN, [case])

    def sent(self, text):
        return [r for r in self.world.standin.received if r['message'].get('text', {}).get('body') == text]

    def wants_help(self, case):
        self.world.psql('insert into loket.help_request (id, municipality, case_id, channel, product, asked_by, asked_at) '
                        "values (%s, 'dordrecht', %s, 'whatsapp', 'rijbewijs', 'text', now()) on conflict do nothing",
                        [str(uuid.uuid4()), case])

    def preference(self, case):
        return self.world.value('select preference from loket.help_request where case_id = %s', [case])

    def test_a_coach_is_there(self):
        self.coach.ready()
        person, case = self.write('0')
        (text, delivery, error, flags, agent), = self.spoken(case)
        self.assertTrue(text.startswith('Een medewerker helpt u. Dat is nu.'), text)
        self.assertEqual((error, flags, agent), (None, ['automatic'], None))
        self.assertNotEqual(delivery, 'failed')
        one, = [r for r in self.sent(text) if r['message']['to'].endswith(person)]
        self.assertIsNone(one['wrong'])
        self.assertTrue(self.world.value('select promised_at = due_at from loket.case_file where id = %s', [case]))
        self.write('0', person)      # once is enough
        self.write('ik wil een mens', person)
        self.assertEqual(len(self.spoken(case)), 1)

    def test_nobody_is_there(self):
        _, case = self.write('0')
        (text, *_), = self.spoken(case)
        at = self.world.value("select to_char(promised_at at time zone 'Europe/Amsterdam' + interval '59.999999 seconds', 'HH24:MI') "
                              'from loket.case_file where id = %s', [case])
        self.assertIn(at + ' uur', text)

    def test_closed(self):
        """As on Koningsdag: a date on which nobody works. What is told is the next day that they do, by their clock."""
        self.coach.ready()
        hours = {d: [['09:00', '17:00']] for d in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')}
        dates = [today() + datetime.timedelta(n) for n in (-1, 0, 1)]
        self.settings(hours=hours | {'holidays': False, 'closed': [d.isoformat() for d in dates]},
                      callback={'promise_minutes': 60})
        _, case = self.write('0')
        (text, *_), = self.spoken(case)
        opens = dates[-1] + datetime.timedelta(1)
        self.assertIn(f'voor {opens:%d-%m-%Y} 10:00 uur', text)
        self.assertEqual(self.world.value("select to_char(promised_at at time zone 'Europe/Amsterdam', 'YYYY-MM-DD HH24:MI') "
                                          'from loket.case_file where id = %s', [case]), f'{opens} 10:00')

    def test_what_was_promised_is_told(self):
        """Whoever promised before this, by a call-back: there is one time."""
        person, case = self.write('Hoe vraag ik een rijbewijs aan?')
        self.world.psql("update loket.case_file set promised_at = '2099-01-02 08:15:00Z' where id = %s", [case])
        self.coach.ready()
        self.write('0', person)
        (text, *_), = self.spoken(case)
        self.assertIn('voor 02-01-2099 09:15 uur', text)

    def test_preference(self):
        for answer, kept in (('1', 'callback'), (' 2. ', 'counter'), ('١', 'callback'), ('12', None), ('Om 1 uur', None)):
            person, case = self.write('0')
            self.wants_help(case)
            self.spoken(case)
            self.write(answer, person)
            self.assertEqual(self.preference(case), kept, answer)
        # only as the next thing that is said, and only who asked for help
        self.write('2', person)
        self.assertIsNone(self.preference(case))
        person, case = self.write('Hoe vraag ik een rijbewijs aan?')
        self.wants_help(case)
        self.write('1', person)
        self.assertIsNone(self.preference(case))

    def test_an_ordinary_message_gets_no_answer(self):
        for text in ('Hoe vraag ik een rijbewijs aan?', 'Ik woon aan de Dorpsstraat 0', '1'):
            _, case = self.write(text)
            self.assertEqual(self.spoken(case), [], text)
        self.settings(option0={'answer': False})
        _, case = self.write('0')
        self.assertEqual(self.spoken(case), [])

    def test_what_cannot_be_sent_is_shown(self):
        person = str(next(people))
        self.write('STOP', person)
        self.world.psql("insert into loket.opt_out (municipality, channel, kind, value, at) "
                        "values ('dordrecht', 'whatsapp', 'phone', %s, now()) on conflict do nothing", ['+' + person])
        _, case = self.write('0', person)
        (_, delivery, error, *_), = self.spoken(case)
        self.assertEqual((delivery, error), ('failed', 'optedOut'))
        seen = self.world.api('GET', f'/v1/cases/{case}', 'lead').json
        shown, = [c for c in seen['contacts'] if c['direction'] == 'out']
        self.assertEqual((shown['delivery'], shown['deliveryError'], shown['flags']), ('failed', 'optedOut', ['automatic']))
        self.assertIn('failed', [h.get('delivery') for h in seen['history']])
        _, case = self.write('0', timestamp=int(time.time()) - 25 * 3600)
        self.assertEqual(self.spoken(case)[0][1:3], ('failed', 'windowClosed'))

    def test_a_form_of_anybody_mails_nobody(self):
        """Its address may be anyone's: what is sent by itself would be sent to whom somebody names."""
        form = {'form': 'vraag', 'option0': True, 'fields': {'bericht': 'Ik kom er niet uit'}}
        last = "select id::text from loket.case_file where channel = 'webform' and option0 order by opened_at desc limit 1"
        self.assertEqual(self.world.hook('sliedrecht-webform', json.dumps(form | {'submission_id': 's-1'}).encode(), secret='').status, 201)
        self.assertEqual(self.spoken(self.world.value(last)), [])
        # the website that signs knows whom it speaks with; without an address it is shown that nobody was told
        self.assertEqual(self.world.hook_form(form | {'submission_id': 's-2'}).status, 201)
        self.assertEqual([m[1:3] for m in self.spoken(self.world.value(last))], [('failed', 'noReplyOnChannel')])

    def test_by_mail(self):
        """It says that no person wrote it, so that no program answers it; and what a program wrote is not answered."""
        for headers, n in ({'Auto-Submitted': 'no'}, 1), ({'Auto-Submitted': 'auto-generated'}, 0):
            who = f'burger{next(people)}@example.org'
            lines = {'From': who, 'To': 'gemeente@dordrecht.example', 'Subject': 'Hulp', 'Message-ID': f'<{who}>',
                     'Content-Type': 'text/plain; charset=utf-8'} | headers
            mail = ('\r\n'.join(f'{k}: {v}' for k, v in lines.items()) + '\r\n\r\n0\r\n').encode()
            answer = self.world.hook('dordrecht-email', mail, 'message/rfc822', secret='', headers={
                'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-email'], mail)})
            self.assertEqual(answer.status, 200)
            settle(self.world)
            got = [r['message'] for r in self.world.standin.received if r['message'].get('to') == who]
            self.assertEqual(len(got), n, headers)
        self.assertIn('Auto-Submitted: auto-replied', [r['message']['raw'] for r in self.world.standin.received
                                                       if r['provider'] == 'email'][-1])

    def test_texts_of_a_municipality(self):
        own = {'nl': {'helpCall': 'Wij bellen u vóór {{tijd}}!'}, 'pl': {'helpCall': 'Do {{tijd}}.'}}
        self.settings(texts=own)
        _, case = self.write('0')
        self.assertRegex(self.spoken(case)[0][0], r'^Wij bellen u vóór [-\d :]+!$')
        person, case = self.write('Hoe vraag ik een rijbewijs aan?')
        self.world.psql("update loket.case_file set language = 'pl' where id = %s", [case])
        self.write('0', person)
        self.assertRegex(self.spoken(case)[0][0], r'^Do [-\d :]+\.$')
        wrong = self.settings(want=422, texts={'nl': {'helpLater': 'Straks', 'helpNow': 'Om {{tijd}}', 'hulp': 'x'}, 'Nederlands': {}},
                              option0={'answer': 'ja'})
        self.assertEqual({e['name'] for e in wrong.json['errors']},
                         {'settings.texts.nl.helpLater', 'settings.texts.nl.helpNow', 'settings.texts.nl.hulp',
                          'settings.texts.Nederlands', 'settings.option0.answer'})

    def test_a_menu_is_refused_after_option0(self):
        _, case = self.write('0')
        for kind, n in (('menu', 0), ('menu', 1), ('promise', 0)):
            self.world.psql('insert into loket.automatic (id, municipality, case_id, kind, n, payload, at) '
                            "values (%s, 'dordrecht', %s, %s, %s, %s, now())",
                            [str(uuid.uuid4()), case, kind, n, json.dumps({'text': f'{kind} {n}'})])
        said = [text for text, *_ in self.spoken(case)]      # the sweep finds them
        self.assertEqual(len(said), 2)
        self.assertEqual(said[1], 'promise 0')
        self.assertEqual(self.world.psql("select state, why from loket.automatic where case_id = %s and kind = 'menu'", [case]),
                         [('refused', 'option0')] * 2)
        for kind in ('promise', 'preference'):
            with self.assertRaises(Exception, msg=kind):
                self.world.psql('insert into loket.automatic (id, municipality, case_id, kind, n, payload, at) '
                                "values (%s, 'dordrecht', %s, %s, 1, '{}', now())", [str(uuid.uuid4()), case, kind])

    def test_once_after_a_crash(self):
        cases = [self.write('0')[1] for _ in range(5)]
        self.world.kill9()
        self.world.start()
        for case in cases:
            self.assertEqual(len(self.spoken(case)), 1)
        self.coach = type(self).coach = self.world.agent('carla')

    def test_once_by_two_instances(self):
        crowd = [str(next(people)) for _ in range(40)]
        with another_instance(self.world) as beside:
            provider = self.world.standin.providers['whatsapp']
            posts = [as_bytes(*provider.webhook(world.DORDRECHT_WHATSAPP, {
                'contacts': [{'profile': {'name': 'Sanne'}, 'wa_id': p}],
                'messages': [{'from': p, 'id': f'wamid.{p}', 'timestamp': str(int(time.time())), 'type': 'text', 'text': {'body': '0'}}]}))
                for p in crowd for _ in range(2)]
            self.assertEqual(set(deliver(posts, [self.world, beside])), {200})
            settle(self.world)
        for person in crowd:
            got = [r for r in self.world.standin.received if r['message'].get('to', '').endswith(person)]
            self.assertEqual(len(got), 1, person)


if __name__ == '__main__':
    world.main()
