#!/usr/bin/env python3
"""Messenger, Instagram and Facebook, there and back: signed in, a case, the answer, what became of it; and what is public."""
import itertools
import json
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

people = itertools.count(9000000001)
numbers = itertools.count(1)
OBJECT = {'messenger': 'page', 'facebook': 'page', 'instagram': 'instagram'}


class MetaTest(world.LoketTest):
    def account(self, channel):
        return self.world.account(f'dordrecht-{channel}')

    def post(self, channel, entry, want=200, **more):
        body = json.dumps({'object': OBJECT[channel], 'entry': [{'id': self.account(channel), 'time': int(time.time() * 1000)} | entry]})
        answer = self.world.hook(f'dordrecht-{channel}', body.encode(), **more)
        self.assertEqual(answer.status, want, answer)

    def event(self, channel, who, ago=0, **event):
        """One item of messaging[], from a citizen."""
        return {'sender': {'id': who}, 'recipient': {'id': self.account(channel)}, 'timestamp': int((time.time() - ago) * 1000)} | event

    def message(self, channel, who, text='Waar vraag ik een uittreksel aan?', mid=None, **more):
        return self.event(channel, who, message={'mid': mid or f'm_{channel}{next(numbers)}', 'text': text}, **more)

    def contacts(self, channel, **more):
        where = ''.join(f' and {k} = %({k})s' for k in more)
        return self.world.psql("select coalesce(provider_id, ''), direction, kind, text, flags, visibility, case_id, fields from loket.contact "
                               f"where inbox = 'dordrecht-{channel}'{where} order by received_at, id", more)

    def sent(self, text):
        """What the provider was sent that says this."""
        return [r for r in self.world.standin.received if json.dumps(text) in json.dumps(r['message'])]



class DirectMessages(MetaTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    def take(self, channel, who=None, **more):
        who = who or str(next(people))
        self.post(channel, {'messaging': [self.message(channel, who, **more)]})
        return who, self.anna.accept(self.anna.next_offer())

    def out(self, taken):
        return [c for c in self.anna.case(taken['case']['id'])['contacts'] if c['direction'] == 'out']

    def delivery(self, taken, at=-1):
        return [c for c in self.out(taken) if 'echo' not in c['flags']][at]['delivery']

    def wait_for(self, taken, *states, at=-1, timeout=10):
        try:
            wait_until(lambda: self.delivery(taken, at) in states, timeout, 'it')
        except AssertionError:
            self.fail(f'delivery is {self.delivery(taken, at)}, not {states}')

    def test_there_and_back(self):
        for channel, last in (('messenger', 'read'), ('instagram', 'read')):
            with self.subTest(channel):
                who, taken = self.take(channel)
                self.assertEqual(taken['case']['channel'], channel)
                self.anna.reply(taken, f'Dat kan aan de balie ({channel})')
                self.wait_for(taken, last)
                got = self.sent(f'Dat kan aan de balie ({channel})')
                self.assertEqual([(r['provider'], r['account'], r['wrong']) for r in got], [(channel, self.account(channel), None)])
                self.assertEqual(got[0]['message']['recipient'], {'id': who})
                self.assertEqual(got[0]['message']['messaging_type'], 'RESPONSE')
                # the echo of it is not one more contact
                self.assertEqual(len(self.anna.case(taken['case']['id'])['contacts']), 2)
                self.anna.resolve(taken)

    def test_to_a_page_s_other_inbox(self):
        """An app has one address for direct messages and feed: the inbox of the feed takes them too."""
        who, taken = self.take('facebook')
        self.anna.reply(taken, 'Wij kijken ernaar')
        self.wait_for(taken, 'read')
        self.assertEqual(self.sent('Wij kijken ernaar')[0]['message']['recipient'], {'id': who})
        self.anna.resolve(taken)

    def test_the_echo_comes_before_the_answer(self):
        """Instagram's echo does not say that it is ours: it is found out when the answer tells its id."""
        for channel in ('instagram', 'messenger'):
            with self.subTest(channel):
                _, taken = self.take(channel)
                self.world.standin.faults.append('slow')
                self.anna.reply(taken, 'Langzaam')
                self.wait_for(taken, 'read')
                wait_until(lambda t=taken: [c for c in self.out(t) if c.get('providerId', '').startswith('m_STANDIN')
                                            and 'echo' not in c['flags']], what='the answer')
                self.assertEqual([(c['text'], c['flags']) for c in self.out(taken)], [('Langzaam', [])])
                self.assertEqual(self.delivery(taken), 'read')
                self.anna.resolve(taken)

    def test_no_answer_but_an_echo(self):
        _, taken = self.take('messenger')
        self.world.standin.faults.append('cut')
        self.anna.reply(taken, 'Afgebroken')
        self.wait_for(taken, 'delivered')
        self.assertEqual(len(self.sent('Afgebroken')), 1)
        self.anna.resolve(taken)

    def test_read_until(self):
        """A watermark counts for all that was sent until then, in any order, and for nobody else."""
        who, taken = self.take('messenger')
        self.world.standin.faults.extend(['silent', 'silent'])
        self.anna.reply(taken, 'Eerste')
        self.wait_for(taken, 'sent')
        self.anna.reply(taken, 'Tweede')
        self.wait_for(taken, 'sent')
        now = int(time.time() * 1000)
        self.post('messenger', {'messaging': [self.event('messenger', who, read={'watermark': now - 3600000})]})
        self.post('messenger', {'messaging': [self.event('messenger', '123', read={'watermark': now})]})
        self.post('messenger', {'messaging': [self.event('messenger', who, read={'watermark': 'gisteren'})]})
        self.assertEqual([self.delivery(taken, i) for i in (0, 1)], ['sent', 'sent'])
        self.post('messenger', {'messaging': [self.event('messenger', who, delivery={'watermark': now}),
                                              self.event('messenger', who, read={'watermark': now}),
                                              self.event('messenger', who, delivery={'watermark': now})]})
        self.assertEqual([self.delivery(taken, i) for i in (0, 1)], ['read', 'read'])
        wait_until(lambda: sum(k == 'delivery.changed' and d['contact']['delivery'] == 'read' and d['case']['id'] == taken['case']['id']
                               for k, _, d in self.anna.events.all) == 2, what='a notice of each')
        self.post('messenger', {'messaging': [self.event('messenger', who, delivery={'watermark': now})]})
        self.assertEqual([self.delivery(taken, i) for i in (0, 1)], ['read', 'read'])
        self.anna.resolve(taken)

    def test_read_until_and_one_that_never_came(self):
        """A watermark says nothing of a message of which nobody knows whether it was sent."""
        who, taken = self.take('messenger')
        for text in ('Eerste', 'Tweede', 'Derde'):
            self.world.standin.faults.append('silent')
            self.anna.reply(taken, text)
            self.wait_for(taken, 'sent')
        doubtful = [c['id'] for c in self.out(taken)[:2]]
        for contact, delivery in zip(doubtful, ('uncertain', 'sending')):
            self.world.psql('update loket.contact set delivery = %s where id = %s', [delivery, contact])
        self.post('messenger', {'messaging': [self.event('messenger', who, read={'watermark': int(time.time() * 1000)})]})
        self.assertEqual([self.delivery(taken, i) for i in range(3)], ['uncertain', 'sending', 'read'])
        self.anna.resolve(taken)

    def test_windows_are_said_before_sending(self):
        for channel in ('messenger', 'instagram'):
            for ago, want in ((3 * 86400, None), (8 * 86400, 'windowClosed')):
                with self.subTest(channel=channel, ago=ago):
                    who, taken = self.take(channel, ago=ago)
                    answer = self.world.api('POST', f"/v1/cases/{taken['case']['id']}/replies", 'anna',
                                            {'text': f'Later {ago} {channel}', 'epoch': taken['epoch']})
                    if want:
                        self.assertEqual((answer.status, answer.json['rule']), (422, want))
                    else:
                        self.wait_for(taken, 'read')
                        message = self.sent(f'Later {ago} {channel}')[0]['message']
                        self.assertEqual((message['messaging_type'], message['tag']), ('MESSAGE_TAG', 'HUMAN_AGENT'))
                    self.anna.resolve(taken)

    def test_too_long(self):
        for channel, fits, limit in (('messenger', 'é' * 2000, 2000), ('instagram', 'é' * 500, 1000)):
            with self.subTest(channel):
                _, taken = self.take(channel)
                answer = self.world.api('POST', f"/v1/cases/{taken['case']['id']}/replies", 'anna',
                                        {'text': fits + 'x', 'epoch': taken['epoch']})
                self.assertEqual((answer.status, answer.json['rule']), (422, 'textTooLong'))
                self.assertIn(str(limit), answer.json['detail'])
                self.anna.reply(taken, fits)
                self.wait_for(taken, 'read')
                self.anna.resolve(taken)

    def test_refused_for_good(self):
        _, taken = self.take('messenger')
        self.world.standin.faults.append('400')
        self.anna.reply(taken, 'Komt niet aan')
        self.wait_for(taken, 'failed')
        self.assertEqual(self.out(taken)[0]['deliveryError'], '551: the recipient cannot be reached now')
        self.anna.resolve(taken)

    def test_another_tool_answers(self):
        who, taken = self.take('messenger')
        page = self.account('messenger')
        self.post('messenger', {'messaging': [{'sender': {'id': page}, 'recipient': {'id': who}, 'timestamp': int(time.time() * 1000),
                                               'message': {'mid': f'm_tool{who}', 'is_echo': True, 'app_id': 1, 'text': 'Via de Pagina-inbox'}}]})
        self.assertEqual([(c['text'], c['flags']) for c in self.out(taken)], [('Via de Pagina-inbox', ['echo'])])
        self.anna.resolve(taken)


class In(MetaTest):
    def test_wrong_proof(self):
        for channel in OBJECT:
            with self.subTest(channel):
                n = len(self.contacts(channel))
                entry = {'messaging': [self.message(channel, str(next(people)))]}
                self.post(channel, entry, want=401, secret='een ander geheim')
                self.post(channel, entry, want=401, secret='')
                self.assertEqual(len(self.contacts(channel)), n)

    def test_handshake(self):
        for channel in OBJECT:
            secret = self.world.secrets[f'dordrecht-{channel}']
            answer = self.world.request('GET', f'/v1/hooks/dordrecht-{channel}?hub.mode=subscribe&hub.challenge=4711&hub.verify_token={secret}')
            self.assertEqual((answer.status, answer.body), (200, b'4711'))

    def test_repeated_and_doubled(self):
        for channel in ('messenger', 'instagram'):
            with self.subTest(channel):
                who = str(next(people))
                items = [self.message(channel, who, f'Regel {i}', ago=5 - i) for i in range(5)]
                for entry in ({'messaging': items}, {'messaging': items[::-1] * 2}, {'messaging': items}):
                    self.post(channel, entry)
                mids = [i['message']['mid'] for i in items]
                rows = [r for r in self.contacts(channel) if r[0] in mids]
                self.assertEqual(sorted(r[0] for r in rows), sorted(mids))
                self.assertEqual(len({r[6] for r in rows}), 1)

    def test_later_first(self):
        """The second message comes before the first: the conversation is in the order it was said."""
        who = str(next(people))
        first, second = self.message('messenger', who, 'Eerst', ago=60), self.message('messenger', who, 'Dan', ago=30)
        self.post('messenger', {'messaging': [second]})
        self.post('messenger', {'messaging': [first]})
        case = self.world.value('select case_id::text from loket.contact where provider_id = %s', [first['message']['mid']])
        texts = [c['text'] for c in self.world.api('GET', f'/v1/cases/{case}', 'lead').json['contacts']]
        self.assertEqual(texts, ['Eerst', 'Dan'])

    def test_edited_and_unsent(self):
        who = str(next(people))
        message = self.message('messenger', who, 'Op 3 december?')
        mid = message['message']['mid']
        self.post('messenger', {'messaging': [message]})
        self.post('messenger', {'messaging': [self.event('messenger', who, message_edit={'mid': mid, 'text': 'Op 4 december?', 'num_edit': 1})]})
        self.assertEqual(self.contacts('messenger', provider_id=mid)[0][4], ['edited'])
        self.post('messenger', {'messaging': [self.event('messenger', who, message={'mid': mid, 'is_deleted': True})]})
        row = self.contacts('messenger', provider_id=mid)[0]
        self.assertEqual((row[3], row[4]), (None, ['deleted', 'edited']))
        cases = {r[6] for r in self.contacts('messenger') if r[0].startswith(mid)}
        self.assertEqual(len(cases), 1)

    def test_the_other_accounts_of_an_app(self):
        """What is for another account of the same app is a dead letter, unless the inbox takes any."""
        who = str(next(people))
        self.world.psql("update loket.inbox set settings = settings - 'any_account' where id = 'dordrecht-instagram'")
        body = {'object': 'instagram', 'entry': [{'id': i, 'time': 1, 'messaging': [
            {'sender': {'id': who}, 'recipient': {'id': i}, 'timestamp': 1795260000000, 'message': {'mid': f'm_{i}_{who}', 'text': 'Hallo'}}]}
            for i in (self.account('instagram'), '17841400000009')]}

        def letters():
            return self.world.value("select count(*) from loket.dead_letter where inbox = 'dordrecht-instagram' and reason = 'for another account'")

        def strict():
            self.assertEqual(self.world.hook('dordrecht-instagram', json.dumps(body).encode()).status, 200)
            return letters()
        wait_until(strict, what='the new settings')
        self.assertEqual([r[0] for r in self.contacts('instagram') if r[0].endswith('_' + who) and '17841400000009' not in r[0]],
                         [f"m_{self.account('instagram')}_{who}"])
        self.world.psql("update loket.inbox set settings = settings || '{\"any_account\": true}' where id = 'dordrecht-instagram'")

    def test_a_poison_one_among_many(self):
        who = str(next(people))
        items = [self.message('messenger', who, f'Nummer {i}') for i in range(30)]
        items.insert(17, self.event('messenger', 'geen nummer', message={'mid': 'm_x', 'text': 'x'}))
        before = self.world.value('select count(*) from loket.dead_letter')
        self.post('messenger', {'messaging': items})
        mids = {i['message']['mid'] for i in items} - {'m_x'}
        self.assertEqual(mids, {r[0] for r in self.contacts('messenger')} & mids)
        self.assertEqual(self.world.value('select count(*) from loket.dead_letter'), before + 1)


class Public(MetaTest):
    def comment(self, verb='add', who='31415', comment=None, text='Wanneer wordt hier gestrooid?', post='777'):
        page = self.account('facebook')
        value = {'item': 'comment', 'verb': verb, 'from': {'id': who, 'name': 'Jan de Boer'}, 'comment_id': comment or f'{post}_{next(numbers)}',
                 'post_id': f'{page}_{post}', 'parent_id': f'{page}_{post}', 'created_time': int(time.time())}
        if verb != 'remove':
            value['message'] = text
        self.post('facebook', {'changes': [{'field': 'feed', 'value': value}]})
        return value['comment_id']

    def ig_comment(self, who='27182', text='Hoe laat begint het?', comment=None):
        comment = comment or str(17900000 + next(numbers))
        self.post('instagram', {'changes': [{'field': 'comments', 'value': {
            'id': comment, 'text': text, 'from': {'id': who, 'username': 'jan'}, 'media': {'id': '18000001', 'media_product_type': 'FEED'}}}]})
        return comment

    def test_a_comment(self):
        comment = self.comment()
        self.comment(comment=comment)
        rows = self.contacts('facebook', provider_id=comment)
        self.assertEqual([(r[1], r[2], r[3], r[5]) for r in rows], [('in', 'text', 'Wanneer wordt hier gestrooid?', 'public')])
        self.assertEqual(rows[0][7], {'post': f"{self.account('facebook')}_777", 'comment': comment})
        self.assertEqual(self.world.value('select state from loket.case_file where id = %s', [rows[0][6]]), 'triage')

    def test_edited_and_removed(self):
        comment = self.comment(post='778')
        self.comment('edited', comment=comment, text='Wanneer wordt er gestrooid?', post='778')
        self.comment('edited', comment=comment, text='Wanneer wordt er geveegd?', post='778')
        self.assertEqual(self.contacts('facebook', provider_id=comment)[0][3], 'Wanneer wordt er geveegd?')
        self.comment('remove', comment=comment, post='778')
        self.assertEqual({r[3] for r in self.contacts('facebook') if r[0].startswith(comment)}, {None})

    def test_removed_before_it_came(self):
        self.comment('remove', comment='779_1', post='779')
        self.comment(comment='779_1', post='779')
        self.assertEqual({r[3] for r in self.contacts('facebook') if r[0].startswith('779_1')}, {None})

    def test_our_own_is_no_contact(self):
        before = len(self.contacts('facebook')), len(self.contacts('instagram'))
        self.comment(who=self.account('facebook'))
        self.ig_comment(who=self.account('instagram'))
        self.assertEqual((len(self.contacts('facebook')), len(self.contacts('instagram'))), before)

    def test_a_mention_has_ids_only(self):
        self.post('instagram', {'changes': [{'field': 'mentions', 'value': {'media_id': '18000099', 'comment_id': '17900099'}}]})
        row = self.contacts('instagram', provider_id='mention:17900099')[0]
        self.assertEqual((row[3], row[5], row[7]), (None, 'public', {'post': '18000099', 'comment': '17900099', 'mention': True}))

    def ignored(self):
        """Parts of posts that nobody has to see, so far."""
        return int(re.search(rb'^loket_ignored_total (\d+)', self.world.request('GET', '/metrics').body, re.M)[1])

    def triage(self, channel, provider_id, action, text, want=200):
        post = self.world.value("select id::text from loket.contact where inbox = %s and provider_id = %s", [f'dordrecht-{channel}', provider_id])
        answer = self.world.api('POST', f'/v1/posts/{post}/triage', 'wim', {'action': action, 'text': text})
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def told(self, answer, *states):
        """What became of an answer: it gets to one of these, and why it failed."""
        row = []

        def look():
            row[:] = self.world.psql('select delivery, delivery_error from loket.contact where id = %s', [answer['contact']['id']])[0]
            return row[0] in states
        wait_until(look, what=f'{states}, it is {row}')
        return row[1]

    def test_answered_where_it_stands(self):
        comment, ig = self.comment(post='780'), self.ig_comment()
        self.post('instagram', {'changes': [{'field': 'mentions', 'value': {'media_id': '18000077', 'comment_id': '17900077'}}]})
        before = len(self.contacts('facebook')), len(self.contacts('instagram')), self.ignored()
        for channel, said, body in (('facebook', comment, {'_about': comment}), ('instagram', ig, {'_about': ig}),
                                    ('instagram', 'mention:17900077', {'_about': self.account('instagram'), 'media_id': '18000077',
                                                                       'comment_id': '17900077'})):
            with self.subTest(said):
                self.told(self.triage(channel, said, 'answer', f'Vanavond nog {said}'), 'sent')
                got = self.sent(f'Vanavond nog {said}')
                self.assertEqual([(r['provider'], r['wrong'], r['message']) for r in got],
                                 [(channel, None, {'message': f'Vanavond nog {said}'} | body)])
        # our own comments came back, and are no contacts: only our answers are there now
        wait_until(lambda: self.ignored() == before[2] + 3, what='our own comments')
        self.assertEqual((len(self.contacts('facebook')), len(self.contacts('instagram'))), (before[0] + 1, before[1] + 2))

    def test_answered_in_private_once(self):
        comment, ig = self.comment(post='781'), self.ig_comment()
        for channel, said, last in (('facebook', comment, 'delivered'), ('instagram', ig, 'read')):
            with self.subTest(channel):
                self.told(self.triage(channel, said, 'private', f'Hierheen dan {said}'), last)
                message = self.sent(f'Hierheen dan {said}')[0]['message']
                self.assertEqual((message['recipient'], 'messaging_type' in message), ({'comment_id': said}, False))
                again = self.told(self.triage(channel, said, 'private', f'Nog eens {said}'), 'failed')
                self.assertEqual(again, '10900: answered in private before: that can be done once')
        self.post('instagram', {'changes': [{'field': 'mentions', 'value': {'media_id': '18000078'}}]})
        self.assertEqual(self.triage('instagram', 'mention:18000078', 'private', 'Hoi', want=422)['rule'], 'notPrivate')

    def test_private_of_the_same_person(self):
        """Instagram has one id for a person in comments and direct messages: one party, two cases."""
        who = str(next(people))
        comment, private = self.ig_comment(who=who), self.message('instagram', who, 'Mijn vraag is persoonlijk')
        self.post('instagram', {'messaging': [private]})
        rows = self.world.psql('select party, case_id from loket.contact where provider_id = any (%s)', [[comment, private['message']['mid']]])
        self.assertEqual((len({r[0] for r in rows}), len({r[1] for r in rows})), (1, 2))


if __name__ == '__main__':
    world.main()
