#!/usr/bin/env python3
"""How it was: asked once after a case, by a link or by an agent; who is called back for it; what the report shows."""
import hashlib
import itertools
import pathlib
import re
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dispatch_world  # noqa: E402
import world  # noqa: E402
from dispatch_world import wait_until  # noqa: E402

PAGE = 'https://www.dordrecht.example/uw-mening'
ANSWER = {'grade': 8, 'speed': 4, 'feltHelped': 5, 'ease': 4, 'solvedInOneGo': True}
addresses = (f'198.51.100.{i}' for i in itertools.count(1))


class SurveyTest(dispatch_world.DispatchTest):
    settings = {'on': True, 'url': PAGE, 'waitMinutes': 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {'survey': cls.settings}})
        assert answer.status in (200, 201), answer

    def setUp(self):
        super().setUp()
        self.phone, self.address = '3161' + str(uuid.uuid4().int)[:7], next(addresses)

    def helped(self, text='Ik wil mijn rijbewijs verlengen', outcome='solved', **more):
        """A case of somebody who wrote by WhatsApp, resolved by Anna."""
        self.world.hook_whatsapp(text, wa_id=self.phone, **more)
        case = str(self.world.value("select case_id from loket.contact where addresses @> jsonb_build_array(jsonb_build_object("
                                    "'kind', 'phone', 'value', %s::text)) order by received_at desc limit 1", ['+' + self.phone]))
        anna = next((p for p in self.people if p.name == 'anna'), None) or self.person('anna')
        anna.resolve(anna.accept(anna.events.wait('offer.made', lambda d: d['case']['id'] == case)), outcome)
        return case

    def survey(self, case, want=('offered',)):
        """State and why of the survey of a case, once it is one of those."""
        def row():
            return (self.world.psql('select state, why from loket.survey where case_id = %s', [case]) or [(None, None)])[0]
        wait_until(lambda: row()[0] in want, 20, f'a survey that is {want}')
        return row()

    def token(self, case):
        """Of the link in what was sent to them."""
        self.survey(case)
        said = "select text from loket.contact where case_id = %s and 'automatic' = any (flags)"
        wait_until(lambda: self.world.psql(said, [case]), 20, 'the invitation')
        return re.search(re.escape(PAGE) + '#([A-Za-z0-9_-]{43})$', self.world.value(said, [case])).group(1)

    def call(self, method, token, body=None):
        return self.world.api(method, f'/v1/surveys/{token}', None, body, {'X-Real-IP': self.address})

    def answer(self, token, want=201, **more):
        answer = self.call('POST', token, ANSWER | more)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def kept(self, case):
        return self.world.psql('select state, grade, speed, felt_helped, ease, solved, text from loket.survey where case_id = %s', [case])[0]

    def tasks(self, case):
        return self.world.psql('select department, action, due > now() from loket.task where case_id = %s', [case])


class ByLink(SurveyTest):
    def test_asked_and_answered(self):
        case = self.helped()
        token = self.token(case)
        self.assertEqual(bytes(self.world.value('select token_sha256 from loket.survey where case_id = %s', [case])),
                         hashlib.sha256(token.encode()).digest())
        asked = self.call('GET', token)
        self.assertEqual((asked.status, asked.json['municipality'], asked.json['language']), (200, 'Dordrecht', 'nl'))
        self.assertEqual([q['id'] for q in asked.json['questions']], ['grade', 'speed', 'feltHelped', 'ease', 'solvedInOneGo', 'text'])
        self.assertEqual(self.answer(token, text='Fijn. Mijn nummer is 999990019.'), {'callsBack': False})
        self.assertEqual(self.kept(case), ('answered', 8, 4, 5, 4, True, 'Fijn. Mijn nummer is ' + '•' * 9 + '.'))
        self.assertEqual(self.tasks(case), [])
        self.answer(token, want=409)
        self.assertEqual(self.call('GET', token).status, 409)
        self.assertEqual(self.world.value('select state from loket.case_file where id = %s', [case]), 'closed')
        self.assertNotIn(token, self.world.log())

    def test_who_is_called_back(self):
        for grade, text, action in [(3, None, 'niet tevreden'), (10, None, 'heel tevreden'), (7, 'ik wil graag hulp', 'hulp')]:
            with self.subTest(grade):
                self.phone = '3161' + str(uuid.uuid4().int)[:7]
                case = self.helped()
                told = self.answer(self.token(case), grade=grade, **({'text': text} if text else {}))
                self.assertTrue(told['callsBack'])
                department, what, ahead = self.tasks(case)[0]
                self.assertEqual((department, ahead), ('KCC', True))
                self.assertIn(action, what)
                self.assertIn('before', told)

    def test_only_what_was_answered(self):
        case = self.helped()
        token = self.token(case)
        self.assertEqual([e['name'] for e in self.call('POST', token, {'speed': 2}).json['errors']], ['grade'])
        self.assertEqual([e['name'] for e in self.call('POST', token, {'grade': 11}).json['errors']], ['grade'])
        self.assertEqual(self.call('POST', token, {'cijfer': 8}).status, 400)
        self.assertEqual(self.call('POST', token, {'grade': 6}).status, 201)
        self.assertEqual(self.kept(case), ('answered', 6, None, None, None, None, None))

    def test_no_token_of_ours(self):
        case = self.helped()
        token = self.token(case)
        self.world.psql("update loket.survey set expires_at = now() - interval '1 second' where case_id = %s", [case])
        self.assertEqual(self.call('GET', token).status, 404)
        self.assertEqual(self.call('POST', token, ANSWER).status, 404)
        statuses = []
        while 429 not in statuses and len(statuses) < 500:
            statuses.append(self.call('GET', 'geen-van-ons').status)
        self.assertEqual(set(statuses), {404, 429})
        self.assertEqual(self.call('POST', token, ANSWER).status, 429)

    def test_once_in_a_while_and_no_more(self):
        first = self.helped()
        token = self.token(first)
        second = self.helped('Waar vraag ik een parkeervergunning aan?')
        self.assertNotEqual(first, second)
        self.assertEqual(self.survey(second, ('skipped', 'offered')), ('skipped', 'period'))
        self.world.psql("update loket.survey set offered_at = now() - interval '31 days' where case_id = %s", [first])
        self.assertEqual(self.call('POST', token, {'optOut': True}).status, 201)
        self.assertEqual(self.kept(first)[:2], ('answered', None))
        third = self.helped('Ik wil een uittreksel uit de brp')
        self.assertEqual(self.survey(third, ('skipped', 'offered')), ('skipped', 'optedOut'))

    def test_nobody_is_asked(self):
        """what was no question of theirs, who asked for help by a person, and what opened again"""
        spam = self.helped(outcome='spam')
        self.phone = '3161' + str(uuid.uuid4().int)[:7]
        zero = self.helped('Iets over mijn paspoort', outcome='notForUs')
        self.phone = '3161' + str(uuid.uuid4().int)[:7]
        good = self.helped()
        self.survey(good)
        self.assertEqual(self.world.psql('select state from loket.survey where case_id = any (%s::uuid[])', [[spam, zero]]), [])

    def test_where_it_cannot_be_sent(self):
        """a case of the counter: nothing is in it that failed, and the response does not count it"""
        anna = self.person('anna', channels=['counter'])
        told = self.world.api('POST', '/v1/contacts', 'anna', {
            'municipality': 'dordrecht', 'channel': 'counter', 'text': 'Rijbewijs opgehaald', 'product': 'rijbewijs',
            'from': {'addresses': [{'kind': 'phone', 'value': '+' + self.phone}]}}).json
        anna.resolve({'case': told['case'], 'epoch': told['case']['epoch']})
        self.assertEqual(self.survey(told['case']['id'], ('skipped',))[0], 'skipped')
        self.assertEqual(self.world.value("select count(*) from loket.contact where case_id = %s and direction = 'out'", [told['case']['id']]), 0)

    def test_what_was_written_goes(self):
        case = self.helped()
        self.answer(self.token(case), text='Dit gaat weer weg')
        self.world.psql("update loket.survey set answered_at = now() - interval '91 days' where case_id = %s", [case])
        wait_until(lambda: self.kept(case)[6] is None, 10, 'the text to go')
        self.assertEqual(self.kept(case)[1], 8)


class ByAgent(SurveyTest):
    def type_in(self, case, want=201, **more):
        answer = self.world.api('POST', f'/v1/cases/{case}/survey', 'anna', ANSWER | more)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def test_typed_in(self):
        case = self.helped()
        self.assertEqual(self.type_in(case, grade=4, text='Duurde lang')['callsBack'], True)
        self.assertEqual(self.world.psql("select n.payload ->> 'event' from loket.notice n join loket.task t on n.payload -> 'task' ->> 'id' = t.id::text "
                                         "where n.kind = 'task.changed' and t.case_id = %s", [case]), [('made',)])
        self.assertEqual(self.kept(case)[:2], ('answered', 4))
        self.assertIn('niet tevreden', self.tasks(case)[0][1])
        self.assertEqual(self.world.value('select kind from loket.task where case_id = %s', [case]), 'callback')
        self.assertEqual(self.world.psql("select action from loket.access_log where object_id = %s and action like 'survey%%'", [case]),
                         [('survey.create',)])
        self.type_in(case, want=409)

    def test_rules(self):
        first = self.helped()
        self.type_in(first, optOut=True)
        second = self.helped('Waar vraag ik een parkeervergunning aan?')
        self.assertEqual(self.type_in(second, want=422)['rule'], 'optedOut')
        self.world.psql("delete from loket.opt_out where channel = 'survey'")
        self.assertEqual(self.type_in(second, want=422)['rule'], 'surveyedBefore')
        now = self.world.api('GET', '/v1/municipalities/dordrecht', 'admin').json
        self.assertEqual((now['survey']['on'], now['survey']['periodDays']), ({'value': True, 'from': 'region'}, {'value': 30, 'from': 'default'}))
        body = {'region': now['region'], 'name': now['name'], 'settings': now['settings'] | {'survey': {'on': False}}}
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', body)
        self.assertEqual(answer.json['survey']['on'], {'value': False, 'from': 'municipality'})
        try:
            wait_until(lambda: self.world.api('POST', f'/v1/cases/{second}/survey', 'anna', ANSWER).json.get('rule') == 'surveyOff', 10)
        finally:
            self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', body | {'settings': now['settings']})

    def test_settings_that_are_wrong(self):
        wrong = {'on': 1, 'url': 'ftp://x', 'periodDays': 0, 'low': 10, 'team': '', 'vraag': 1}
        answer = self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {'survey': wrong}})
        self.assertEqual((answer.status, {e['name'] for e in answer.json['errors']}), (422, {'settings.survey.' + k for k in wrong}))


class Report(SurveyTest):
    def test_the_report(self):
        for product, grades in [('rijbewijs', [8, 9, 7, 10, 6] * 7), ('huwelijk', [1, 2, 3, 4])]:
            for i, grade in enumerate(grades + [None] * 5):
                self.world.psql("insert into loket.survey (id, municipality, case_id, product, channel, state, offered_at, grade, solved, ease) "
                                "values (gen_random_uuid(), 'sliedrecht', gen_random_uuid(), %s, 'whatsapp', %s, now(), %s, %s, %s)",
                                [product, 'answered' if grade else 'offered', grade, i % 2 == 0 if grade else None, 4 if i < 3 else None])
        answer = self.world.api('GET', '/v1/surveys/report?by=product&municipality=sliedrecht', 'lead')
        self.assertEqual(answer.status, 200, answer)
        told = answer.json
        self.assertEqual((told['target'], told['tooFew'], [i['group'] for i in told['items']]), (8.5, 1, ['rijbewijs']))
        row = told['items'][0]
        self.assertEqual((row['offered'], row['answered'], row['grade']['n'], row['grade']['value']), (40, 35, 35, 8))
        self.assertAlmostEqual(row['response']['value'], 35 / 40)
        self.assertLess(row['grade']['low'], 8)
        self.assertEqual(row['ease'], {'n': 3, 'value': 4})
        self.assertAlmostEqual(row['solvedInOneGo']['value'], 18 / 35)
        self.assertEqual(self.world.api('GET', '/v1/surveys/report?by=agent', 'lead').status, 400)
        self.assertEqual(self.world.api('GET', '/v1/surveys/report?municipality=slidrecht', 'lead').status, 403)     # not a report of nothing
        for by in ('municipality', 'channel', 'month'):
            self.assertEqual(self.world.api('GET', f'/v1/surveys/report?by={by}&municipality=sliedrecht', 'lead').json['items'][0]['answered'], 39)


if __name__ == '__main__':
    world.main()
