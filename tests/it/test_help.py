#!/usr/bin/env python3
"""Option 0: help by people with doing it digitally, from the request to what came of it."""
import pathlib
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dispatch_world  # noqa: E402
import world  # noqa: E402

ASK = {'municipality': 'dordrecht', 'product': 'parkeervergunning', 'page': 'https://dordrecht.nl/parkeren?naam=Jan#stap2',
       'step': 'kenteken', 'preference': 'counter'}


class HelpTest(dispatch_world.DispatchTest):
    def setUp(self):
        super().setUp()
        self.phone = '3161' + str(uuid.uuid4().int)[:7]

    def ask(self, token='integration', want=201, **more):
        body = {k: v for k, v in (ASK | more).items() if v is not None}
        answer = self.world.api('POST', '/v1/help-requests', token, body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def requests(self, case, columns='asked_by'):
        return self.world.psql(f'select {columns} from loket.help_request where case_id = %s order by asked_at', [case])

    def case_of(self, phone):
        return str(self.world.value("select case_id from loket.contact where addresses @> jsonb_build_array(jsonb_build_object("
                                    "'kind', 'phone', 'value', %s::text)) order by received_at desc limit 1", ['+' + phone]))

    def say(self, text, **more):
        self.world.hook_whatsapp(text, wa_id=self.phone, **more)
        return self.case_of(self.phone)


class Asking(HelpTest):
    def test_from_a_page(self):
        told = self.ask(address={'kind': 'phone', 'value': '06 1234 0001'}, preference='callback')['helpRequest']
        self.assertEqual((told['preference'], told['reference'][:4]), ('callback', 'DOR-'))
        self.assertEqual(self.requests(told['case'], 'id::text, product, page, step, preference, asked_by, channel'),
                         [(told['id'], 'parkeervergunning', 'https://dordrecht.nl/parkeren', 'kenteken', 'callback', 'form', 'webform')])
        case = self.world.api('GET', f"/v1/cases/{told['case']}", 'lead').json
        self.assertTrue(case['option0'])
        self.assertEqual(case['contacts'][0]['kind'], 'form')
        self.assertEqual((case['helpRequest']['id'], case['helpRequest']['page'], case['helpRequest']['askedBy']),
                         (told['id'], 'https://dordrecht.nl/parkeren', 'form'))

    def test_every_bad_field_at_once(self):
        answer = self.ask(want=422, municipality='nergens', product='niets', preference='callback')
        self.assertEqual({e['name'] for e in answer['errors']}, {'municipality', 'product', 'address'})
        answer = self.ask(want=422, preference='callback', address={'kind': 'email', 'value': 'a@example.org'})
        self.assertEqual([e['name'] for e in answer['errors']], ['address.kind'])
        answer = self.ask(want=422, address={'kind': 'phone', 'value': 'geen nummer'})
        self.assertEqual([e['name'] for e in answer['errors']], ['address.value'])
        self.ask('gijs', want=403)

    def test_a_key_that_runs_elsewhere(self):
        key = {'Idempotency-Key': 'loopt'}
        self.assertEqual(self.world.api('POST', '/v1/help-requests', 'integration', ASK, key).status, 201)
        self.world.psql("update loket.idempotency set status = null, answer = null where key = 'loopt'")
        self.assertEqual(self.world.api('POST', '/v1/help-requests', 'integration', ASK, key).status, 409)

    def test_the_same_again_is_the_same(self):
        headers = {'Idempotency-Key': str(uuid.uuid4())}
        a, b = (self.world.api('POST', '/v1/help-requests', 'integration', ASK, headers).json for _ in range(2))
        self.assertEqual(a, b)

    def test_an_agent_asks_for_somebody(self):
        """typed in by who is no coach: it waits for one"""
        told = self.ask('bram')['helpRequest']
        self.assertEqual((self.state(told['case']), self.owner(told['case'])), ('queued', None))
        self.assertEqual(self.requests(told['case']), [('agent',)])
        told = self.ask('carla', address={'kind': 'phone', 'value': '06 1234 0002'})['helpRequest']
        self.assertEqual(self.requests(told['case'], 'coach::text'), [(self.agent_id('carla'),)])

    def test_six_languages(self):
        for text in ['0', 'ik wil graag hulp', 'please help me', 'proszę o pomoc', 'yardım istiyorum', 'أحتاج مساعدة', 'потрібна допомога']:
            with self.subTest(text):
                self.phone = '3161' + str(uuid.uuid4().int)[:7]
                self.assertEqual(self.requests(self.say(text)), [('text',)])

    def test_a_house_number_is_not_it(self):
        self.assertEqual(self.requests(self.say('Dorpsstraat 0')), [])
        self.assertFalse(self.world.value('select option0 from loket.case_file where id = %s', [self.case_of(self.phone)]))

    def test_twice_is_once(self):
        self.say('Ik wil mijn rijbewijs verlengen')
        self.say('0')
        case = self.say('0')
        self.assertEqual(self.requests(case, 'asked_by, product'), [('text', 'rijbewijs')])

    def test_a_field_of_a_form(self):
        answer = self.world.hook_form({'form': 'melding', 'submission_id': str(uuid.uuid4()), 'option0': True,
                                       'fields': {'bericht': 'Ik kom hier niet verder', 'page': 'https://dordrecht.nl/melden?x=1',
                                                  'step': '2', 'preference': 'now'}})
        case = self.world.value('select id from loket.case_file where reference = %s', [answer.json['reference']])
        self.assertEqual(self.requests(case, 'asked_by, page, step, preference'), [('form', 'https://dordrecht.nl/melden', '2', 'now')])

    def test_spam_asks_for_nothing(self):
        answer = self.world.api('PUT', '/v1/blocks', 'lead', {'municipality': 'dordrecht', 'reason': 'scheldt',
                                                              'address': {'kind': 'phone', 'value': '+' + self.phone}})
        self.assertEqual(answer.status, 201, answer)
        flags = 'select flags from loket.case_file where id = %s'
        dispatch_world.wait_until(lambda: 'spam' in self.world.value(flags, [self.say('Goedemorgen')]), 10, 'the block to be known')
        self.assertEqual(self.requests(self.say('0')), [])


class Helping(HelpTest):
    def coach_has_it(self, **more):
        told = self.ask(**more)['helpRequest']
        carla = self.person('carla')
        offer = carla.events.wait('offer.made', lambda d: d['case']['id'] == told['case'])
        return told, carla, offer, carla.accept(offer)

    def test_the_offer_tells_where_they_got_stuck(self):
        told, carla, offer, taken = self.coach_has_it()
        self.assertEqual(offer['case']['helpRequest'], {'product': 'parkeervergunning', 'page': 'https://dordrecht.nl/parkeren',
                                                        'step': 'kenteken'})
        self.assertEqual(self.requests(told['case'], 'helped_at is not null, coach::text'), [(True, self.agent_id('carla'))])

    def test_the_end_needs_an_outcome(self):
        told, carla, _, taken = self.coach_has_it()
        path = f"/v1/cases/{told['case']}/resolve"
        body = {'outcome': 'solved', 'epoch': taken['epoch']}
        answer = self.world.api('POST', path, 'carla', body)
        self.assertEqual((answer.status, answer.json['rule']), (422, 'helpNeedsOutcome'))
        answer = self.world.api('POST', path, 'carla', body | {'help': {'outcome': 'doneForThem'}})
        self.assertEqual((answer.status, answer.json['rule']), (422, 'helpNeedsConsent'))
        self.assertEqual(self.state(told['case']), 'assigned')
        carla.resolve(taken, help={'outcome': 'learnedIt'})
        self.assertEqual(self.requests(told['case'], 'outcome, ended_at is not null'), [('learnedIt', True)])
        self.assertEqual(self.world.api('GET', f"/v1/cases/{told['case']}", 'lead').json['helpRequest']['outcome'], 'learnedIt')

    def test_done_for_them(self):
        told, carla, _, taken = self.coach_has_it()
        path, body = f"/v1/cases/{told['case']}/assist", {'epoch': taken['epoch'], 'consent': False}
        answer = self.world.api('POST', path, 'carla', body)
        self.assertEqual((answer.status, [e['name'] for e in answer.json['errors']]), (422, ['consent']))
        case = carla.call('POST', path, body | {'consent': True, 'step': 'betalen'})
        self.assertIn('assisted', case['flags'])
        self.assertEqual(case['helpRequest']['step'], 'betalen')
        self.assertIn('consentAt', case['helpRequest'])
        carla.resolve(taken, help={'outcome': 'doneForThem'})
        self.assertIn('assist', [e['event'] for e in carla.case(told['case'])['history']])

    def test_nobody_asked(self):
        anna = self.person('anna')
        case = self.waits(product='parkeervergunning')
        taken = anna.accept(anna.next_offer())
        answer = self.world.api('POST', f'/v1/cases/{case}/assist', 'anna', {'epoch': taken['epoch'], 'consent': True})
        self.assertEqual((answer.status, answer.json['rule']), (422, 'noHelpAsked'))
        self.assertEqual(self.world.api('POST', f'/v1/cases/{case}/assist', 'anna', {'epoch': taken['epoch'] - 1, 'consent': True}).status, 409)
        anna.resolve(taken)


class Report(HelpTest):
    def report(self, query='', token='lead'):
        answer = self.world.api('GET', '/v1/help-requests/report' + query, token)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def row(self, place, query=''):
        return next((r for r in self.report(query)['items'] if r.get('place') == place), {})

    def test_counts(self):
        self.assertEqual(self.row('huwelijk'), {})
        self.phone = '31612000077'
        case = self.ask(product='huwelijk', address={'kind': 'phone', 'value': '+31612000077'})['helpRequest']['case']
        carla = self.person('carla')
        taken = carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case))
        carla.resolve(taken, help={'outcome': 'doneTogether'})
        carla.away()
        self.world.psql("update loket.help_request set asked_at = asked_at - interval '1 hour', helped_at = helped_at - interval '50 minutes' "
                        'where case_id = %s', [case])
        self.ask(product='huwelijk', page=None, step=None, address={'kind': 'phone', 'value': '+31612000077'})
        row = self.row('huwelijk', '?municipality=dordrecht')
        self.assertEqual([row[k] for k in ('asked', 'waiting', 'helped', 'cameBack')], [2, 1, 1, 1])
        self.assertEqual(row['outcomes']['doneTogether'], 1)
        self.assertAlmostEqual(row['waitMedianSeconds'], 600, delta=60)
        steps = {(r.get('place'), r['product']): r['asked'] for r in self.report('?by=step')['items']}
        self.assertEqual((steps['kenteken', 'huwelijk'], steps[None, 'huwelijk']), (1, 1))
        self.assertEqual(self.row('huwelijk', '?municipality=sliedrecht'), {})

    def test_shares(self):
        def shares():
            s = self.report()['shares']
            return [round(s[k] * s['cases']) for k in ('digital', 'assisted', 'personal')]
        before = shares()
        self.say('Waar vraag ik een parkeervergunning aan?')
        self.assertEqual(shares(), [before[0] + 1, *before[1:]])
        self.ask('carla', address={'kind': 'phone', 'value': '+31612000078'})
        self.assertEqual(shares(), [before[0] + 1, before[1] + 1, before[2]])
        self.world.api('POST', '/v1/contacts', 'integration', {'municipality': 'dordrecht', 'channel': 'counter', 'text': 'Aan de balie'})
        self.assertEqual(shares(), [before[0] + 1, before[1] + 1, before[2] + 1])

    def test_definitions(self):
        told = self.report()
        self.ask()
        names = set(self.report()['items'][0]) - {'place'} | set(told['shares']) - {'cases'}
        self.assertLessEqual(names - {'waitMedianSeconds', 'waitP90Seconds'}, set(told['definitions']))
        self.assertEqual(self.world.api('GET', '/v1/help-requests/report?municipality=dordrect', 'lead').status, 403)
        answer = self.world.api('GET', '/v1/help-requests/report?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z', 'lead')
        self.assertEqual((answer.status, [e['name'] for e in answer.json['errors']]), (400, ['from']))


class OnlyCoaches(HelpTest):
    """Who is no coach never gets a case of option 0, whenever it became one."""

    def test_ticked_by_an_agent(self):
        anna = self.person('anna')
        case = self.waits(product='parkeervergunning')
        taken = anna.accept(anna.next_offer())
        answer = anna.call('PATCH', f'/v1/cases/{case}', {'epoch': taken['epoch'], 'option0': True})
        self.assertEqual((answer['state'], answer['helpRequest']['askedBy']), ('queued', 'agent'))
        anna.events.none('offer.made', 2)
        carla = self.person('carla')
        carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case))
        self.assertEqual(self.requests(case, 'asked_by, coach::text'), [('agent', self.agent_id('carla'))])
        stale = self.world.api('POST', f'/v1/cases/{case}/resolve', 'anna', {'outcome': 'solved', 'epoch': taken['epoch']})
        self.assertIn(stale.status, (403, 404, 409))

    def test_ticked_by_mistake(self):
        told = self.ask()['helpRequest']
        self.assertEqual(self.requests(told['case'], 'ended_at'), [(None,)])
        carla = self.person('carla')
        taken = carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == told['case']))
        carla.call('PATCH', f"/v1/cases/{told['case']}", {'epoch': taken['epoch'], 'option0': False})
        self.assertEqual(self.requests(told['case'], 'outcome, ended_at is not null'), [(None, True)])
        carla.resolve(taken)

    def test_asked_between_offer_and_answer(self):
        anna = self.person('anna')
        self.say('Waar vraag ik een parkeervergunning aan?')
        offer = anna.next_offer()
        case = self.say('0')
        late = self.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'anna', {})
        self.assertEqual(late.status, 409, late)
        self.assertIsNone(self.owner(case))


if __name__ == '__main__':
    world.main()
