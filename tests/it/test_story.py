#!/usr/bin/env python3
"""The story of a question, through the public API only: from the citizen's phone to an agent and back."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402


class Story(world.LoketTest):
    def queued(self, case_id):
        page = self.world.api('GET', '/v1/queue?limit=100', 'lead').json
        return case_id in [item['id'] for item in page['items']]

    def ledger(self):
        return self.world.api('GET', '/v1/ledger', 'admin').json

    def test_whatsapp(self):
        before = self.ledger()

        # a citizen writes; nobody is there yet, so it waits, visibly
        self.world.hook_whatsapp('Goedemiddag, waar vraag ik een parkeervergunning aan?', wa_id='31612000001')
        case = self.world.api('GET', '/v1/cases?product=parkeervergunning&state=queued', 'lead').json['items'][0]
        self.assertEqual((case['municipality'], case['channel'], case['state']), ('dordrecht', 'whatsapp', 'queued'))
        wait_until(lambda: self.queued(case['id']), what='the case in the queue')

        # Bram cannot finish it, so he is not asked; Anna can
        bram, anna = self.world.agent('bram'), self.world.agent('anna')
        bram.ready()
        anna.ready()
        offer = anna.next_offer()
        self.assertEqual(offer['case']['id'], case['id'])
        self.assertEqual(offer['case']['product'], 'parkeervergunning')
        bram.events.none('offer.made', 0.2)
        taken = anna.accept(offer)
        self.assertGreaterEqual(taken['epoch'], 1)
        wait_until(lambda: not self.queued(case['id']), what='the queue without the case')

        # she sees what was asked, and answers
        seen = anna.case(case['id'])
        self.assertEqual([c['text'] for c in seen['contacts']], ['Goedemiddag, waar vraag ik een parkeervergunning aan?'])
        self.assertEqual(seen['epoch'], taken['epoch'])
        contact = anna.reply(taken, 'Dat kan op dordrecht.nl/parkeren. Zal ik u helpen?')['contact']
        self.assertEqual(contact['delivery'], 'queued')

        # it leaves for WhatsApp as WhatsApp wants it (the stand-in refuses any other path, token or body)
        sent = wait_until(lambda: self.world.standin.received, what='a message at the provider')[-1]
        self.assertIsNone(sent['wrong'])
        self.assertEqual(sent['account'], self.world.account('dordrecht-whatsapp'))
        self.assertEqual(sent['message']['text']['body'], 'Dat kan op dordrecht.nl/parkeren. Zal ik u helpen?')
        self.assertEqual(sent['message']['to'].lstrip('+'), '31612000001')
        self.assertEqual(sent['message']['biz_opaque_callback_data'], contact['id'])

        # and Anna sees it arrive
        anna.events.wait('delivery.changed', lambda d: d['contact'] == {'id': contact['id'], 'delivery': 'delivered'})
        wait_until(lambda: anna.case(case['id'])['contacts'][-1]['delivery'] in ('delivered', 'read'), what='"delivered" in the case')

        # solved; the case is closed and nothing is lost
        anna.resolve(taken, 'solved')
        done = anna.case(case['id'])
        self.assertEqual((done['state'], done['outcome']), ('closed', 'solved'))
        self.assertIn('resolve', [e['event'] for e in done['history']])
        after = self.ledger()
        self.assertTrue(after['balanced'])
        self.assertEqual(after['received'], before['received'] + 1)
        self.assertEqual(after['closed'], before['closed'] + 1)

    def test_web_form(self):
        answer = self.world.hook_form({'form': 'melding', 'submission_id': 'f1', 'product': 'melding-openbare-ruimte',
                                       'fields': {'naam': 'Joris Bakker', 'email': 'joris@example.org',
                                                  'bericht': 'Er ligt een stoeptegel los in de Voorstraat.'}})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(set(answer.json), {'reference', 'secret', 'receivedAt'})
        bram = self.world.agent('bram')
        bram.ready()
        offer = bram.events.wait('offer.made', lambda d: d['case']['channel'] == 'webform')
        taken = bram.accept(offer)
        seen = bram.case(taken['case']['id'])
        self.assertEqual(seen['reference'], answer.json['reference'])
        self.assertEqual(seen['product'], 'melding-openbare-ruimte')
        self.assertIn({'kind': 'email', 'value': 'joris@example.org'}, seen['citizen']['addresses'])
        task = bram.call('POST', f"/v1/cases/{seen['id']}/tasks", {'department': 'Beheer openbare ruimte', 'epoch': taken['epoch'],
                                                                   'action': 'Tegel vastzetten', 'due': '2099-12-31T16:00:00Z'})
        self.assertEqual(task['task']['state'], 'open')
        bram.resolve(taken, 'promised')
        self.assertTrue(self.ledger()['balanced'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
