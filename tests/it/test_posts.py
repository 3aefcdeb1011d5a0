#!/usr/bin/env python3
"""What citizens say in public: it waits for the webcare team, not for an agent."""
import concurrent.futures
import itertools
import json
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

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

    def test_a_chain_of_answers_is_one_case(self):
        """X names what is answered, not the root of it; also when the case was closed in between."""
        first = self.said('De brug staat open', who='x-1', inbox='dordrecht-x', fields=None)
        second = self.said('Nog steeds', who='x-1', inbox='dordrecht-x', replyTo=first['contact']['providerId'], post='not-the-root')
        for said in (first, second):
            self.assertEqual(self.world.api('POST', f"/v1/posts/{said['contact']['id']}/triage", 'wim', {'action': 'done'}).status, 200)
        third = self.said('Weer', who='x-1', inbox='dordrecht-x', replyTo=second['contact']['providerId'], post='neither')
        self.assertEqual({first['case']['id']}, {s['case']['id'] for s in (second, third)})
        self.assertEqual((self.state(third), self.row(third)[0]), ('triage', 'waiting'))
        # of somebody else under it
        self.assertNotEqual(self.said('Bij mij ook', who='x-2', inbox='dordrecht-x', replyTo=first['contact']['providerId'])['case']['id'],
                            first['case']['id'])

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

    def test_a_deletion_that_does_not_say_that_it_was_public(self):
        stream = self.world.events('wim')
        said = self.said('Kan dit weg?', who='mast')
        edit = self.changed('edit', said, 'Kan dit echt weg?', who='mast')
        self.changed('delete', said, who='mast', visibility='private', fields=None)
        stream.wait('post.changed', lambda d: d['post'].get('deleted'))
        self.assertEqual(('text' in self.contact(said), 'text' in self.contact(edit), list(self.contact(said)['fields'])), (False, False, ['post']))
        # and one that comes too early
        self.changed('delete', 'too-early-2', who='mast', visibility='private', fields=None)
        early = self.said('Dit had niemand meer mogen zien', who='mast', providerId='too-early-2')
        self.assertNotIn('text', self.contact(early))
        # what was private is not touched by what calls itself public, but goes as it always did
        private = self.said('Onder ons', who='mast', visibility='private', fields=None)
        self.changed('delete', private, who='mast')
        self.assertNotIn('text', self.contact(private))

    def test_a_private_message_keeps_what_it_always_kept(self):
        said = self.said('Oude tekst', who='priv', visibility='private', fields=None)
        self.changed('edit', said, 'Nieuwe tekst', who='priv', visibility='private', fields=None)
        now = self.contact(said)
        self.assertEqual((now['text'], now['flags']), ('Oude tekst', ['edited']))


class Triage(PostsTest):
    def setUp(self):
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'notForUs', closed_at = now() where state = 'triage'")
        self.world.psql("update loket.post set state = 'done', outcome = 'notForUs', done_at = now(), claimed_by = null where state <> 'done'")

    def list(self, who='wim', **query):
        answer = self.world.api('GET', '/v1/posts?' + '&'.join(f'{k}={v}' for k, v in query.items()), who)
        self.assertEqual(answer.status, 200, answer)
        return answer.json['items']

    def triage(self, said, action, who='wim', want=200, headers=None, **body):
        answer = self.world.api('POST', f"/v1/posts/{said['contact']['id']}/triage", who, {'action': action} | body, headers)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def assertNamed(self, problem, *names):
        self.assertEqual({e['name'] for e in problem['errors']}, set(names))

    def case(self, said):
        return self.world.api('GET', f"/v1/cases/{said['case']['id']}", 'lead').json

    def test_the_list(self):
        first = self.said('Wat een mooi plein', who='lies')
        second = self.said('Mijn BSN is 123456782', inbox='dordrecht-x')
        items = self.list()
        self.assertEqual([i['id'] for i in items], [first['contact']['id'], second['contact']['id']])
        post = items[0]
        self.assertEqual((post['text'], post['from']['name'], post['state'], post['municipality'], post['channel'], post['actions']),
                         ('Wat een mooi plein', 'Joke Jansen', 'waiting', 'dordrecht', 'facebook', []))
        self.assertEqual((post['root'], post['permalink']), (first['contact']['fields']['post'], first['contact']['fields']['permalink']))
        self.assertEqual((post['case']['id'], post['case']['state']), (first['case']['id'], 'triage'))
        self.assertNotIn('123456782', items[1]['text'])
        self.triage(first, 'claim')
        claimed = self.list(state='claimed')
        self.assertEqual([(i['id'], i['claimedBy']['name']) for i in claimed], [(first['contact']['id'], 'Wim')])
        self.assertIn('claimedUntil', claimed[0])
        self.assertEqual([i['id'] for i in self.list(state='waiting')], [second['contact']['id']])
        self.assertEqual(len(self.list(channel='x')), 1)
        self.assertEqual(len(self.list(inbox='dordrecht-x', municipality='dordrecht')), 1)
        self.assertEqual(self.list(municipality='sliedrecht'), [])
        page = self.world.api('GET', '/v1/posts?limit=1', 'wim').json
        rest = self.world.api('GET', f"/v1/posts?limit=1&cursor={page['next']}", 'wim').json
        self.assertEqual(([i['id'] for i in rest['items']], rest['next']), ([second['contact']['id']], None))
        self.assertEqual(self.world.api('GET', '/v1/posts?cursor=xx', 'wim').status, 400)
        self.assertEqual(self.world.api('GET', '/v1/posts?state=later', 'wim').status, 400)
        self.assertGreater(self.world.value("select count(*) from loket.access_log where action = 'post.list' and municipality = 'dordrecht'"), 0)

    def test_who_may(self):
        said = self.said()
        for who, status in (('anna', 403), ('carla', 403), ('integration', 403), ('lead', 200), ('admin', 200)):
            self.assertEqual(self.world.api('GET', '/v1/posts', who).status, status, who)
        for who in ('anna', 'carla', 'integration', 'admin'):
            self.triage(said, 'claim', who, want=403)

    def test_two_people_never_have_the_same(self):
        posts = [self.said(f'Bericht {i}') for i in range(12)]
        got = {}

        def work(who):
            got[who] = [s['contact']['id'] for s in posts
                        if self.world.api('POST', f"/v1/posts/{s['contact']['id']}/triage", who, {'action': 'claim'}).status == 200]
        people = [threading.Thread(target=work, args=(who,)) for who in ('wim', 'piet', 'lead')]
        for p in people:
            p.start()
        for p in people:
            p.join()
        everything = [i for ids in got.values() for i in ids]
        self.assertEqual(sorted(everything), sorted(s['contact']['id'] for s in posts))
        for who, ids in got.items():
            for i in ids:
                other = next(o for o in got if o != who)
                answer = self.world.api('POST', f'/v1/posts/{i}/triage', other, {'action': 'done'})
                self.assertEqual((answer.status, answer.json['detail']), (409, 'Somebody else has this post.'))

    def test_two_people_close_the_two_posts_of_a_case_at_once(self):
        for _ in range(8):
            one = self.said('een', who='samen', post='samen')
            two = self.said('twee', who='samen', post='samen')
            with concurrent.futures.ThreadPoolExecutor() as pool:
                list(pool.map(lambda x: self.triage(x[0], 'done', x[1]), [(one, 'wim'), (two, 'piet')]))
            self.assertEqual(self.state(one), 'closed')

    def test_a_comment_that_comes_while_the_case_closes(self):
        """In either order: the comment is never in a closed case, unseen (tearDown looks)."""
        for i in range(10):
            one = self.said('een', who=f'race-{i}', post='race')
            with concurrent.futures.ThreadPoolExecutor() as pool:
                closing = pool.submit(self.triage, one, 'done')
                two = pool.submit(self.said, 'twee', who=f'race-{i}', post='race').result()
                closing.result()
            self.assertEqual((self.row(two)[0], self.state(two), two['case']['id']), ('waiting', 'triage', one['case']['id']))

    def test_release_and_running_out(self):
        said = self.said()
        self.triage(said, 'claim')
        self.triage(said, 'claim')                          # once more is the same
        self.triage(said, 'claim', 'piet', want=409)
        self.triage(said, 'release', 'piet', want=409)
        self.assertEqual(self.triage(said, 'release')['post']['state'], 'waiting')
        self.triage(said, 'release', want=409)
        self.triage(said, 'claim', 'piet')
        self.assertEqual(self.triage(said, 'release', 'lead')['post']['state'], 'waiting')
        self.triage(said, 'claim', 'piet')
        self.world.psql("update loket.post set claimed_until = now() - interval '1 second' where id = %s", [said['contact']['id']])
        self.assertEqual([i['id'] for i in self.list(state='waiting')], [said['contact']['id']])
        self.assertNotIn('claimedBy', self.list()[0])
        self.triage(said, 'claim')
        self.triage(said, 'done', 'piet', want=409)
        # who did something with it keeps it
        post = self.triage(said, 'like')['post']
        self.assertEqual((post['actions'], post['state']), (['like'], 'claimed'))
        self.assertNotIn('claimedUntil', post)

    def test_every_bad_field_is_named(self):
        said = self.said()
        self.assertNamed(self.triage(said, 'department', want=422, due='gisteren', text='x'), 'department', 'task', 'due', 'text')
        self.assertNamed(self.triage(said, 'answer', want=422, product='rijbewijs'), 'text', 'product')
        self.assertNamed(self.triage(said, 'answer', want=422, text=' \n '), 'text')
        self.assertNamed(self.triage(said, 'case', want=422, product='bestaat-niet', outcome='solved'), 'product', 'outcome')
        self.assertNamed(self.triage(said, 'ontploffen', want=422), 'action')
        self.assertNamed(self.triage(said, 'claim', want=422, note='x'), 'note')
        self.triage(said, 'done', want=400, colour='blue')
        self.assertEqual(self.world.api('POST', '/v1/posts/01900000-0000-7000-8000-0000000000ff/triage', 'wim', {'action': 'claim'}).status, 404)
        self.assertEqual(self.row(said)[0], 'waiting')

    def test_an_answer_only_the_citizen_reads(self):
        said = self.said('Kunt u mij helpen?', who='31612340001', inbox='dordrecht-whatsapp',
                         **{'from': {'addresses': [{'kind': 'phone', 'value': '+31612340001'}]}})
        self.assertEqual(self.triage(said, 'answer', want=422, text='Hallo')['rule'], 'notPublic')
        self.assertEqual(self.triage(said, 'private', want=422, text='x' * 5000)['rule'], 'textTooLong')
        self.assertEqual(self.row(said)[0], 'waiting')
        key = {'Idempotency-Key': 'once'}
        first = self.triage(said, 'private', text='Stuur ons uw postcode', headers=key)
        self.assertEqual((first['contact']['delivery'], first['post']['state'], first['post']['actions']), ('queued', 'claimed', ['private']))
        self.assertEqual(self.triage(said, 'private', text='Stuur ons uw postcode', headers=key), first)
        self.world.psql("delete from loket.idempotency where key = 'once'")     # the process died before it was kept
        self.assertEqual(self.triage(said, 'private', text='Stuur ons uw postcode', headers=key)['contact']['id'], first['contact']['id'])
        sent = wait_until(lambda: self.world.standin.received, what='a message at the provider')
        self.assertEqual([(s['message']['text']['body'], s['wrong']) for s in sent], [('Stuur ons uw postcode', None)])
        reply = self.case(said)['contacts'][-1]
        self.assertEqual((reply['direction'], reply['visibility'], reply['agent']), ('out', 'private', self.world.value(
            "select id::text from loket.agent where name = 'Wim'")))
        self.assertEqual(self.world.value('select answers::text from loket.outbox where contact = %s', [reply['id']]), said['contact']['id'])
        self.assertEqual(self.triage(said, 'done')['post']['outcome'], 'solved')
        self.assertEqual((self.case(said)['state'], self.case(said)['outcome']), ('closed', 'solved'))

    def test_to_the_agents(self):
        bram = self.world.agent('bram')
        bram.ready()
        said = self.said('De stoeptegel ligt los', who='tegel', post='tegel')
        more = self.said('En hij is gebroken', who='tegel', post='tegel')
        self.triage(more, 'claim', 'piet')
        self.triage(said, 'case', want=409)                 # a colleague is busy with another one of the same person
        self.triage(more, 'release', 'piet')
        arrived = self.case(said)['arrivedAt']
        post = self.triage(said, 'case', product='afspraak', note='Graag bellen')['post']
        self.assertEqual((post['state'], post['outcome'], post['case']['state'], post['case']['product']), ('done', 'case', 'queued', 'afspraak'))
        self.assertEqual(self.row(more)[:2], ('done', 'case'))
        taken = bram.accept(bram.next_offer())
        self.assertEqual(taken['case']['id'], said['case']['id'])
        seen = bram.case(said['case']['id'])
        self.assertEqual((seen['arrivedAt'], [n['text'] for n in seen['notes']], len(seen['contacts'])), (arrived, ['Graag bellen'], 2))
        self.assertLessEqual({'claim', 'release', 'case', 'hand'}, {e['event'] for e in seen['history']})
        # what the citizen adds is with the agent now
        added = self.said('Dank u', who='tegel', post='tegel')
        self.assertEqual((added['case']['id'], self.row(added)[:2]), (said['case']['id'], ('done', 'case')))
        bram.events.wait('contact.received', lambda d: d['contact']['id'] == added['contact']['id'])
        bram.resolve(taken)
        bram.offline()
        # and with the webcare team again when it was closed
        back = self.said('Het ligt er weer los', who='tegel', post='tegel')
        self.assertEqual((back['case']['id'], self.state(back), self.row(back)[0]), (said['case']['id'], 'triage', 'waiting'))

    def test_a_department(self):
        said = self.said('De lantaarnpaal brandt niet')
        done = self.triage(said, 'department', department='Wijkbeheer', task='Lamp vervangen', due='2099-01-01', note='Bij nr. 3')
        task = self.world.api('GET', f"/v1/tasks?case={said['case']['id']}", 'lead').json['items'][0]
        self.assertEqual((task['id'], task['department'], task['action'], task['state']), (done['task']['id'], 'Wijkbeheer', 'Lamp vervangen', 'open'))
        self.assertEqual(self.world.psql("select kind from loket.task_event where task = %s", [task['id']]), [('made',)])
        self.assertEqual(self.world.psql("select payload ->> 'event', payload -> 'task' ->> 'department' from loket.notice where kind = 'task.changed' "
                                         "and payload -> 'task' ->> 'id' = %s", [task['id']]), [('made', 'Wijkbeheer')])
        self.assertEqual(self.triage(said, 'done')['post']['outcome'], 'promised')
        self.assertEqual(self.case(said)['outcome'], 'promised')

    def test_done(self):
        plain = self.said('Mooie foto')
        self.assertEqual(self.triage(plain, 'done', note='Geen vraag')['post']['outcome'], 'notForUs')
        self.assertEqual([n['text'] for n in self.case(plain)['notes']], ['Geen vraag'])
        self.triage(plain, 'claim', want=409)
        self.assertEqual(self.list(state='done')[0]['id'], plain['contact']['id'])
        said = self.said('Waar moet ik zijn?', who='twee', post='twee')
        more = self.said('Hallo?', who='twee', post='twee')
        self.assertEqual(self.triage(said, 'done', want=422, outcome='promised')['rule'], 'promiseNeedsTask')
        self.triage(said, 'done', outcome='referred')
        self.assertEqual(self.state(said), 'triage')        # there is another one
        self.triage(more, 'done', outcome='unreachable')
        self.assertEqual((self.state(said), self.case(said)['outcome']), ('closed', 'unreachable'))

    def test_spam(self):
        before = self.world.api('GET', '/v1/ledger', 'admin').json['spam']
        said = self.said('Koop nu', who='spammer', post='spam')
        more = self.said('Koop nu!!', who='spammer', post='spam')
        self.triage(said, 'spam', note='Reclame')
        self.assertEqual([self.row(s)[:2] for s in (said, more)], [('done', 'spam')] * 2)
        self.assertEqual((self.case(said)['outcome'], self.case(said)['flags']), ('spam', ['spam']))
        self.assertEqual(self.world.api('GET', '/v1/ledger', 'admin').json['spam'], before + 2)
        again = self.said('Toch nog iets', who='spammer', post='spam')
        self.assertNotEqual(again['case']['id'], said['case']['id'])

    def test_a_field_that_nobody_filled_in_is_not_said(self):
        said = self.said('Hallo', who='veld')
        for action in ('answer', 'private'):
            self.assertEqual(self.triage(said, action, want=422, text='Beste {{voornaam}}')['rule'], 'unfilled')

    def test_what_was_taken_back_is_not_answered(self):
        said = self.said('Hallo', who='weg')
        self.changed('delete', said, who='weg')
        self.assertIn('deleted', self.list()[0]['flags'])
        for action, body in (('answer', {'text': 'x'}), ('private', {'text': 'x'}), ('like', {})):
            self.assertEqual(self.triage(said, action, want=422, **body)['rule'], 'postDeleted')
        self.triage(said, 'done')

    def test_the_same_key_is_done_once(self):
        said = self.said()
        for _ in range(2):
            self.assertEqual(self.triage(said, 'done', headers={'Idempotency-Key': 'k-done'})['post']['state'], 'done')
        self.triage(said, 'spam', want=422, headers={'Idempotency-Key': 'k-done'})

    def test_the_team_hears_it(self):
        wim, lead, sliedrecht, anna = (self.world.events(t) for t in ('wim', 'lead', self.token('webcare', 'sliedrecht'), 'anna'))
        said = self.said()
        self.triage(said, 'claim')
        self.triage(said, 'done')
        for stream in (wim, lead):
            self.assertEqual(stream.wait('post.made')['post']['id'], said['contact']['id'])
            claimed = stream.wait('post.changed')
            self.assertEqual((claimed['event'], claimed['post']['state']), ('claim', 'claimed'))
            closed = stream.wait('post.changed')
            self.assertEqual((closed['event'], closed['post']['state'], closed['post']['outcome']), ('done', 'done', 'notForUs'))
        for stream in (sliedrecht, anna):
            stream.none('post.made', 0.2)
            self.assertEqual([e for e in stream.all if e[0].startswith('post.')], [])

    def token(self, role, municipality):
        secret = f'token-{role}-{municipality}-0123456789abcdef0123456789abcdef'
        self.world.psql('insert into loket.token (id, sha256, name, role, agent, municipalities) select gen_random_uuid(), '
                        "sha256(%s::bytea), %s, %s, id, %s from loket.agent where name = 'Wim'", [secret, role, role, [municipality]])
        return secret

    def test_another_municipality_sees_nothing(self):
        said = self.said('Alleen voor Dordrecht')
        token = self.token('lead', 'sliedrecht')
        self.assertEqual(self.list(token), [])
        self.assertEqual(self.list(token, municipality='dordrecht'), [])
        self.triage(said, 'claim', token, want=404)

    def test_the_routes_of_a_case_leave_it_to_the_team(self):
        said = self.said()
        path = f"/v1/cases/{said['case']['id']}"
        for what, body in (('resolve', {'outcome': 'solved'}), ('transfer', {'to': {'product': 'rijbewijs'}, 'note': 'x'}),
                           ('replies', {'text': 'x'}), ('tasks', {'department': 'x', 'action': 'x', 'due': '2099-01-01'})):
            self.assertEqual(self.world.api('POST', f'{path}/{what}', 'lead', body | {'epoch': 0}).status, 409, what)
        self.assertEqual(self.world.api('POST', f'{path}/notes', 'anna', {'text': 'Dit ken ik'}).status, 201)


class Facebook(PostsTest):
    """The whole way: signed by Meta, a post, the answer where it belongs."""

    def comment(self, verb='add', comment=None, more=(), **value):
        """A webhook with one comment on the page, and what else it holds."""
        account = self.world.account('dordrecht-facebook')
        changes = [{'item': 'comment', 'verb': verb, 'from': {'id': '9100000007', 'name': 'Mila'}, 'message': 'Wanneer wordt er gestrooid?',
                    'post_id': f'{account}_900', 'parent_id': f'{account}_900', 'comment_id': comment or f'900_{next(numbers)}',
                    'created_time': int(time.time())} | value, *more]
        changes[0] = {k: v for k, v in changes[0].items() if v is not None}
        body = json.dumps({'object': 'page', 'entry': [{'id': account, 'time': int(time.time()),
                                                        'changes': [{'field': 'feed', 'value': c} for c in changes]}]})
        answer = self.world.hook('dordrecht-facebook', body.encode())
        self.assertEqual(answer.status, 200, answer)
        return changes[0]['comment_id']

    def found(self, comment):
        """The post of a comment, as said() gives it."""
        row = self.world.psql("select id::text, case_id::text from loket.contact where inbox = 'dordrecht-facebook' and provider_id = %s", [comment])[0]
        return {'contact': {'id': row[0]}, 'case': {'id': row[1]}}

    def triage(self, said, **body):
        answer = self.world.api('POST', f"/v1/posts/{said['contact']['id']}/triage", 'wim', body)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def sent(self, text):
        return wait_until(lambda: [r for r in self.world.standin.received if text in json.dumps(r['message'])], what='the answer at Facebook')[0]

    def test_answered_in_public_and_in_private(self):
        comment = self.comment()
        said = self.found(comment)
        self.assertEqual((self.row(said)[0], self.state(said)), ('waiting', 'triage'))
        n = self.world.value('select count(*) from loket.post')
        self.triage(said, action='answer', text='Vanavond vanaf acht uur')
        public = self.sent('Vanavond vanaf acht uur')
        self.assertEqual((public['wrong'], public['message']['_about']), (None, comment))
        done = self.triage(said, action='private', text='Mogen wij uw straat weten?')
        private = self.sent('Mogen wij uw straat weten?')
        self.assertEqual((private['wrong'], private['message']['recipient']), (None, {'comment_id': comment}))
        wait_until(lambda: self.world.value('select delivery from loket.contact where id = %s', [done['contact']['id']]) in ('delivered', 'read'),
                   what='the private answer delivered')
        # the page's own comment came back meanwhile: no contact, no post
        self.assertEqual(self.world.value('select count(*) from loket.post'), n)
        self.assertEqual(self.triage(said, action='done')['post']['outcome'], 'solved')
        self.assertEqual([(c['direction'], c['visibility']) for c in self.world.api('GET', f"/v1/cases/{said['case']['id']}", 'lead').json['contacts']],
                         [('in', 'public'), ('out', 'public'), ('out', 'private')])

    def test_edited_and_removed(self):
        comment = self.comment(message='Mijn buurman op nummer 12 stookt')
        said = self.found(comment)
        self.comment('edited', comment, message='Mijn buurman stookt')
        self.assertEqual(self.contact(said)['text'], 'Mijn buurman stookt')
        raws = 'select count(*) from loket.raw where position(%s::bytea in body) > 0'
        self.assertEqual(self.world.value(raws, [b'Mijn buurman']), 2)
        self.comment('remove', comment, message=None)
        self.assertNotIn('text', self.contact(said))
        self.assertEqual(set(self.contact(said)['fields']), {'post', 'comment'})
        self.assertEqual(self.world.value(raws, [b'Mijn buurman']), 0)
        self.assertEqual(self.row(said)[0], 'waiting')

    def test_removed_from_a_webhook_that_holds_others_too(self):
        account = self.world.account('dordrecht-facebook')
        other = {'item': 'comment', 'verb': 'add', 'from': {'id': '9100000008', 'name': 'Finn'}, 'message': 'Ik zie niets', 'post_id': f'{account}_900',
                 'comment_id': f'900_{next(numbers)}', 'created_time': int(time.time())}
        comment = self.comment(message='Samen in een webhook', more=[other])
        self.comment('remove', comment, message=None)
        self.assertNotIn('text', self.contact(self.found(comment)))
        self.assertEqual(self.contact(self.found(other['comment_id']))['text'], 'Ik zie niets')
        self.assertEqual(self.world.value('select count(*) from loket.raw where position(%s::bytea in body) > 0', [b'Samen in een webhook']), 1)

    def test_our_own_comment_is_no_contact(self):
        n = self.world.value('select count(*) from loket.contact')
        self.comment(**{'from': {'id': self.world.account('dordrecht-facebook'), 'name': 'Gemeente Dordrecht'}})
        self.assertEqual(self.world.value('select count(*) from loket.contact'), n)

    def test_delivered_five_times_over(self):
        comment = f'900_{next(numbers)}'
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda _: self.comment(comment=comment), range(5)))
        self.assertEqual(self.world.value('select count(*) from loket.post p join loket.contact c on c.id = p.id where c.provider_id = %s', [comment]), 1)


class Faults(PostsTest):
    def test_after_a_crash_and_without_redis(self):
        said = [self.said(f'Bericht {i}') for i in range(5)]
        claimed = self.world.api('POST', f"/v1/posts/{said[0]['contact']['id']}/triage", 'wim', {'action': 'claim'})
        self.assertEqual(claimed.status, 200)
        private = self.said('Ik wil een afspraak', visibility='private', fields=None)
        self.world.kill9()
        self.world.redis('FLUSHALL')
        self.world.start()
        items = self.world.api('GET', '/v1/posts', 'wim').json['items']
        self.assertEqual([(i['id'], i['state']) for i in items],
                         [(s['contact']['id'], 'claimed' if s is said[0] else 'waiting') for s in said])
        # the queue was made again from PostgreSQL: with the private one, without these
        wait_until(lambda: self.world.redis('ZSCORE', 'loket:queue', private['case']['id']) is not None, what='the queue in Redis')
        self.assertEqual(self.world.redis('ZCARD', 'loket:queue'), 1)
        self.world.redis('FLUSHALL')
        wait_until(lambda: self.world.redis('ZSCORE', 'loket:queue', private['case']['id']) is not None, what='the queue in Redis')
        self.assertEqual(self.world.redis('ZCARD', 'loket:queue'), 1)
        self.assertEqual({self.state(s) for s in said}, {'triage'})


if __name__ == '__main__':
    world.main()
