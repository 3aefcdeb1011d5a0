#!/usr/bin/env python3
"""Menus, bots and forms: what has no option 0 is refused, and what came past the API is not used. Menus in writing: said once
or twice to who did not say what it is about, and what is chosen there."""
import copy
import itertools
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

HELP = {'key': '0', 'label': {'nl': 'Hulp van een medewerker'}, 'help': True}
MENU = {'say': {'nl': 'Welkom bij Dordrecht'}, 'choices': [
    {'key': '1', 'label': {'nl': 'Rijbewijs'}, 'product': 'rijbewijs'},
    {'key': '2', 'label': {'nl': 'Iets anders'}, 'menu': {
        'say': {'nl': 'Waar gaat het over?'},
        'choices': [{'key': '1', 'label': {'nl': 'Parkeren'}, 'product': 'parkeervergunning'}, HELP]}},
    HELP]}

people = itertools.count(31624000001)
SPOKEN = """select text, fields -> 'menu', delivery, to_jsonb(flags) from loket.contact
    where case_id = %s and direction = 'out' order by received_at, id"""


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


class InWriting(world.LoketTest):
    """Inboxes of WhatsApp, chat and mail with a menu."""

    MENU = MENU | {'say': {'nl': 'Waar gaat uw vraag over?', 'en': 'What is it about?'}, 'choices': [
        *MENU['choices'][:2], {'key': '9', 'label': {'nl': 'Engels', 'en': 'English'}, 'language': 'en'}, HELP]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for inbox in ('dordrecht-chat', 'dordrecht-email', 'dordrecht-whatsapp'):
            now = cls.world.api('GET', f'/v1/inboxes/{inbox}', 'admin').json
            body = {k: now[k] for k in ('municipality', 'channel', 'provider', 'product', 'account') if now.get(k)}
            answer = cls.world.api('PUT', f'/v1/inboxes/{inbox}', 'admin', body | {'settings': now['settings'] | {'menu': cls.MENU}})
            assert answer.status == 200, answer
        wait_until(cls.uses_the_last_menu, 10, 'the menus in use')

    @classmethod
    def uses_the_last_menu(cls):
        cls.world.hook_whatsapp('Hallo', wa_id=str(next(people)))
        return cls.world.value('select count(*) from loket.automatic')

    def write(self, text=None, person=None, choose=None, kind='list_reply', inbox='dordrecht-whatsapp'):
        """Who writes, and the case it came into. choose: the id of a row or button instead of a text."""
        person = person or str(next(people))
        message = choose and {'type': 'interactive', 'interactive': {'type': kind, kind: {'id': choose, 'title': 'Keuze'}}}
        self.world.hook_whatsapp(text, inbox=inbox, wa_id=person, message=message)
        return person, self.world.value('select case_id::text from loket.contact where addresses -> 0 ->> %s = %s '
                                        "and direction = 'in' order by received_at desc limit 1", ['value', '+' + person])

    def spoken(self, case):
        wait_until(lambda: not self.world.value("select count(*) from loket.automatic where state = 'queued'")
                   and not self.world.value("select count(*) from loket.outbox where state <> 'done'"), 20, 'what is said')
        return self.world.psql(SPOKEN, [case])

    def sent(self, person):
        got = [r for r in self.world.standin.received if str(r['message'].get('to', '')).endswith(person)]
        self.assertEqual([r['wrong'] for r in got], [None] * len(got))
        return [r['message'] for r in got]

    def about(self, case):
        return self.world.psql('select product, language, state, option0 from loket.case_file where id = %s', [case])[0]


class Written(InWriting):
    def test_a_list_by_whatsapp(self):
        person, case = self.write('Hallo')
        self.assertEqual(self.about(case)[:3], ('algemeen', 'nl', 'queued'))    # it waits for a person meanwhile
        (text, menu, delivery, flags), = self.spoken(case)
        self.assertEqual(text, 'Waar gaat uw vraag over?\n1 Rijbewijs\n2 Iets anders\n9 English\n0 Hulp van een medewerker\n'
                               'Antwoord met een cijfer.')
        self.assertNotEqual(delivery, 'failed')
        self.assertEqual(flags, ['automatic'])
        seen = self.world.api('GET', f'/v1/cases/{case}', 'lead').json['contacts'][-1]
        self.assertEqual(seen['fields']['menu'], menu)
        one, = self.sent(person)
        self.assertEqual((one['type'], one['interactive']['type']), ('interactive', 'list'))
        rows = one['interactive']['action']['sections'][0]['rows']
        self.assertEqual([r['id'] for r in rows], ['1', '2', '9', '0'])
        self.write(person=person, choose='1')
        self.assertEqual(len(self.spoken(case)), 1)
        self.assertEqual(self.about(case)[:3], ('rijbewijs', 'nl', 'queued'))
        told = self.world.value("select payload from loket.notice where case_id = %s and kind = 'case.changed' order by id desc limit 1", [case])
        self.assertEqual((told['case']['product'], told['why']), ('rijbewijs', 'the citizen chose it in the menu'))
        wait_until(lambda: any(i['id'] == case and i['product'] == 'rijbewijs'
                               for i in self.world.api('GET', '/v1/queue?municipality=dordrecht', 'lead').json['items']),
                   what='the queue under the other product')
        self.write('1', person)                # the menu is done
        self.write(person=person, choose='21')
        self.assertEqual(len(self.spoken(case)), 1)
        self.assertEqual(self.about(case)[0], 'rijbewijs')

    def test_deeper_and_by_digit(self):
        person, case = self.write('Goedemiddag')
        self.spoken(case)
        self.write('2', person)
        self.assertEqual(self.spoken(case)[1][0], 'Waar gaat het over?\n1 Parkeren\n0 Hulp van een medewerker\nAntwoord met een cijfer.')
        self.assertEqual(self.sent(person)[1]['interactive']['action']['sections'][0]['rows'][0]['id'], '21')
        self.write('1', person)
        self.assertEqual(len(self.spoken(case)), 2)
        self.assertEqual(self.about(case)[0], 'parkeervergunning')

    def test_a_row_pressed_late_means_what_it_says(self):
        person, case = self.write('Goedemiddag')
        self.spoken(case)
        self.write(person=person, choose='2')
        self.spoken(case)
        self.write(person=person, choose='1')            # of the first menu
        self.spoken(case)
        self.assertEqual(self.about(case)[0], 'rijbewijs')

    def test_two_menus_then_a_person(self):
        person, case = self.write('Hallo')
        for n, key in ((1, None), (2, '7'), (2, '7'), (2, '8'), (2, '1')):
            if key:
                self.write(key, person)
            self.assertEqual(len(self.spoken(case)), n, key)
        self.assertEqual(self.about(case), ('algemeen', 'nl', 'queued', False))

    def test_another_language(self):
        person, case = self.write('Hallo')
        self.spoken(case)
        self.write(person=person, choose='9')
        self.assertEqual(self.spoken(case)[1][0], 'What is it about?\n1 Rijbewijs\n2 Iets anders\n9 English\n0 Help from a person\n'
                                                  'Reply with a number.')
        self.assertEqual(self.about(case)[1], 'en')
        self.write('1', person)
        self.spoken(case)
        self.assertEqual(self.about(case)[:2], ('rijbewijs', 'en'))

    def test_nobody_is_asked_what_they_said(self):
        for inbox, text in (('dordrecht-whatsapp', 'Hoe vraag ik een rijbewijs aan?'), ('zwijndrecht-whatsapp', 'Hallo')):
            _, case = self.write(text, inbox=inbox)
            self.assertEqual(self.spoken(case), [], text)
        self.assertEqual(self.world.value("select count(*) from loket.automatic a join loket.case_file c on c.id = a.case_id "
                                          "where c.inbox = 'zwijndrecht-whatsapp'"), 0)

    def test_option_0(self):
        _, case = self.write('0')
        self.assertFalse([m for m in self.spoken(case) if m[1]])
        for zero in ({'choose': '0'}, {'choose': '0', 'kind': 'button_reply'}, {'text': '0'}):
            person, case = self.write('Hallo')
            self.spoken(case)
            self.write(person=person, **zero)
            self.assertTrue(self.about(case)[3], zero)
            self.spoken(case)
            for key in ({'choose': '1'}, {'choose': '2'}, {'text': '9'}):
                self.write(person=person, **key)
            self.assertEqual(len([m for m in self.spoken(case) if m[1]]), 1, zero)
            self.assertEqual(self.about(case)[:2], ('algemeen', 'nl'))

    def test_choices_that_are_none(self):
        """Quick replies of templates, and what nobody offered: a message like any other."""
        person, case = self.write('Hallo')
        self.spoken(case)
        for choose in ('menu-1', '11111', 'ja', '1; drop table', '12345678901234567890'):
            self.write(person=person, choose=choose)
        self.assertEqual(len(self.spoken(case)), 1)
        self.assertEqual(self.about(case)[0], 'algemeen')

    def test_chat(self):
        def post(**message):
            body = json.dumps({'conversation': 'menu-1', 'from': {'id': 'menu-v-1'}} | message).encode()
            answer = self.world.hook('dordrecht-chat', body, secret='', headers={
                'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-chat'], body)})
            self.assertEqual(answer.status, 200)
            return self.world.value("select case_id::text from loket.contact where inbox = 'dordrecht-chat' order by received_at desc limit 1")
        case = post(id='m-1', text='Hallo')
        (_, menu, *_), = self.spoken(case)
        got, = [r for r in self.world.standin.received if r['message'].get('conversation') == 'menu-1']
        self.assertIsNone(got['wrong'])
        self.assertEqual(got['message']['menu'], menu)
        self.assertEqual([c['id'] for c in menu['choices']], ['1', '2', '9', '0'])
        self.assertEqual(post(id='m-2', choice='1', text='Rijbewijs'), case)
        self.spoken(case)
        self.assertEqual(self.about(case)[0], 'rijbewijs')

    def test_by_mail(self):
        """A channel without buttons gets lines, and takes the digit."""
        who = 'menu@example.org'

        def mail(n, subject, text):
            lines = {'From': who, 'To': 'gemeente@dordrecht.example', 'Subject': subject, 'Message-ID': f'<menu-{n}@example.org>',
                     'Content-Type': 'text/plain; charset=utf-8'}
            raw = ('\r\n'.join(f'{k}: {v}' for k, v in lines.items()) + f'\r\n\r\n{text}\r\n').encode()
            answer = self.world.hook('dordrecht-email', raw, 'message/rfc822', secret='', headers={
                'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-email'], raw)})
            self.assertEqual(answer.status, 200)
            return self.world.psql('select c.id::text, c.reference from loket.case_file c join loket.contact m on m.case_id = c.id '
                                   "where m.inbox = 'dordrecht-email' order by m.received_at desc limit 1")[0]
        case, reference = mail(1, 'Goedemiddag', 'Ik heb een vraag')
        (text, *_), = self.spoken(case)
        self.assertIn('\n1 Rijbewijs\n', text)
        got, = [r['message'] for r in self.world.standin.received if r['message'].get('to') == who]
        self.assertIn('1 Rijbewijs', got['raw'])
        self.assertEqual(mail(2, f'Re: Goedemiddag [{reference}]', '1')[0], case)
        self.spoken(case)
        self.assertEqual(self.about(case)[0], 'rijbewijs')


class Offered(InWriting):
    def test_it_is_for_others_now(self):
        """Who was asked for it does not know about parking; who does is asked next."""
        bram, anna = self.world.agent('bram'), self.world.agent('anna')
        bram.ready()
        for _ in range(self.world.value("select count(*) from loket.case_file where state <> 'closed'")):
            bram.resolve(bram.accept(bram.next_offer()), 'solved')
        person, case = self.write('Hallo')
        self.spoken(case)
        self.assertEqual(bram.next_offer()['case']['id'], case)
        self.write(person=person, choose='21')
        wait_until(lambda: self.world.value("select state from loket.offer where case_id = %s", [case]) == 'withdrawn', 10, 'the offer')
        self.assertEqual(self.about(case)[:3], ('parkeervergunning', 'nl', 'queued'))
        anna.ready()
        offer = anna.next_offer()
        self.assertEqual((offer['case']['id'], offer['case']['product']), (case, 'parkeervergunning'))
        anna.resolve(anna.accept(offer), 'solved')
        anna.offline()
        # and who speaks with somebody by then goes on with them
        for choose in ('21', '2'):
            person, case = self.write('Goedendag')
            self.spoken(case)
            taken = bram.accept(bram.next_offer())
            self.assertEqual(taken['case']['id'], case)
            self.write(person=person, choose=choose)
            self.assertEqual(len(self.spoken(case)), 1, choose)
            self.assertEqual(self.about(case)[:3], ('algemeen', 'nl', 'assigned'))
            bram.resolve(taken, 'solved')
        bram.offline()


if __name__ == '__main__':
    unittest.main(verbosity=2)
