#!/usr/bin/env python3
"""Municipalities with accents: what a region says holds, unless a municipality says otherwise; each value in force, and who changed it."""
import itertools
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import ROOT, wait_until  # noqa: E402

WEEK = {'mon': [['09:00', '12:00'], ['13:00', '17:00']], 'thu': [['09:00', '20:00']]}


class AccentsTest(world.LoketTest):
    def setUp(self):
        self.settings('municipality')
        self.settings('region')

    def settings(self, of, want=200, **settings):
        """Of Dordrecht or its region, in place of what was there."""
        if of == 'region':
            answer = self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': settings})
        else:
            answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', {'region': 'drechtsteden', 'name': 'Dordrecht', 'settings': settings})
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def shown(self, what, of='municipalities/dordrecht'):
        return self.world.api('GET', f'/v1/{of}', 'anna').json[what]


class InForce(AccentsTest):
    def test_hours(self):
        default = self.shown('hours')
        self.assertEqual((default['mon'], default['sat'], default['holidays']),
                         ({'value': [['09:00', '17:00']], 'from': 'default'}, {'value': [], 'from': 'default'}, {'value': True, 'from': 'default'}))
        self.settings('region', hours=WEEK | {'closed': ['2026-12-24'], 'goodFriday': True})
        mine = self.settings('municipality', hours={'closed': ['2026-12-31', '2027-01-02'], 'holidays': False})['hours']
        self.assertEqual(mine['mon'], {'value': [['09:00', '12:00'], ['13:00', '17:00']], 'from': 'region'})
        self.assertEqual(mine['tue'], {'value': [], 'from': 'region'})
        self.assertEqual(mine['closed'], {'value': ['2026-12-31', '2027-01-02'], 'from': 'municipality'})
        self.assertEqual((mine['goodFriday'], mine['holidays']), ({'value': True, 'from': 'region'}, {'value': False, 'from': 'municipality'}))
        self.assertEqual(self.settings('municipality', hours={'wed': [['10:00', '11:00']]})['hours']['mon'], {'value': [], 'from': 'municipality'})
        of_region = self.shown('hours', 'regions/drechtsteden')
        self.assertEqual((of_region['closed'], of_region['holidays']), ({'value': ['2026-12-24'], 'from': 'region'}, {'value': True, 'from': 'default'}))
        other = self.world.api('GET', '/v1/municipalities/sliedrecht', 'admin').json['hours']
        self.assertEqual(other['closed'], {'value': ['2026-12-24'], 'from': 'region'})

    def test_the_rest(self):
        self.settings('region', callback={'promise_minutes': 120}, texts={'nl': {'helpNow': 'Van de regio.', 'menuHelp': 'Hulp'}},
                      products={'rijbewijs': {'department': 'Burgerzaken', 'way': 'digital'}, 'aangifte-overlijden': {'way': 'personal'}})
        mine = self.settings('municipality', callback={'retry_minutes': [5]}, texts={'nl': {'helpNow': 'Van Dordrecht.'}},
                             products={'rijbewijs': {'way': 'assisted'}})
        self.assertEqual(mine['callback'], {'promise_minutes': {'value': 120, 'from': 'region'}, 'retry_minutes': {'value': [5], 'from': 'municipality'}})
        self.assertEqual(mine['texts'], {'nl.helpNow': {'value': 'Van Dordrecht.', 'from': 'municipality'}, 'nl.menuHelp': {'value': 'Hulp', 'from': 'region'}})
        self.assertEqual(mine['products'], {'rijbewijs.department': {'value': 'Burgerzaken', 'from': 'region'},
                                            'rijbewijs.way': {'value': 'assisted', 'from': 'municipality'},
                                            'aangifte-overlijden.way': {'value': 'personal', 'from': 'region'}})

    def test_targets(self):
        self.assertEqual(self.shown('targets')['serviceLevel'], {'value': 0.8, 'from': 'default'})
        self.assertEqual(self.shown('targets')['waitP90'], {'value': None, 'from': 'default'})
        self.settings('region', targets={'serviceLevel': 0.85, 'waitP90': 180})
        mine = self.settings('municipality', targets={'waitP90': 120, 'promisesKept': 1})['targets']
        self.assertEqual({k: mine[k] for k in ('serviceLevel', 'waitP90', 'promisesKept', 'satisfaction')}, {
            'serviceLevel': {'value': 0.85, 'from': 'region'}, 'waitP90': {'value': 120.0, 'from': 'municipality'},
            'promisesKept': {'value': 1.0, 'from': 'municipality'}, 'satisfaction': {'value': 8.5, 'from': 'default'}})
        # a number is kept and told as it was typed
        self.assertEqual(self.world.value("select settings #>> '{targets,serviceLevel}' from loket.region where id = 'drechtsteden'"), '0.85')
        self.assertIn(b'"serviceLevel":{"value":0.85,', self.world.api('GET', '/v1/municipalities/dordrecht', 'admin').body)
        self.assertNotIn('cases', mine)     # more of them is neither better nor worse
        self.assertEqual(self.shown('targets', 'regions/drechtsteden')['waitP90'], {'value': 180.0, 'from': 'region'})
        for of in ('municipality', 'region'):
            wrong = self.settings(of, 422, targets={'serviceLevel': 80, 'waitP90': 0, 'satisfaction': 11, 'cases': 5, 'geen': 1, 'transfers': 'x'})
            self.assertEqual({e['name'] for e in wrong['errors']}, {'settings.targets.' + k for k in (
                'serviceLevel', 'waitP90', 'satisfaction', 'cases', 'geen', 'transfers')})
            self.assertEqual([e['name'] for e in self.settings(of, 422, targets=[])['errors']], ['settings.targets'])

    def test_norms(self):
        self.settings('region', norms={'whatsapp': 7200, 'whatsapp.report': 86400, 'email.formal': 1800},
                      products={'melding-openbare-ruimte': {'kind': 'report'}})
        mine = self.settings('municipality', norms={'whatsapp': 3600, 'whatsapp.formal': 600})['norms']
        self.assertEqual({k: (v['value'], v['from']) for k, v in mine.items() if k.split('.')[0] in ('whatsapp', 'email')}, {
            'whatsapp': (3600, 'municipality'), 'whatsapp.report': (86400, 'region'), 'whatsapp.formal': (600, 'municipality'),
            'email': (mine['email']['value'], 'default'), 'email.formal': (1800, 'region')})
        self.assertEqual(self.shown('norms', 'regions/drechtsteden')['whatsapp'], {'value': 7200, 'from': 'region'})

        def waits(text, n=itertools.count(31623000001)):
            person = str(next(n))
            self.world.hook_whatsapp(text, wa_id=person)
            return self.world.value('select extract(epoch from k.due_at - k.arrived_at)::int from loket.case_file k join loket.contact c on c.case_id = k.id '
                                    "where c.addresses -> 0 ->> 'value' = %s", ['+' + person])
        wait_until(lambda: waits('Waar vraag ik een uittreksel aan?') == 3600, 10, 'the norms of the municipality')
        self.assertEqual(waits('Er ligt een losse stoeptegel in onze straat'), 86400)
        self.assertEqual(waits('Hierbij maak ik bezwaar tegen uw besluit'), 600)
        self.assertEqual(waits('0'), 30)                        # as on the line
        wrong = self.settings('region', 422, norms={'fax': 1, 'whatsapp.haast': 1, '.report': 1, 'sms.report': 0})
        self.assertEqual({e['name'] for e in wrong['errors']}, {f'settings.norms.{k}' for k in ('fax', 'whatsapp.haast', '.report', 'sms.report')})
        answer = self.world.api('PUT', '/v1/norms', 'admin', {'norms': {'sms.report': 60}})
        self.assertEqual((answer.status, [e['name'] for e in answer.json['errors']]), (422, ['norms.sms.report']))
        answer = self.world.api('PUT', '/v1/norms', 'admin', {'municipality': 'dordrecht', 'norms': {'sms.report': 60}})
        self.assertEqual((answer.status, self.shown('norms')['sms.report']), (200, {'value': 60, 'from': 'municipality'}))
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() where state <> 'closed'")

    def test_the_settings_of_the_demo(self):
        demo = json.loads((ROOT / 'config/demo/settings.json').read_text())
        self.settings('region', **demo['region'])
        mine = self.settings('municipality', **demo['municipalities']['dordrecht'])
        self.assertEqual((mine['targets']['promisesKept'], mine['targets']['abandoned']),
                         ({'value': 0.95, 'from': 'municipality'}, {'value': 0.05, 'from': 'region'}))
        self.assertEqual(([a['id'] for a in mine['webcare']['areas']][:2], mine['webcare']['protocol']['from']), (['centrum', 'crabbehof'], 'region'))
        self.assertEqual(set(demo['municipalities']) - set(world.MUNICIPALITIES), set())

    def test_every_bad_field_is_named(self):
        wrong = self.settings('region', 422, hours={'mon': 'altijd', 'zon': []}, texts={'nl': {'weg': 'x'}}, callback={'promise_minutes': 0},
                              products={'rijbewijs': {'way': 'post', 'prijs': 1, 'answer': ''}, 'bestaat-niet': {}})
        self.assertEqual({e['name'] for e in wrong['errors']},
                         {'settings.hours.mon', 'settings.hours.zon', 'settings.texts.nl.weg', 'settings.callback.promise_minutes',
                          'settings.products.rijbewijs.way', 'settings.products.rijbewijs.prijs', 'settings.products.rijbewijs.answer', 'settings.products.bestaat-niet'})

        wrong = self.settings('municipality', 422, products={'gehandicaptenparkeerplaats': {'department': ''}})
        self.assertEqual([e['name'] for e in wrong['errors']], ['settings.products.gehandicaptenparkeerplaats.department'])
        for of in ('region', 'municipality'):       # a typing mistake would otherwise hold nowhere, unseen
            wrong = self.settings(of, 400, uren=WEEK, hours=WEEK)
            self.assertEqual([(e['name'], e['reason']) for e in wrong['errors']], [('settings.uren', 'unknown key')])

    def test_hours_of_the_region_are_kept_to(self):
        """what is promised to a citizen: a task within two days on which it is open"""
        anna = self.world.agent('anna')
        anna.ready()
        self.settings('region', hours={'thu': [['09:00', '12:00']], 'holidays': False})
        self.world.hook_whatsapp('Ik wil mijn rijbewijs verlengen', wa_id='31612340001')
        taken = anna.accept(anna.next_offer())

        def due():
            return self.world.api('POST', f"/v1/cases/{taken['case']['id']}/tasks", 'anna', {
                'department': 'Burgerzaken', 'action': 'Bellen', 'due': '2099-06-05', 'epoch': taken['epoch']}).json['task']['due']
        wait_until(lambda: due() == '2099-06-04T10:00:00.000Z', 10, 'the hours of the region')
        anna.resolve(taken)
        anna.offline()

    def test_texts_of_the_region_are_said(self):
        self.settings('region', texts={'nl': {'statusWaiting': 'De regio heeft uw vraag.'}})
        in_force = "select loket.settings_of(region, settings) #>> '{texts,nl,statusWaiting}' from loket.municipality where id = 'dordrecht'"
        self.assertEqual(self.world.value(in_force), 'De regio heeft uw vraag.')
        self.settings('municipality', texts={'nl': {'statusWaiting': 'Dordrecht heeft uw vraag.'}})
        self.assertEqual(self.world.value(in_force), 'Dordrecht heeft uw vraag.')


class Ways(AccentsTest):
    """digital where it can, personal where it must"""
    DIGITAL = {'way': 'digital', 'answer': 'Dat kan op dordrecht.nl/rijbewijs.'}
    LICENCE, DEATH = 'Ik wil mijn rijbewijs verlengen', 'Ik wil aangifte doen van overlijden'
    people = itertools.count(31622000001)

    def write(self, text, person=None):
        person = person or str(next(self.people))
        self.world.hook_whatsapp(text, wa_id=person)
        return self.world.value("select case_id::text from loket.contact where text = %s and addresses -> 0 ->> 'value' = %s order by id desc limit 1",
                                [text, '+' + person])

    def said(self, case):
        wait_until(lambda: not self.world.value("select count(*) from loket.automatic where state = 'queued'"), 20, 'what is said')
        return [t for t, in self.world.psql("select text from loket.contact where case_id = %s and direction = 'out' order by id", [case])]

    def in_force(self, seen, text=LICENCE):
        """New people ask, until what was set is in force; the case of the one of whom it was seen."""
        cases = []

        def look():
            cases.append(self.write(text))
            return seen(self.said(cases[-1]))
        wait_until(look, 20, 'the way of a product')
        return cases[-1]

    def test_digital(self):
        self.settings('region', products={'rijbewijs': self.DIGITAL | {'answer': 'Van de regio.'}})
        self.settings('municipality', products={'rijbewijs': {'answer': self.DIGITAL['answer']}})
        case = self.in_force(lambda said: said and self.DIGITAL['answer'] in said[0])
        text, = self.said(case)
        self.assertTrue(text.startswith(self.DIGITAL['answer'] + '\n\nIs uw vraag hiermee niet opgelost?') and 'Stuur 0' in text, text)
        wait_until(lambda: [r for r in self.world.standin.received if r['message'].get('text', {}).get('body') == text], 20, 'it is sent')
        self.assertIn(self.world.value('select state from loket.case_file where id = %s', [case]), ('queued', 'offered'))   # a person comes too
        other = self.write('Hoe laat is het gemeentehuis open?')
        self.assertEqual(self.said(other), [])                  # nothing is said of that product
        again = self.world.value("select addresses -> 0 ->> 'value' from loket.contact where case_id = %s and direction = 'in'", [case])[1:]
        self.assertEqual(self.write('En mijn rijbewijs van de motor?', again), case)
        self.assertEqual(self.said(case), [text])               # once
        self.assertEqual(self.write('0', again), case)
        self.assertTrue(self.said(case)[-1].startswith(('Een medewerker helpt u', 'Er is nu geen medewerker')))

    def test_who_begins_with_option_0_is_told_of_people_only(self):
        self.settings('region', products={'algemeen': self.DIGITAL})
        self.in_force(bool, 'Hoe laat is het gemeentehuis open?')
        self.assertNotIn('dordrecht.nl', ''.join(self.said(self.write('0'))))

    def test_assisted_and_what_an_agent_sees(self):
        self.settings('region', products={'rijbewijs': self.DIGITAL | {'way': 'assisted'}})
        case = self.in_force(lambda said: said and 'samen' in said[0])
        self.assertIn('Wij doen dit graag samen met u.', self.said(case)[0])
        anna = self.world.agent('anna')
        anna.ready()
        anna.next_offer()
        offer, = self.world.api('GET', '/v1/me/offers', 'anna').json['items']
        self.assertEqual((offer['case']['product'], offer['prepare']['way']), ('rijbewijs', 'assisted'))
        anna.offline()

    def test_personal(self):
        menu = {'say': {'nl': 'Waar gaat het over?'}, 'choices': [
            {'key': '1', 'label': {'nl': 'Rijbewijs'}, 'product': 'rijbewijs'},
            {'key': '2', 'label': {'nl': 'Overlijden'}, 'product': 'aangifte-overlijden'},
            {'key': '0', 'label': {'nl': 'Hulp'}, 'help': True}]}
        personal = {'aangifte-overlijden': {'way': 'personal', 'answer': 'Dat kan op internet.'}, 'rijbewijs': self.DIGITAL}
        self.settings('municipality', menus={'whatsapp': menu}, products=personal)
        person = str(next(self.people))
        wait_until(lambda: self.said(self.write('Goedemiddag', str(next(self.people)))), 20, 'the menu')
        self.assertEqual(self.said(self.write(self.DEATH)), [])                  # a person, at once
        case = self.write('Goedemiddag', person)
        self.assertIn('Waar gaat het over?', self.said(case)[0])
        self.assertEqual(self.write('1', person), case)                          # what they choose is digital
        wait_until(lambda: len(self.said(case)) == 2, 20, 'the answer')
        self.assertTrue(self.said(case)[1].startswith(self.DIGITAL['answer']))
        self.settings('municipality', menus={'whatsapp': menu}, products={'algemeen': {'way': 'personal'}})
        self.in_force(lambda said: not said, 'Goedemorgen')


class Changes(AccentsTest):
    def changes(self, token='lead', of='dordrecht', **query):
        text = '&'.join(f'{k}={v}' for k, v in query.items())
        return self.world.api('GET', f'/v1/municipalities/{of}/changes?{text}', token)

    def test_who_changed_what(self):
        self.settings('municipality', hours=WEEK)
        self.settings('municipality', hours=WEEK)               # nothing changed
        self.settings('region', callback={'promise_minutes': 60})
        newest, before = self.changes().json['items'][:2]
        self.assertEqual((newest['kind'], newest['id'], newest['before'], newest['after']),
                         ('region', 'drechtsteden', {}, {'settings.callback': {'promise_minutes': 60}}))
        self.assertEqual((before['kind'], before['id'], before['after']), ('municipality', 'dordrecht', {'settings.hours': WEEK}))
        self.assertEqual(before['token'], str(self.world.value("select id from loket.token where role = 'admin' order by created_at limit 1")))
        page = self.changes(limit=1).json
        self.assertEqual(self.changes(limit=1, cursor=page['next']).json['items'], [before])
        for none in ('eeuw', 'YWJj', 'MA', 'MXg'):      # not base64url of a number above 0: abc, 0, 1x
            self.assertEqual(self.changes(cursor=none).status, 400)
        self.assertEqual(self.changes('anna').status, 403)
        self.assertNotIn('dordrecht', [c['id'] for c in self.changes('admin', 'sliedrecht').json['items'] if c['kind'] == 'municipality'])


if __name__ == '__main__':
    world.main()
