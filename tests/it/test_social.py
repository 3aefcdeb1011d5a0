#!/usr/bin/env python3
"""X, Telegram and Mastodon: signed in, a case or a post, an answer that the provider would take, and what comes back."""
import base64
import hashlib
import hmac
import itertools
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

ids = itertools.count(1893100000000000001)
US = world.ACCOUNTS['dordrecht-x']['account']
BOT_TOKEN = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'
SECRET = 'geheim-van-dit-kanaal'


class SocialTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna, cls.wim = cls.world.agent('anna'), cls.world.agent('wim')
        cls.anna.ready()

    def contacts(self, provider_id, columns='id'):
        return self.world.psql(f'select {columns} from loket.contact where provider_id = %s', [str(provider_id)])

    def one(self, provider_id):
        """{"id", "case_id", …} of the one contact of this id."""
        rows = self.contacts(provider_id, 'id, case_id, kind, visibility, text, flags')
        self.assertEqual(len(rows), 1, rows)
        return dict(zip(('id', 'case_id', 'kind', 'visibility', 'text', 'flags'), rows[0]))

    def triage(self, post, action, want=200, **body):
        answer = self.world.api('POST', f'/v1/posts/{post}/triage', 'wim', {'action': action} | body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def take(self, provider_id):
        """Anna accepts the case of this message; what other tests left comes first."""
        case = str(self.one(provider_id)['case_id'])
        while True:
            offer = self.anna.next_offer(40)
            answer = self.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'anna', {})
            if answer.status == 200 and answer.json['case']['id'] == case:
                return answer.json
            if answer.status == 200:
                self.anna.resolve(answer.json)

    def delivery(self, case, want):
        def now():
            return self.world.psql("select delivery, delivery_error from loket.contact where case_id = %s and direction = 'out' "
                                   "and kind = 'text' order by id desc limit 1", [case])
        try:
            wait_until(lambda: now() and now()[0][0] in want, 20, want)
        except AssertionError:
            self.fail(f'{now()}, not {want}; {self.got()[-1:]}')
        return now()[0]

    def got(self, **message):
        """What the stand-in took, as it was asked to: nothing of it may be wrong."""
        sent = [r for r in self.world.standin.received if r['message'] is None or 'query' not in r['message']]
        self.assertEqual([r['wrong'] for r in sent if r['wrong']], [])
        return [r['message'] for r in sent if message.items() <= r['message'].items()]

    def assertBalanced(self):
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'admin').json['balanced'])

    def put_inbox(self, inbox, channel, account, secrets, **settings):
        answer = self.world.api('PUT', f'/v1/inboxes/{inbox}', 'admin', {
            'municipality': 'dordrecht', 'channel': channel, 'account': account, 'enabled': True, 'settings': settings,
            'secrets': {kind: [value] for kind, value in secrets.items()}})
        self.assertIn(answer.status, (200, 201), answer)


class X(SocialTest):
    def post(self, want=200, wrong=False, **lists):
        url, body, headers = self.world.standin.providers['x'].webhook(US, **lists)
        if wrong:
            headers['x-twitter-webhooks-signature'] = headers['x-twitter-webhooks-signature'][:-3] + 'aA='
        answer = self.world.request('POST', url.removeprefix(self.world.url), headers, body)
        self.assertEqual(answer.status, want, answer)

    def mention(self, text='@Dordrecht de brug staat al een uur open', who='880000000000000042', **more):
        tweet = self.world.standin.providers['x'].tweet(text, who, next(ids), **more)
        self.post(tweet_create_events=[tweet])
        return tweet['id_str']

    def direct(self, text='Waar vraag ik een rijbewijs aan?', who='880000000000000043'):
        event = self.world.standin.providers['x'].direct(text, who, US, next(ids))
        self.post(direct_message_events=[event])
        return event['id']

    def test_the_challenge(self):
        answer = self.world.request('GET', '/v1/hooks/dordrecht-x?crc_token=abc-123&nonce=x')
        mac = hmac.new(self.world.secrets['dordrecht-x'].encode(), b'abc-123', hashlib.sha256).digest()
        self.assertEqual((answer.status, answer.headers['Content-Type'].split(';')[0], answer.json),
                         (200, 'application/json', {'response_token': 'sha256=' + base64.b64encode(mac).decode()}))
        self.assertEqual(self.world.request('GET', '/v1/hooks/dordrecht-x').status, 401)

    def test_a_direct_message_is_answered_and_read(self):
        message = self.direct()
        self.assertEqual((self.one(message)['kind'], self.one(message)['visibility']), ('text', 'private'))
        taken = self.take(message)
        refused = self.world.api('POST', f"/v1/cases/{taken['case']['id']}/replies", 'anna',
                                 {'text': 'Hier', 'epoch': taken['epoch'], 'visibility': 'public'})
        self.assertEqual((refused.status, refused.json['rule']), (422, 'notPublic'))
        self.anna.reply(taken, 'Dat kan op dordrecht.nl/rijbewijs')
        self.delivery(taken['case']['id'], {'read'})
        self.assertEqual(len(self.got(to='880000000000000043', text='Dat kan op dordrecht.nl/rijbewijs')), 1)
        self.anna.resolve(taken)
        # what X echoes of ourselves is no contact
        self.assertEqual(self.world.value("select count(*) from loket.contact where inbox = 'dordrecht-x' and direction = 'out' "
                                          "and case_id = %s", [taken['case']['id']]), 1)
        self.assertBalanced()

    def test_a_mention_is_answered_in_public(self):
        mention = self.mention()
        post = self.one(mention)
        self.assertEqual(post['visibility'], 'public')
        too_long = self.triage(post['id'], 'answer', want=422, text='漢' * 141)
        self.assertEqual(too_long['rule'], 'textTooLong')
        self.assertIn('280', too_long['detail'])
        self.triage(post['id'], 'answer', text='De storing wordt nu verholpen. ' + 'https://www.dordrecht.nl/' + 'a' * 250)
        self.delivery(post['case_id'], {'sent', 'delivered', 'read'})
        self.assertEqual(len(self.got(reply={'in_reply_to_tweet_id': mention})), 1)
        # the citizen answers our answer: the same case
        ours = self.world.value("select provider_id from loket.contact where case_id = %s and direction = 'out'", [post['case_id']])
        again = self.mention('@Dordrecht dank!', in_reply_to_status_id_str=ours)
        self.assertEqual(self.one(again)['case_id'], post['case_id'])

    def test_a_mention_is_moved_to_private(self):
        post = self.one(self.mention('@Dordrecht mijn aanvraag is kwijt', who='880000000000000044'))
        self.triage(post['id'], 'private', text='Stuurt u ons uw zaaknummer?')
        self.delivery(post['case_id'], {'sent', 'delivered', 'read'})
        self.assertEqual(len(self.got(to='880000000000000044', text='Stuurt u ons uw zaaknummer?')), 1)

    def test_taken_back_before_and_after(self):
        mention = self.mention('@Dordrecht mijn nummer is 0612345678', who='880000000000000045')
        gone = {'status': {'id': mention, 'user_id': '880000000000000045'}, 'timestamp_ms': str(int(time.time() * 1000))}
        self.post(tweet_delete_events=[gone])
        self.post(tweet_delete_events=[gone])
        post = self.one(mention)
        self.assertIsNone(post['text'])
        self.assertIn('deleted', post['flags'])
        self.assertIsNotNone(post['case_id'])
        early = str(next(ids))
        self.post(tweet_delete_events=[{'status': {'id': early, 'user_id': '880000000000000046'}}])
        self.post(tweet_create_events=[self.world.standin.providers['x'].tweet('@Dordrecht toch niet', '880000000000000046', early)])
        self.assertIsNone(self.one(early)['text'])
        self.assertBalanced()

    def test_wrong_signature_replay_and_order(self):
        x = self.world.standin.providers['x']
        events = [x.direct(f'bericht {i}', '880000000000000047', US, next(ids)) for i in range(6)]
        self.post(want=401, wrong=True, direct_message_events=events[:1])
        self.assertEqual(self.contacts(events[0]['id']), [])
        for e in random.Random(5).sample(events, 6) * 3:
            self.post(direct_message_events=[e])
        self.assertEqual(len({self.one(e['id'])['case_id'] for e in events}), 1)
        self.assertBalanced()

    def test_refused_and_uncertain(self):
        for fault, want in (('403', 'failed'), ('429', 'read'), ('cut', 'uncertain')):
            taken = self.take(self.direct('Nog een vraag', who=f'88000000000000{random.randrange(1000, 9999)}'))
            self.world.standin.faults[:] = [fault]
            self.anna.reply(taken, 'Antwoord')
            self.delivery(taken['case']['id'], {want})
            self.anna.resolve(taken)


class Telegram(SocialTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.standin.providers['telegram'].accounts = {'dordrecht_bot': {'token': BOT_TOKEN}}
        cls.put_inbox(cls('put_inbox'), 'dordrecht-telegram', 'telegram', 'dordrecht_bot', {'secret': SECRET, 'token': BOT_TOKEN},
                      base_url=cls.world.standin.url + '/telegram')
        cls.updates = itertools.count(70000)
        wait_until(lambda: cls.world.request('POST', '/v1/hooks/dordrecht-telegram', {}, b'').status == 401, 10, 'the inbox')

    def update(self, want=200, secret=SECRET, **update):
        body = json.dumps({'update_id': next(self.updates)} | update).encode()
        answer = self.world.request('POST', '/v1/hooks/dordrecht-telegram',
                                    {'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': secret}, body)
        self.assertEqual(answer.status, want, answer)
        return body

    @staticmethod
    def message(number, person, **content):
        who = {'id': person, 'first_name': 'Sanne', 'is_bot': False}
        return {'message_id': number, 'from': who, 'chat': who | {'type': 'private'}, 'date': int(time.time())} | content

    def test_in_and_out(self):
        self.update(message=self.message(1, 5001, text='/start'))
        self.assertIsNone(self.one('5001:1')['case_id'])
        self.update(message=self.message(2, 5001, text='Waar vraag ik een rijbewijs aan?'))
        taken = self.take('5001:2')
        self.anna.reply(taken, 'Aan de balie')
        self.delivery(taken['case']['id'], {'sent'})
        self.assertEqual(self.got(chat_id=5001), [{'chat_id': 5001, 'text': 'Aan de balie'}])
        # they answer what we said: the same case; our message is known by its id
        ours = self.world.value("select provider_id from loket.contact where case_id = %s and direction = 'out'", [taken['case']['id']])
        self.assertRegex(ours, r'^5001:\d+$')
        self.anna.resolve(taken)
        self.assertBalanced()

    def test_blocked_and_too_fast(self):
        for person, fault, want in ((5002, '403', 'failed'), (5003, '429', 'sent')):
            self.update(message=self.message(1, person, text='Hoe laat is de balie open?'))
            taken = self.take(f'{person}:1')
            self.world.standin.faults[:] = [fault]
            self.anna.reply(taken, 'Van 9 tot 17 uur')
            delivery, error = self.delivery(taken['case']['id'], {want})
            self.assertEqual('blocked' in (error or ''), fault == '403', (delivery, error))
            self.anna.resolve(taken)
        self.update(my_chat_member={'chat': {'id': 5002, 'type': 'private'}, 'from': {'id': 5002, 'is_bot': False, 'first_name': 'S'},
                                    'date': 1, 'new_chat_member': {'status': 'kicked'}})

    def test_wrong_secret_doubled_and_edited_first(self):
        self.update(want=401, secret=SECRET + 'x', message=self.message(1, 5004, text='Vals'))
        self.assertEqual(self.contacts('5004:1'), [])
        edited = self.message(2, 5004, text='Is de kade ook op zondag open?', edit_date=int(time.time()))
        self.update(edited_message=edited)
        for _ in range(3):
            self.update(message=self.message(2, 5004, text='Is de kade zondag open?'))
        self.one('5004:2')
        self.assertEqual(self.world.value("select count(distinct case_id) from loket.contact where addresses @> "
                                          """'[{"kind": "telegram", "value": "5004"}]'"""), 1)

    def test_an_album_is_one_case(self):
        for i in range(5):
            self.update(message=self.message(10 + i, 5005, media_group_id='777', photo=[{'file_id': f'f{i}', 'width': 9, 'height': 9}]))
        self.assertEqual(len({self.one(f'5005:{10 + i}')['case_id'] for i in range(5)}), 1)
        # getFile tells where each is, and it is fetched from there
        def states():
            return {self.world.api('GET', f"/v1/contacts/{self.one(f'5005:{10 + i}')['id']}", 'lead').json['attachments'][0]['state']
                    for i in range(5)}
        wait_until(lambda: states() <= {'stored', 'failed', 'refused'}, 30, 'the files')
        self.assertEqual(states(), {'stored'})

    def test_a_group_is_public(self):
        group = {'id': -100777, 'type': 'supergroup', 'title': 'Wijk'}
        self.update(message=self.message(20, 5006, text='@dordrecht_bot de lamp is stuk', chat=group))
        post = self.one('-100777:20')
        self.assertEqual(post['visibility'], 'public')
        self.triage(post['id'], 'answer', text='Wij komen kijken')
        self.delivery(post['case_id'], {'sent'})
        self.assertEqual(self.got(chat_id=-100777)[0]['reply_parameters']['message_id'], 20)

    def test_the_token_is_nowhere(self):
        """It stands in the path of every request to Telegram."""
        self.update(message=self.message(30, 5007, text='Hoe laat is de balie open?'))
        taken = self.take('5007:30')
        self.world.standin.faults[:] = ['400']
        self.anna.reply(taken, 'Van 9 tot 17 uur')
        self.delivery(taken['case']['id'], {'failed'})
        self.anna.resolve(taken)
        self.assertNotIn(BOT_TOKEN, self.world.log())
        self.assertEqual(self.world.value("select count(*) from loket.outbox o where o::text like %s", [f'%{BOT_TOKEN}%']), 0)
        self.assertNotIn(BOT_TOKEN.split(':')[1], self.world.request('GET', '/metrics').body.decode())


class Mastodon(SocialTest):
    inbox = 'dordrecht-mastodon'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.world.standin.providers['mastodon']
        cls.server.accounts = {'gemeente': {'token': 'mastodon-token'}}
        cls.server.mention('eerst', who='oud@anders.example')
        cls.put_inbox(cls('put_inbox'), cls.inbox, 'mastodon', 'gemeente@toot.example', {'secret': SECRET, 'token': 'mastodon-token'},
                      base_url=cls.world.standin.url + '/mastodon', poll_seconds=1)

    def setUp(self):
        self.world.standin.faults[:] = []
        self.server.pages[:] = []
        self.settle()

    def stored(self):
        return sorted(r[0] for r in self.world.psql("select provider_id from loket.contact where inbox = %s and direction = 'in' and provider_id !~ ':'", [self.inbox]))

    def settle(self, timeout=30):
        """All that was said is stored, once."""
        want = sorted(n['status']['id'] for n in self.server.notifications)
        try:
            wait_until(lambda: self.stored() == want, timeout, 'the mentions')
        except AssertionError:
            self.fail(f'{len(self.stored())} of {len(want)} are stored; {self.server.polls[-5:]}; {self.world.log()[-1500:]}')

    def cursor(self):
        return self.world.value('select cursor from loket.poll where inbox = %s', [self.inbox])

    def test_a_mention_is_answered(self):
        note = self.server.mention('de brug <b>staat</b> open', who='meral@anders.example')
        self.settle()
        post = self.one(note['status']['id'])
        self.assertEqual((post['visibility'], post['text']), ('public', '@gemeente de brug staat open'))
        too_long = self.triage(post['id'], 'answer', want=422, text='a' * 500)
        self.assertEqual(too_long['rule'], 'textTooLong')
        self.triage(post['id'], 'answer', text='Hij gaat nu dicht')
        self.delivery(post['case_id'], {'sent'})
        sent = self.got(status='@meral@anders.example Hij gaat nu dicht')
        self.assertEqual([(m['visibility'], m['in_reply_to_id']) for m in sent], [('public', note['status']['id'])])

    def test_a_direct_one_is_a_case(self):
        note = self.server.mention('waar vraag ik een rijbewijs aan?', who='kees@anders.example', visibility='direct')
        self.settle()
        taken = self.take(note['status']['id'])
        self.world.standin.faults[:] = ['500', '500']       # a poll or the reply: both are tried again, and said once
        reply = self.anna.reply(taken, 'Aan de balie')['contact']['id']
        self.delivery(taken['case']['id'], {'sent'})
        self.assertEqual({(m['visibility'], m['status']) for m in self.got(key=reply)}, {('direct', '@kees@anders.example Aan de balie')})
        self.anna.resolve(taken)

    def test_many_pages_and_a_server_that_stumbles(self):
        for i in range(53):
            self.server.mention(f'vraag {i}', who=f'p{i}@anders.example')
        self.world.standin.faults[:] = ['429', '500']
        self.server.pages[:] = [b'<html>502</html>', b'{"error": "x"}', b'[{']
        self.settle(60)
        wait_until(lambda: self.cursor() == self.server.notifications[-1]['id'], what='the cursor, which is stored after them')
        self.assertEqual(self.world.value('select count(*) from loket.dead_letter where inbox = %s', [self.inbox]), 0)
        self.assertIn('poll.failed', self.world.log())
        self.assertBalanced()

    def test_restart_and_crash_lose_and_double_nothing(self):
        for end in (self.world.stop, self.world.kill9):
            for i in range(25):
                self.server.mention(f'rond {i}', who=f'q{i}@anders.example')
            wait_until(lambda: len(self.stored()) > len(self.server.notifications) - 25, 20, 'some of them')
            end()
            self.server.mention('intussen', who='later@anders.example')
            self.world.start()
            type(self).anna, type(self).wim = self.world.agent('anna'), self.world.agent('wim')
            self.anna.ready()
            self.settle(60)
        self.assertBalanced()

    def test_a_page_that_comes_twice(self):
        """The cursor was not stored, as after a crash: the page is asked for again, and everybody in it is known."""
        for i in range(3):
            self.server.mention(f'dubbel {i}')
        self.settle()
        before = self.stored()
        self.world.psql("update loket.poll set cursor = %s where inbox = %s", [self.server.notifications[0]['id'], self.inbox])
        wait_until(lambda: self.cursor() == self.server.notifications[-1]['id'], 30, 'the cursor')
        self.assertEqual(self.stored(), before)

    def test_another_instance_asks_only_when_this_one_is_gone(self):
        self.world.psql("update loket.poll set holder = 'another', until = now() + interval '6 s' where inbox = %s", [self.inbox])
        asked = len(self.server.polls)
        self.server.mention('voor wie', who='r@anders.example')
        wait_until(lambda: self.world.value('select until < now() or holder <> %s from loket.poll where inbox = %s', ['another', self.inbox]),
                   15, 'the end of its time')
        self.assertLessEqual(len(self.server.polls), asked + 2)     # one that was out, and the first one after it
        self.settle()

    def test_an_activity_that_is_posted(self):
        def activity(kind, thing, **more):
            return json.dumps({'id': f'https://b.example/a/{kind}/{next(ids)}', 'type': kind, 'actor': 'https://b.example/users/ida', 'object': thing} | more).encode()
        note = {'id': 'https://b.example/users/ida/statuses/1', 'type': 'Note', 'content': '<p>@gemeente hallo</p>',
                'to': ['https://www.w3.org/ns/activitystreams#Public'], 'tag': [{'type': 'Mention', 'name': '@gemeente@toot.example'}]}
        create, delete = activity('Create', note), activity('Delete', {'id': note['id'], 'type': 'Tombstone'})
        self.assertEqual(self.world.hook(self.inbox, create, secret='een-ander-geheim').status, 401)
        for _ in range(3):
            self.assertEqual(self.world.hook(self.inbox, create, secret=SECRET).status, 200)
        self.assertEqual(self.one(note['id'])['text'], '@gemeente hallo')
        self.assertEqual(self.world.hook(self.inbox, delete, secret=SECRET).status, 200)
        self.assertIsNone(self.one(note['id'])['text'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
