#!/usr/bin/env python3
"""Menus, bots and forms: what has no option 0 is refused, and what came past the API is not used."""
import copy
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

HELP = {'key': '0', 'label': {'nl': 'Hulp van een medewerker'}, 'help': True}
MENU = {'say': {'nl': 'Welkom bij Dordrecht'}, 'choices': [
    {'key': '1', 'label': {'nl': 'Rijbewijs'}, 'product': 'rijbewijs'},
    {'key': '2', 'label': {'nl': 'Iets anders'}, 'menu': {
        'say': {'nl': 'Waar gaat het over?'},
        'choices': [{'key': '1', 'label': {'nl': 'Parkeren'}, 'product': 'parkeervergunning'}, HELP]}},
    HELP]}


class Menus(world.LoketTest):
    def wrong_with(self, path, settings, **more):
        """Put it with these settings; the fields that are refused, with the reason."""
        now = self.world.api('GET', path, 'admin').json
        keys = ('municipality', 'channel', 'provider', 'product') if 'inboxes' in path else ('region', 'name')
        body = {k: now[k] for k in keys if now.get(k)} | {'settings': settings} | more
        answer = self.world.api('PUT', path, 'admin', body)
        return {e['name']: e['reason'] for e in answer.json['errors']} if answer.status == 422 else answer.status

    def test_the_menu_of_an_inbox(self):
        self.assertEqual(self.wrong_with('/v1/inboxes/dordrecht-phone', {'menu': MENU}), 200)
        bad = copy.deepcopy(MENU)
        del bad['choices'][1]['menu']['choices'][1]
        bad['choices'][0] |= {'product': 'visum', 'key': '11'}
        wrong = self.wrong_with('/v1/inboxes/dordrecht-phone', {'menu': bad})
        self.assertEqual(set(wrong), {'settings.menu.choices[0].key', 'settings.menu.choices[0].product',
                                      'settings.menu.choices[1].menu.choices'})
        self.assertIn('without option 0', wrong['settings.menu.choices[1].menu.choices'])
        self.assertEqual(self.world.api('GET', '/v1/inboxes/dordrecht-phone', 'admin').json['settings'], {'menu': MENU})

    def test_the_menus_of_a_municipality(self):
        self.assertEqual(self.wrong_with('/v1/municipalities/sliedrecht', {'menus': {'phone': MENU}}), 200)
        self.assertEqual(set(self.wrong_with('/v1/municipalities/sliedrecht', {
            'menus': {'fax': MENU, 'phone': MENU | {'choices': MENU['choices'][:2]}}})),
            {'settings.menus.fax', 'settings.menus.phone.choices'})
        self.assertEqual(set(self.wrong_with('/v1/municipalities/sliedrecht', {'menus': []})), {'settings.menus'})

    def test_bots_and_forms(self):
        self.assertEqual(set(self.wrong_with('/v1/inboxes/dordrecht-chat', {'bot': {'name': 'Gem'}})),
                         {'settings.bot.handover'})
        self.assertEqual(self.wrong_with('/v1/inboxes/zwijndrecht-phone', {'bot': {'handover': True}}), 200)
        mapping = {'text': '/fields/q1'}
        self.assertEqual(set(self.wrong_with('/v1/inboxes/zwijndrecht-webform', {
            'mapping': mapping, 'forms': {'klacht': {'mapping': mapping}}})),
            {'settings.mapping.option0', 'settings.forms.klacht.mapping.option0'})
        self.assertEqual(self.wrong_with('/v1/inboxes/zwijndrecht-webform', {'mapping': mapping | {'option0': '/fields/hulp'}}), 200)

    def test_past_the_api(self):
        """Not used, and operators hear of it; all other inboxes work on."""
        def degraded():
            return self.world.api('GET', '/readyz').json.get('degraded', [])

        def write(settings):
            self.world.psql("update loket.inbox set settings = %s where id = 'alblasserdam-phone'", [json.dumps(settings)])
        write({'menu': MENU | {'choices': MENU['choices'][:1]}})
        wait_until(lambda: 'option0' in degraded(), what='the bad menu is noticed')
        self.assertIn(b'\nloket_inboxes_without_option0 1\n', self.world.api('GET', '/metrics').body)
        self.assertRegex(self.world.log(), r'world\.option0 inbox=alblasserdam-phone why="without option 0')
        write({'menu': MENU})
        wait_until(lambda: 'option0' not in degraded(), what='the menu is good')


if __name__ == '__main__':
    unittest.main(verbosity=2)
