#!/usr/bin/env python3
"""Who is it: one person with several addresses, parties that turn out to be one, and the way back."""
import functools
import json
import pathlib
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import at_once, wait_until  # noqa: E402
from standin import bird  # noqa: E402


class Identity(world.LoketTest):
    def party_of(self, wa_id, text='Waar vraag ik een parkeervergunning aan?', inbox='dordrecht-whatsapp'):
        """A citizen writes; (party, case)."""
        message = f'wamid.{uuid.uuid4().hex}'
        self.world.hook_whatsapp(text, inbox=inbox, wa_id=wa_id, message_id=message)
        return self.world.psql('select party::text, case_id::text from loket.contact where provider_id = %s', [message])[0]

    def post(self, path, body, who='lead'):
        return self.world.api('POST', path, who, body)

    def party(self, party, who='lead'):
        return self.world.api('GET', f'/v1/parties/{party}', who)

    def case_party(self, case):
        return self.world.value('select party::text from loket.case_file where id = %s', [case])

    def test_merge_and_back(self):
        anna, anna_case = self.party_of('31655000001')
        other, other_case = self.party_of('31655000002', 'Mijn paspoort is gestolen')
        self.assertNotEqual(anna, other)
        answer = self.post('/v1/parties/merge', {'party': anna, 'duplicate': other, 'note': 'nieuwe telefoon'})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual({a['value'] for a in answer.json['addresses']}, {'+31655000001', '+31655000002'})
        self.assertEqual([m['party'] for m in answer.json['merges']], [other])
        self.assertEqual({c['id'] for c in self.party(anna).json['cases']}, {anna_case, other_case})
        gone = self.party(other).json
        self.assertEqual((gone['mergedInto'], gone['addresses'], gone['cases']), (anna, [], []))

        # what the second number writes from now on is of the same person: the open case of the same product goes on
        self.assertEqual(self.party_of('31655000002', 'En mijn parkeervergunning?')[0], anna)
        _, new_case = self.party_of('31655000002', 'Ik wil trouwen, hoe regel ik dat?')

        answer = self.post('/v1/parties/unmerge', {'party': other})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual([a['value'] for a in answer.json['addresses']], ['+31655000002'])
        self.assertEqual(self.case_party(anna_case), anna)
        self.assertEqual(self.case_party(other_case), other)
        self.assertIn(self.case_party(new_case), (anna, other))
        self.assertNotIn('merges', self.party(anna).json)
        self.assertEqual(self.party_of('31655000002', 'Nog iets over mijn paspoort')[0], other)
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'admin').json['balanced'])
        self.assertGreaterEqual(self.world.value("select count(*) from loket.access_log where action in ('party.merge', "
                                                 "'party.unmerge')"), 2)

    def test_a_case_opened_since_goes_back(self):
        anna, _ = self.party_of('31655000011')
        other, _ = self.party_of('31655000012', 'Mijn paspoort is gestolen')
        self.post('/v1/parties/merge', {'party': anna, 'duplicate': other})
        self.world.psql("insert into loket.address (municipality, kind, value, party) values ('dordrecht', 'email', "
                        "'een@voorbeeld.nl', %s)", [anna])
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() - interval '60 days' "
                        "where party = %s", [anna])
        _, of_other = self.party_of('31655000012', 'Ik wil trouwen')
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() - interval '60 days' "
                        "where party = %s", [anna])
        _, of_anna = self.party_of('31655000011', 'Ik wil ook trouwen')
        self.assertEqual((self.case_party(of_other), self.case_party(of_anna)), (anna, anna))
        self.post('/v1/parties/unmerge', {'party': other})
        self.assertEqual((self.case_party(of_other), self.case_party(of_anna)), (other, anna))
        # an address that came later stays where it came
        self.assertEqual(self.world.value("select party::text from loket.address where value = 'een@voorbeeld.nl'"), anna)

    def test_cases_that_became_one_meanwhile_come_first(self):
        """Nobody gets to see what becomes of somebody else's question."""
        anna, anna_case = self.party_of('31655000041')
        other, other_case = self.party_of('31655000042', 'Mijn paspoort is gestolen')
        self.post('/v1/parties/merge', {'party': anna, 'duplicate': other})
        for kept, gone in ((anna_case, other_case), (other_case, anna_case)):
            epoch = self.world.value('select epoch from loket.case_file where id = %s', [kept])
            answer = self.world.api('POST', f'/v1/cases/{kept}/merge', 'lead', {'duplicate': gone, 'epoch': epoch})
            self.assertEqual(answer.status, 200, answer)
            answer = self.post('/v1/parties/unmerge', {'party': other})
            self.assertEqual((answer.status, answer.json['rule']), (422, 'casesMerged'), answer)
            for case in (kept, gone):
                self.assertIn(self.world.value('select reference from loket.case_file where id = %s', [case]), answer.json['detail'])
            self.assertEqual((self.case_party(anna_case), self.case_party(other_case)), (anna, anna))
            self.assertEqual(self.world.api('POST', f'/v1/cases/{gone}/unmerge', 'lead').status, 200)
        self.assertEqual(self.post('/v1/parties/unmerge', {'party': other}).status, 200)
        self.assertEqual((self.case_party(anna_case), self.case_party(other_case)), (anna, other))

    def test_a_chain_is_undone_from_the_end(self):
        a, b, c = (self.party_of(f'3165500002{i}')[0] for i in range(3))
        self.assertEqual(self.post('/v1/parties/merge', {'party': a, 'duplicate': b}).status, 200)
        self.assertEqual(self.post('/v1/parties/merge', {'party': c, 'duplicate': a}).status, 200)
        answer = self.post('/v1/parties/unmerge', {'party': b})
        self.assertEqual((answer.status, answer.json['rule']), (422, 'mergedOn'))
        self.assertEqual(self.post('/v1/parties/unmerge', {'party': a}).status, 200)
        self.assertEqual(self.post('/v1/parties/unmerge', {'party': b}).status, 200)
        for i, party in enumerate((a, b, c)):
            self.assertEqual([x['value'] for x in self.party(party).json['addresses']], [f'+3165500002{i}'])

    def test_refusals(self):
        a, b = self.party_of('31655000031')[0], self.party_of('31655000032')[0]
        far = self.party_of('31655000033', inbox='sliedrecht-whatsapp')[0]
        for body, status, what in (({'party': a, 'duplicate': a}, 422, 'sameParty'),
                                   ({'party': a, 'duplicate': far}, 422, 'otherMunicipality')):
            answer = self.post('/v1/parties/merge', body)
            self.assertEqual((answer.status, answer.json['rule']), (status, what))
        answer = self.post('/v1/parties/merge', {'party': 'x', 'duplicate': str(uuid.uuid4())})
        self.assertEqual(answer.status, 422)
        answer = self.post('/v1/parties/merge', {'party': str(uuid.uuid4()), 'duplicate': str(uuid.uuid4())})
        self.assertEqual([f['name'] for f in answer.json['errors']], ['party', 'duplicate'])
        self.assertEqual(self.post('/v1/parties/unmerge', {'party': a}).json['rule'], 'notMerged')
        self.post('/v1/parties/merge', {'party': a, 'duplicate': b})
        self.assertEqual(self.post('/v1/parties/merge', {'party': a, 'duplicate': b}).json['rule'], 'merged')
        # Anna works for Dordrecht and Zwijndrecht: of Sliedrecht she sees nobody
        self.assertEqual(self.post('/v1/parties/merge', {'party': far, 'duplicate': a}, 'anna').status, 422)
        self.assertEqual(self.post('/v1/parties/merge', {'party': a, 'duplicate': b}, 'integration').status, 403)


class ByProof(world.LoketTest):
    """WhatsApp vouches for a number and for a user id; when both come in one message, they are one person."""

    def says(self, number=None, user_id=None):
        message = f'wamid.{uuid.uuid4().hex}'
        item = {'id': message, 'timestamp': '1763726400', 'type': 'text', 'text': {'body': 'Waar is het loket?'}}
        who = {'profile': {'name': 'Noor'}}
        if number:
            item['from'] = who['wa_id'] = number
        if user_id:
            item['from_user_id'] = who['user_id'] = user_id
        value = {'messaging_product': 'whatsapp', 'contacts': [who], 'messages': [item],
                 'metadata': {'display_phone_number': '31781234567', 'phone_number_id': self.world.account('dordrecht-whatsapp')}}
        body = json.dumps({'object': 'whatsapp_business_account',
                           'entry': [{'id': '1', 'changes': [{'field': 'messages', 'value': value}]}]}).encode()
        self.assertEqual(self.world.hook('dordrecht-whatsapp', body).status, 200)
        return self.world.psql('select party::text, case_id::text from loket.contact where provider_id = %s', [message])[0]

    def merged_into(self, party):
        return self.world.value('select merged_into::text from loket.party where id = %s', [party])

    def test_the_oldest_stays(self):
        first, first_case = self.says(number='31657000001')
        second, second_case = self.says(user_id='NL.657000001')
        self.assertNotEqual(first, second)
        self.says(number='31657000001', user_id='NL.657000001')
        wait_until(lambda: self.merged_into(second) == first, what='the merge')
        self.assertEqual(self.world.value('select party::text from loket.case_file where id = %s', [second_case]), first)
        self.assertEqual(self.world.value('select reason from loket.party_merge where gone = %s', [second]), 'proof')
        # from now on they are one, also when only one of the two is told; and people may still say it is wrong
        self.assertEqual(self.says(user_id='NL.657000001')[0], first)
        self.assertEqual(self.world.api('POST', '/v1/parties/unmerge', 'lead', {'party': second}).status, 200)

    def test_what_a_form_claims_proves_nothing(self):
        self.world.hook_form({'form': 'vraag', 'submission_id': 'p-1', 'fields': {'naam': 'Iemand', 'telefoon': '+31657000002',
                                                                                 'bericht': 'Een vraag'}})
        claimed = self.world.value("select party::text from loket.address where value = '+31657000002'")
        proved, _ = self.says(user_id='NL.657000002')
        self.says(number='31657000002', user_id='NL.657000002')
        self.says(number='31657000003')
        self.says(number='31657000003', user_id='NL.657000003')     # what comes later is merged: so the look is over
        self.assertNotEqual(claimed, proved)
        self.assertEqual((self.merged_into(claimed), self.merged_into(proved)), (None, None))


class TwoProviders(world.LoketTest):
    """WhatsApp of Sliedrecht comes from Meta and from Bird: one message is one contact, whoever is first."""
    BIRD = 'sliedrecht-whatsapp-bird'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.world.api('PUT', f'/v1/inboxes/{cls.BIRD}', 'admin', {
            'municipality': 'sliedrecht', 'channel': 'whatsapp', 'provider': 'bird', 'account': 'channel-1',
            'settings': {'workspace': 'w-1'}, 'secrets': {'secret': ['geheim-van-bird'], 'token': ['toegang-tot-bird']}})
        assert answer.status == 201, answer
        wait_until(lambda: cls.world.hook(cls.BIRD, b'{}', secret='').status == 401, what='the inbox')

    def from_meta(self, wamid, text='Hallo', wa_id='31656000001'):
        self.world.hook_whatsapp(text, inbox='sliedrecht-whatsapp', wa_id=wa_id, message_id=wamid)

    def from_bird(self, wamid, text='Hallo', wa_id='31656000001'):
        body = json.dumps({'service': 'channels', 'event': 'whatsapp.inbound', 'payload': {
            'id': str(uuid.uuid4()), 'channelId': 'channel-1', 'direction': 'incoming', 'status': 'delivered',
            'sender': {'contact': {'identifierKey': 'phonenumber', 'identifierValue': '+' + wa_id, 'platformAddress': '+' + wa_id}},
            'body': {'type': 'text', 'text': {'text': text}}, 'parts': [{'platformReference': wamid}],
            'createdAt': '2026-11-22T10:00:00Z'}}).encode()
        headers = bird.signature('geheim-van-bird', f'{self.world.url}/v1/hooks/{self.BIRD}', body)
        answer = self.world.hook(self.BIRD, body, headers=headers, secret='')
        self.assertEqual(answer.status, 200, answer)

    def contacts(self, wamid):
        return self.world.value('select count(*) from loket.contact c where c.provider_id = %s or c.id in (select contact '
                                'from loket.contact_platform where platform_id = %s)', [wamid, wamid])

    def test_whoever_is_first(self):
        self.from_meta('wamid.EERST1')
        self.from_bird('wamid.EERST1')
        self.from_bird('wamid.EERST2')
        self.from_meta('wamid.EERST2')
        self.from_bird('wamid.EERST2')
        self.assertEqual([self.contacts(f'wamid.EERST{i}') for i in (1, 2)], [1, 1])
        self.assertEqual(self.world.value("select count(*) from loket.contact where municipality = 'sliedrecht' and direction = 'in' "
                                          "and text = 'Hallo'"), 2)
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'admin').json['balanced'])

    def test_at_once(self):
        for i in range(20):
            at_once([functools.partial(post, f'wamid.TEGELIJK{i}', f'Regel {i}', '31656000002') for post in (self.from_meta, self.from_bird)])
        rows = self.world.psql("select text, count(*), count(distinct case_id) from loket.contact where text like 'Regel %' group by 1")
        self.assertEqual({(n, cases) for _, n, cases in rows}, {(1, 1)})
        self.assertEqual(len(rows), 20)
        self.assertEqual(self.world.value("select count(distinct party) from loket.contact where text like 'Regel %'"), 1)

    def test_the_same_id_elsewhere_is_another_message(self):
        self.from_bird('wamid.ELDERS', 'Sliedrecht')
        self.world.hook_whatsapp('Dordrecht', wa_id='31656000003', message_id='wamid.ELDERS')
        self.assertEqual(self.world.value("select count(*) from loket.contact where text in ('Sliedrecht', 'Dordrecht')"), 2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
