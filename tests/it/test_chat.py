#!/usr/bin/env python3
"""Live chat in three shapes, and a channel that is configuration alone: in, to an agent, out, and back."""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

CHAT = 'dordrecht-chat'


class Chat(world.LoketTest):
    def setUp(self):
        super().setUp()
        self.anna = self.world.agent('anna')
        self.anna.ready()

    def tearDown(self):
        self.world.api('PUT', '/v1/me/presence', 'anna', {'state': 'offline'})
        super().tearDown()

    def post(self, message, secret=None, headers=None):
        body = json.dumps(message).encode()
        signature = own_signature(secret or self.world.secrets[CHAT], body)
        return self.world.hook(CHAT, body, headers={'X-Loket-Signature': signature, **(headers or {})}, secret='')

    def count(self, provider_id):
        return self.world.value('select count(*) from loket.contact where inbox = %s and provider_id = %s', [CHAT, provider_id])

    def take(self):
        return self.anna.accept(self.anna.next_offer())

    def sent(self, contact):
        return wait_until(lambda: [m for m in self.world.standin.received
                                   if contact in json.dumps(m['message'])], what='the reply at the chat')[-1]

    def wait_for(self, contact, delivery):
        wait_until(lambda: self.world.value('select delivery from loket.contact where id = %s', [contact]) in delivery,
                   what=f'delivery {delivery}')

    def test_our_own_shape(self):
        message = {'conversation': 'g-1', 'id': 'm-1', 'from': {'id': 'v-1', 'name': 'Noor', 'email': 'iemand@anders.nl'},
                   'text': 'Hoe vraag ik een parkeervergunning aan?', 'page': 'https://dordrecht.example/parkeren'}
        for _ in range(5):                                   # the site tries again: one contact
            self.assertEqual(self.post(message).status, 200)
        self.assertEqual(self.count('m-1'), 1)
        taken = self.take()
        seen = self.anna.case(taken['case']['id'])
        self.assertEqual((seen['channel'], seen['product']), ('chat', 'parkeervergunning'))
        self.assertEqual(seen['contacts'][0]['fields']['page'], 'https://dordrecht.example/parkeren')
        # what a visitor says about an e-mail address is no address of theirs
        self.assertEqual([a['kind'] for a in seen['contacts'][0]['from']['addresses']], ['chat'])

        contact = self.anna.reply(taken, 'Dat kan online.')['contact']['id']
        sent = self.sent(contact)
        self.assertIsNone(sent['wrong'])
        self.assertEqual((sent['message']['conversation'], sent['message']['text']), ('g-1', 'Dat kan online.'))
        self.wait_for(contact, ('delivered', 'read'))

        # more lines of the same conversation come into the same case; one that says it is of another age does not stay the last
        self.post({'conversation': 'g-1', 'id': 'm-1b', 'from': {'id': 'v-1'}, 'text': 'Fijn', 'at': '2999-01-01T00:00:00Z'})
        self.post({'conversation': 'g-1', 'id': 'm-2', 'from': {'id': 'v-1'}, 'text': 'Dank u!'})
        self.assertEqual(self.anna.case(taken['case']['id'])['contacts'][-1]['text'], 'Dank u!')
        self.anna.resolve(taken, 'solved')

    def test_proof(self):
        message = {'conversation': 'g-2', 'id': 'm-3', 'text': 'Hallo'}
        self.assertEqual(self.post(message, secret='a wrong secret').status, 401)
        body = json.dumps(message).encode()
        old = own_signature(self.world.secrets[CHAT], body, time.time() - 3600)    # a replay
        self.assertEqual(self.world.hook(CHAT, body, headers={'X-Loket-Signature': old}, secret='').status, 401)
        self.assertEqual(self.world.hook(CHAT, body, secret='').status, 401)
        self.assertEqual(self.count('m-3'), 0)

    def test_a_bot_hands_over(self):
        """From then on a coach: option 0. What the bot said is there to read."""
        self.post([{'recipient_id': 'v-9', 'text': 'Waarmee kan ik helpen?'}])
        self.post({'sender': 'v-9', 'message': 'ik wil een mens', 'metadata': {'message_id': 'r-1'}})
        self.post({'recipient_id': 'v-9', 'custom': {'intent': 'human_handoff', 'title': 'Medewerker'}})
        option0 = self.world.psql("select option0, state from loket.case_file k where exists (select from loket.contact c "
                                  "where c.case_id = k.id and c.provider_id = 'r-1')")
        self.assertEqual([row[0] for row in option0], [True])

    def test_chatwoot(self):
        message = {'event': 'message_created', 'id': 901, 'content': 'Wanneer komt de grijze bak?', 'message_type': 'incoming',
                   'private': False, 'sender': {'id': 14, 'name': 'stille-wolk'}, 'account': {'id': 3},
                   'conversation': {'id': 77, 'meta': {'sender': {'id': 14, 'name': 'stille-wolk'}}}}
        body = json.dumps(message).encode()
        stamp = str(int(time.time()))
        signed = {'X-Chatwoot-Timestamp': stamp, 'X-Chatwoot-Signature': 'sha256=' + own_signature(
            self.world.secrets[CHAT], body, int(stamp)).split('v1=')[1]}
        self.assertEqual(self.world.hook(CHAT, body, headers=signed, secret='').status, 200)
        self.assertEqual(self.world.hook(CHAT, body + b' ', headers=signed, secret='').status, 401)
        taken = self.take()
        contact = self.anna.reply(taken, 'Op donderdag.')['contact']['id']
        sent = self.sent(contact)
        self.assertIsNone(sent['wrong'])
        self.assertEqual((sent['message']['content'], sent['message']['conversation']), ('Op donderdag.', '77'))
        self.wait_for(contact, ('sent',))
        # Chatwoot tells of our own words too: no contact of anybody
        echo = message | {'id': int(sent['id']), 'content': 'Op donderdag.', 'message_type': 'outgoing', 'sender': {'id': 1},
                          'content_attributes': {'loket': contact}}
        self.assertEqual(self.post(echo).status, 200)
        self.assertEqual([c['direction'] for c in self.anna.case(taken['case']['id'])['contacts']], ['in', 'out'])
        self.anna.resolve(taken, 'solved')

    def test_a_channel_by_configuration(self):
        """The generic webhook: set up over the API, used at once."""
        answer = self.world.api('PUT', '/v1/inboxes/dordrecht-wijkapp', 'admin', {
            'municipality': 'dordrecht', 'channel': 'chat', 'provider': 'webhook',
            'settings': {
                'signature': {'header': 'X-Wijkapp', 'prefix': 'sha256='},
                'mapping': {'id': '/bericht/nr', 'from': '/bewoner', 'text': '/bericht/tekst', 'conversation': '/draad'},
                'statuses': {'pointer': '/stand', 'id': '/nr', 'words': {'gelezen': 'read'}},
                'reply': {'url': self.world.standin.url + '/chat/app', 'headers': {'Authorization': 'Bearer {token}'},
                          'body': {'text': '{text}', 'draad': '{conversation}', 'ref': '{id}'}}},
            'secrets': {'secret': ['geheim-van-de-wijkapp'], 'token': [world.STANDIN_TOKEN]}})
        self.assertEqual(answer.status, 201, answer)
        body = json.dumps({'draad': 5, 'bewoner': 'b12', 'bericht': {'nr': 1, 'tekst': 'Mijn parkeervergunning is kwijt'}}).encode()
        signed = {'X-Wijkapp': world.hub_signature('geheim-van-de-wijkapp', body)}
        wait_until(lambda: self.world.hook('dordrecht-wijkapp', body, headers=signed, secret='').status == 200, what='the new inbox')
        self.assertEqual(self.world.hook('dordrecht-wijkapp', body, headers={'X-Wijkapp': 'sha256=00'}, secret='').status, 401)
        taken = self.take()
        contact = self.anna.reply(taken, 'U krijgt een nieuwe.')['contact']['id']
        sent = self.sent(contact)
        self.assertEqual(sent['message'], {'text': 'U krijgt een nieuwe.', 'draad': '5', 'ref': contact})
        self.anna.resolve(taken, 'solved')


if __name__ == '__main__':
    unittest.main(verbosity=2)
