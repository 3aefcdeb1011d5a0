#!/usr/bin/env python3
"""What citizens say in public: it waits for the webcare team, not for an agent."""
import itertools
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402

numbers = itertools.count(1)


class PostsTest(world.LoketTest):
    def said(self, text='De prullenbak op het plein zit weer vol', who=None, inbox='dordrecht-facebook', post=None, want=201, **more):
        """Something public comes in, as an integration hands it over: {"contact", "case"}."""
        n = next(numbers)
        body = {'inbox': inbox, 'visibility': 'public', 'kind': 'text', 'providerId': f'comment-{n}', 'text': text,
                'from': {'addresses': [{'kind': inbox.split('-')[-1], 'value': who or f'person-{n}'}], 'name': 'Joke Jansen'},
                'fields': {'post': post or f'root-{n}', 'permalink': f'https://example.org/p/{n}'}} | more
        answer = self.world.api('POST', '/v1/contacts', 'integration', {k: v for k, v in body.items() if v is not None})
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def changed(self, kind, of, text=None, **more):
        """Its sender edits or deletes it. of: what said() gave, or a provider id."""
        about = of if isinstance(of, str) else of['contact']['providerId']
        return self.said(text, kind=kind, replyTo=about, **more)

    def row(self, said):
        """(state, outcome, actions) of its post."""
        return self.world.psql('select state, outcome, actions from loket.post where id = %s', [said['contact']['id']])[0]

    def state(self, said):
        return self.world.value('select state from loket.case_file where id = %s', [said['case']['id']])

    def contact(self, said, token='lead'):
        return self.world.api('GET', f"/v1/contacts/{said['contact']['id']}", token).json

    def raw(self, said):
        return self.world.psql('select r.body from loket.raw r join loket.contact c on c.raw = r.id where c.id = %s',
                               [said['contact']['id']])[0][0]

    def assertBalanced(self):
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'admin').json['balanced'])

    def tearDown(self):
        self.assertBalanced()
        # a case is with the webcare team exactly as long as one of its posts is
        self.assertEqual(self.world.psql("""
            select k.id, k.state from loket.case_file k
            where (k.state = 'triage') <> exists (select from loket.post p where p.case_id = k.id and p.state <> 'done')"""), [])


class Intake(PostsTest):
    def test_it_is_in_nobodys_queue(self):
        bram, wim = self.world.agent('bram'), self.world.agent('wim')
        bram.ready()
        wim.ready()
        said = self.said()
        private = self.said('Waar vraag ik een afspraak aan?', visibility='private', fields=None)
        self.assertEqual(said['case']['state'], 'triage')
        self.assertEqual(self.row(said), ('waiting', None, []))
        made = wim.events.wait('post.made')
        self.assertEqual(made['post'], {'id': said['contact']['id'], 'channel': 'facebook', 'state': 'waiting'})
        # something private that comes after it is offered; so the dispatcher and the queue had their turn
        taken = bram.accept(bram.next_offer())
        self.assertEqual(taken['case']['id'], private['case']['id'])
        bram.resolve(taken)
        offered = self.world.value("select count(*) from loket.offer where case_id = %s", [said['case']['id']])
        self.assertEqual(offered, 0)
        self.assertIsNone(self.world.redis('ZSCORE', 'loket:queue', said['case']['id']))
        self.assertNotIn(said['case']['id'], [i['id'] for i in self.world.api('GET', '/v1/queue?limit=100', 'lead').json['items']])
        bram.events.none('post.made', 0.2)
        self.assertEqual(self.world.api('GET', '/v1/cases?state=triage', 'lead').json['items'][0]['id'], said['case']['id'])
        bram.offline()
        wim.offline()

    def test_one_person_under_one_post_is_one_case(self):
        first = self.said('Wanneer komt de kermis?', who='kees', post='kermis')
        again = self.said('En hoe laat?', who='kees', post='kermis')
        self.assertEqual(again['case']['id'], first['case']['id'])
        other_person = self.said('Leuk!', who='piet', post='kermis')
        other_post = self.said('Zijn de wegen dicht?', who='kees', post='sneeuw')
        other_inbox = self.said('Zijn de wegen dicht?', who='kees', post='kermis', inbox='dordrecht-x')
        cases = {s['case']['id'] for s in (first, other_person, other_post, other_inbox)}
        self.assertEqual(len(cases), 4)
        self.assertEqual([self.row(s)[0] for s in (first, again, other_person)], ['waiting'] * 3)

    def test_no_root_is_named(self):
        root = self.said('De straatlamp is stuk', who='eva', fields=None, inbox='dordrecht-x')
        under = self.said('Nog steeds!', who='eva', post=root['contact']['providerId'], inbox='dordrecht-x')
        self.assertEqual(under['case']['id'], root['case']['id'])

    def test_private_goes_the_ordinary_way(self):
        public = self.said('Kan ik hier iets vragen?', who='ig-1', inbox='dordrecht-instagram')
        private = self.said('Mijn vraag is persoonlijk', who='ig-1', inbox='dordrecht-instagram', visibility='private', fields=None)
        self.assertEqual(private['contact']['party'], public['contact']['party'])
        self.assertNotEqual(private['case']['id'], public['case']['id'])
        self.assertEqual(self.state(private), 'queued')
        self.assertEqual(self.world.value('select count(*) from loket.post where id = %s', [private['contact']['id']]), 0)
        # and the other way round
        self.assertNotEqual(self.said('Nog iets', who='ig-1', inbox='dordrecht-instagram')['case']['id'], private['case']['id'])
        # one that quotes the public one belongs to it, and to the webcare team
        quoting = self.said('Hierop bedoel ik', who='ig-1', inbox='dordrecht-instagram', visibility='private', fields=None,
                            replyTo=public['contact']['providerId'])
        self.assertEqual(quoting['case']['id'], public['case']['id'])
        self.assertEqual(self.row(quoting)[0], 'waiting')

    def test_typed_in_by_an_agent(self):
        answer = self.world.api('POST', '/v1/contacts', 'wim', {'inbox': 'dordrecht-x', 'visibility': 'public', 'text': 'Gezien op straat'})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.json['case']['state'], 'triage')

    def test_a_citizen_who_only_reacts_opens_nothing(self):
        n = self.world.value('select count(*) from loket.post')
        self.said('👍', kind='reaction')
        self.assertEqual(self.world.value('select count(*) from loket.post'), n)

    def test_spam_is_counted_not_shown_as_waiting(self):
        before = self.world.api('GET', '/v1/ledger', 'admin').json
        said = self.said('Win een telefoon', flags=['spam'])
        self.assertEqual(self.row(said)[:2], ('done', 'spam'))
        after = self.world.api('GET', '/v1/ledger', 'admin').json
        self.assertEqual((after['received'], after['spam']), (before['received'] + 1, before['spam'] + 1))

    def test_who_asks_for_help_by_hand_waits_there_too(self):
        said = self.said('Het lukt niet om in te loggen met DigiD, kan iemand mij helpen?')
        self.assertIn('option0', said['contact']['flags'])
        self.assertEqual(self.state(said), 'triage')

    def test_the_same_again_is_the_same(self):
        said = self.said('Eenmaal')
        n = self.world.value('select count(*) from loket.post')
        again = self.said('Eenmaal', providerId=said['contact']['providerId'])
        self.assertEqual(again['contact']['id'], said['contact']['id'])
        self.assertEqual(self.world.value('select count(*) from loket.post'), n)


class Changed(PostsTest):
    def test_edited(self):
        stream = self.world.events('wim')
        said = self.said('De fontijn is stuk', who='ed')
        self.changed('edit', said, 'De fontein is stuk', who='ed')
        stream.wait('post.changed', lambda d: d['post']['id'] == said['contact']['id'] and d['post'].get('edited'))
        now = self.contact(said)
        self.assertEqual((now['text'], now['flags']), ('De fontein is stuk', ['edited']))
        self.assertEqual(self.row(said)[0], 'waiting')
        self.assertEqual(self.world.value('select count(*) from loket.post where case_id = %s', [said['case']['id']]), 1)

    def test_the_last_edit_counts_in_whatever_order_they_come(self):
        said = self.said('een', who='ed2')
        self.changed('edit', said, 'drie', who='ed2', providerTime='2026-11-20T10:00:03Z')
        self.changed('edit', said, 'twee', who='ed2', providerTime='2026-11-20T10:00:02Z')
        self.assertEqual(self.contact(said)['text'], 'drie')

    def test_deleted(self):
        stream = self.world.events('wim')
        said = self.said('Mijn BSN is 123456782', who='del', attachments=None)
        edit = self.changed('edit', said, 'Mijn nummer is 0612345678', who='del')
        self.world.psql("update loket.contact set attachments = '[{\"id\": \"x\"}]' where id = %s", [said['contact']['id']])
        self.assertIsNotNone(self.raw(said))
        self.changed('delete', said, who='del')
        stream.wait('post.changed', lambda d: d['post'].get('deleted'))
        now = self.contact(said)
        self.assertNotIn('text', now)
        self.assertEqual((now['attachments'], list(now['fields']), now['case']), ([], ['post'], said['case']['id']))
        self.assertEqual({'deleted', 'edited'} - set(now['flags']), set())
        self.assertNotIn('text', self.contact(edit))
        self.assertIsNone(self.raw(said))
        self.assertIsNone(self.raw(edit))
        self.assertEqual((self.row(said)[0], self.state(said)), ('waiting', 'triage'))
        for table in ('contact', 'notice', 'post'):
            for text in ('123456782', '0612345678', now['fields']['post'].replace('root-', 'example.org/p/')):
                self.assertEqual(self.world.value(f'select count(*) from loket.{table} t where t::text like %s', [f'%{text}%']), 0, (table, text))

    def test_deleted_before_it_came(self):
        self.changed('delete', 'too-early', who='early')
        said = self.said('Dit had niemand meer mogen zien', who='early', providerId='too-early')
        now = self.contact(said)
        self.assertNotIn('text', now)
        self.assertIn('deleted', now['flags'])
        self.assertIsNone(self.raw(said))

    def test_a_private_message_keeps_what_it_always_kept(self):
        said = self.said('Oude tekst', who='priv', visibility='private', fields=None)
        self.changed('edit', said, 'Nieuwe tekst', who='priv', visibility='private', fields=None)
        now = self.contact(said)
        self.assertEqual((now['text'], now['flags']), ('Oude tekst', ['edited']))


if __name__ == '__main__':
    world.main()
