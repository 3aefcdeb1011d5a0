#!/usr/bin/env python3
"""Municipalities with accents: what a region says holds, unless a municipality says otherwise; each value in force, and who changed it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

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

    def test_every_bad_field_is_named(self):
        wrong = self.settings('region', 422, hours={'mon': 'altijd', 'zon': []}, texts={'nl': {'weg': 'x'}}, callback={'promise_minutes': 0},
                              products={'rijbewijs': {'way': 'post', 'prijs': 1}, 'bestaat-niet': {}})
        self.assertEqual({e['name'] for e in wrong['errors']},
                         {'settings.hours.mon', 'settings.hours.zon', 'settings.texts.nl.weg', 'settings.callback.promise_minutes',
                          'settings.products.rijbewijs.way', 'settings.products.rijbewijs.prijs', 'settings.products.bestaat-niet'})

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
        self.assertEqual(self.changes('anna').status, 403)
        self.assertNotIn('dordrecht', [c['id'] for c in self.changes('admin', 'sliedrecht').json['items'] if c['kind'] == 'municipality'])


if __name__ == '__main__':
    world.main()
