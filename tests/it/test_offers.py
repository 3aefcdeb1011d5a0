#!/usr/bin/env python3
"""What comes with an offer: who it is, what went before, what is known of what the product needs, and what is to be asked."""
import itertools
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402

people = itertools.count(31623000001)
NEEDS = [{'id': 'kenteken', 'label': 'Kenteken', 'fields': ['kenteken', 'nummerbord']},
         {'id': 'adres', 'label': 'Adres'},
         {'id': 'telefoon', 'label': 'Telefoon', 'party': 'phone'},
         {'id': 'bsn', 'label': 'BSN'}]


class Offers(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    def product(self, **more):
        return self.world.api('PUT', '/v1/products/parkeervergunning', 'admin', {'name': 'Parkeervergunning', **more})

    def offers(self, who='anna'):
        answer = self.world.api('GET', '/v1/me/offers', who)
        self.assertEqual(answer.status, 200, answer)
        return answer.json['items']

    def test_all_of_it(self):
        self.assertEqual(self.product(needs=NEEDS).json['needs'], NEEDS)
        self.world.api('PUT', '/v1/articles/parkeren-kosten', 'lead', {
            'kind': 'article', 'municipality': 'dordrecht', 'product': 'parkeervergunning', 'language': 'nl', 'title': 'Kosten', 'text': 'x'})
        phone = '+' + str(next(people))

        def ask(**fields):
            answer = self.world.hook_form({'form': 'vraag', 'product': fields.pop('product', 'parkeervergunning'),
                                           'fields': {'naam': 'Sanne', 'telefoon': phone, **fields}})
            self.assertEqual(answer.status, 201, answer)
            return self.anna.next_offer()
        self.anna.resolve(self.anna.accept(ask(product='dordtpas', bericht='Waar is mijn pas?')))
        open_one = self.anna.accept(ask(product='gevonden-verloren-voorwerpen', bericht='Fiets weg'))
        ask(nummerbord='AB-12-C', bericht='Wat kost het?', bsn='111222333')

        offer, = self.offers()
        prepare = offer['prepare']
        self.assertEqual(prepare['party']['name'], 'Sanne')
        self.assertIn({'kind': 'phone', 'value': phone}, prepare['party']['addresses'])
        self.assertEqual([(c['product'], c['outcome']) for c in prepare['history']], [('dordtpas', 'solved')])
        self.assertEqual([c['id'] for c in prepare['openCases']], [open_one['case']['id']])
        self.assertEqual([c['direction'] for c in prepare['contacts']], ['in'])
        self.assertEqual([a['title'] for a in prepare['articles']], ['Kosten'])
        self.assertEqual({k['id']: (k['text'], k['from']) for k in prepare['known']},
                         {'kenteken': ('AB-12-C', 'contact'), 'telefoon': (phone, 'contact'), 'bsn': ('•••••••••', 'contact')})
        self.assertEqual(prepare['missing'], [{'id': 'adres', 'label': 'Adres'}])
        self.assertNotIn(b'111222333', self.world.api('GET', '/v1/me/offers', 'anna').body)
        # that she looked is recorded, and it is nobody else's
        case = offer['case']['id']
        self.assertEqual(self.world.value("select count(*) from loket.access_log where action = 'offer.read' and object_id = %s", [case]), 2)
        self.assertEqual(self.offers('bram'), [])
        self.assertEqual(self.world.api('GET', '/v1/me/offers', 'admin').status, 403)
        # what was handed on comes with the note
        taken = self.anna.accept(offer | {'offer': offer})
        ayse = self.world.agent('ayşe')
        self.assertEqual(self.world.api('POST', f'/v1/cases/{case}/transfer', 'anna', {
            'to': {'agent': self.world.value("select id::text from loket.agent where name = 'Ayşe'")}, 'epoch': taken['epoch'],
            'note': 'Wacht op het adres'}).status, 200)
        ayse.ready()
        ayse.next_offer()
        prepare = self.offers('ayşe')[0]['prepare']
        self.assertEqual([n['text'] for n in prepare['notes']], ['Wacht op het adres'])
        # none of this is in the event, which is kept
        self.assertEqual(self.world.value("select count(*) from loket.notice where kind = 'offer.made' and payload::text ~ 'Sanne|AB-12'"), 0)
        ayse.offline()

    def test_bounded(self):
        """a citizen who wrote all day, and has a long history"""
        phone = str(next(people))
        self.world.hook_whatsapp('Hoe vraag ik een rijbewijs aan?', wa_id=phone)
        offer = self.anna.next_offer()
        self.world.psql("""insert into loket.contact (id, municipality, inbox, channel, direction, kind, received_at, case_id, party, text, fields)
            select gen_random_uuid(), municipality, inbox, channel, 'in', 'form', now() + n * interval '1 ms', id, party, repeat('x', 60000),
                   jsonb_build_object('kenteken', repeat('y', 60000)) from loket.case_file, generate_series(1, 40) n where id = %s""",
                        [offer['case']['id']])
        self.world.psql("""insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, state, opened_at, arrived_at,
                due_at, last_contact_at, closed_at)
            select gen_random_uuid(), municipality, 'OUD-' || n, product, party, inbox, channel, 'closed', now(), now(), now(),
                   now() - n * interval '1 day', now() from loket.case_file, generate_series(1, 40) n where id = %s""", [offer['case']['id']])
        self.world.psql("update loket.product set needs = %s where id = 'rijbewijs'", ['[{"id": "kenteken", "label": "Kenteken"}]'])
        answer = self.world.api('GET', '/v1/me/offers', 'anna')
        self.assertLess(len(answer.body), 12000)
        prepare = answer.json['items'][0]['prepare']
        self.assertEqual((len(prepare['contacts']), len(prepare['history'])), (10, 5))
        self.assertEqual(len(prepare['known'][0]['text']), 200)
        self.anna.resolve(self.anna.accept(offer))

    def test_what_a_product_needs_is_checked(self):
        answer = self.product(needs=[NEEDS[0], NEEDS[0], {'id': 'Adres!', 'fields': []}])
        self.assertEqual(answer.status, 422, answer)
        self.assertEqual({e['name'] for e in answer.json['errors']}, {'needs[2].id', 'needs[2].label', 'needs[2].fields'})
        answer = self.product(needs=[NEEDS[0], NEEDS[0]])
        self.assertEqual({e['name'] for e in answer.json['errors']}, {'needs[1].id'})
        self.assertEqual(self.product(needs=NEEDS * 6).status, 422)
        self.assertEqual(self.product(secondLine={'department': 'Parkeren', 'days': 31}).status, 422)
        self.assertEqual(self.product(secondLine={'department': 'Parkeren', 'days': 3}).json['secondLine'], {'department': 'Parkeren', 'days': 3})
        self.assertNotIn('secondLine', self.product().json)


if __name__ == '__main__':
    unittest.main(verbosity=2)
