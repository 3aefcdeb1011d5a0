#!/usr/bin/env python3
"""SMS by each provider: signed in, a case, an answer out, its status back; what is wrong, comes twice or in another order;
and who said STOP."""
import itertools
import json
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin import bird, cm, messagebird, twilio  # noqa: E402

people = itertools.count(612350001)
ids = itertools.count(1)
SECRET, TOKEN = 'geheim-van-het-sms-postvak', 'token-van-het-sms-postvak'
TWILIO = 'AC' + '7' * 32


class Carrier:
    """One provider and an inbox of it. text(number, text) and status(...) give (url, body, headers)."""

    def __init__(self, name, account, settings):
        self.name, self.account, self.inbox = name, account, f'sms-by-{name}'
        self.settings = settings

    def set_up(self, w):
        w.psql("insert into loket.inbox (id, municipality, channel, provider, account, settings) values (%s, 'dordrecht', 'sms', %s, %s, %s)",
               [self.inbox, self.name, self.account, json.dumps(self.settings | {'base_url': f'{w.standin.url}/{self.name}'})])
        for kind, value in (('secret', SECRET), ('token', SECRET if self.name == 'twilio' else TOKEN)):
            w.psql('insert into loket.inbox_secret (inbox, kind, value) values (%s, %s, %s)', [self.inbox, kind, value])
        self.provider = w.standin.providers[self.name]
        self.provider.accounts[self.account] = {'inbox': self.inbox, 'url': f'{w.url}/v1/hooks/{self.inbox}', 'secret': SECRET, 'token': TOKEN}

    def text(self, number, text, **more):
        n = next(ids)
        if self.name == 'twilio':
            return self.provider.webhook(self.account, From='+31' + number, Body=text, MessageSid=f'SM{n:032d}', **more)
        if self.name == 'messagebird':
            return self.provider.webhook(self.account, originator='31' + number, body=text, message_id=f'{n:032d}')
        if self.name == 'bird':
            return self.provider.webhook(self.account, f'in-{n}', '+31' + number, text)
        return self.provider.webhook(self.account, '0031' + number, text, at=1795262400 + n)

    def spoil(self, url, body, headers):
        """The same post with another proof."""
        wrong = {'twilio': {'X-Twilio-Signature': twilio.signature('mis', url, body or b'')},
                 'messagebird': {'MessageBird-Signature-JWT': messagebird.signature('mis', url, body or b'')},
                 'bird': bird.signature('mis', url, body or b''), 'cm': {}}[self.name]
        return url.replace(SECRET, 'mis'), body, headers | wrong


CARRIERS = [Carrier('twilio', TWILIO, {'from': '+3197010251234'}), Carrier('messagebird', 'mb', {'from': 'Dordrecht'}),
            Carrier('bird', 'b2c40f9a-0000-4000-8000-000000000001', {'workspace': 'w-1'}), Carrier('cm', 'cm', {'from': 'Dordrecht'})]


class SmsTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for c in CARRIERS:
            c.set_up(cls.world)
        wait_until(lambda: cls.send(CARRIERS[-1].spoil(*CARRIERS[-1].text('600000000', 'x'))) == 401, 30, 'the inboxes')
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    @classmethod
    def tearDownClass(cls):
        log = cls.world.log()
        super().tearDownClass()
        assert SECRET not in log and TOKEN not in log, 'a secret is in the log'

    @classmethod
    def send(cls, post):
        url, body, headers = post
        return cls.world.request('GET' if body is None else 'POST', url.removeprefix(cls.world.url), headers, body).status

    def take(self, carrier, number, text='Wanneer komt de ophaaldienst?', **more):
        self.assertEqual(self.send(carrier.text(number, text, **more)), 200)
        return self.anna.accept(self.anna.next_offer())

    def contacts(self, taken):
        return self.anna.case(taken['case']['id'])['contacts']

    def delivery(self, contact):
        return self.world.value('select delivery from loket.contact where id = %s', [contact])

    def wait_for(self, contact, state):
        wait_until(lambda: self.delivery(contact) == state, 15, f'{state}, not {self.delivery(contact)}')

    def went_out(self, contact):
        return [r for r in self.world.standin.received if contact in json.dumps(r['message'])]

    def refused(self, taken, rule, text='Nog een bericht'):
        answer = self.anna.call('POST', f"/v1/cases/{taken['case']['id']}/replies", {'text': text, 'epoch': taken['epoch']}, want=(422,))
        self.assertEqual(answer['rule'], rule, answer)
        return answer


class There(SmsTest):
    def test_and_back(self):
        for c in CARRIERS:
            with self.subTest(c.name):
                taken = self.take(c, str(next(people)))
                contact = self.anna.reply(taken, 'Dinsdag om 8 uur & later')['contact']['id']
                self.wait_for(contact, 'delivered')
                sent = self.went_out(contact)
                self.assertEqual([(r['wrong'], r['taken']) for r in sent], [(None, True)])
                self.assertIn('Dinsdag om 8 uur & later', json.dumps(sent[0]['message']))
                self.anna.resolve(taken)

    def test_the_inbox_of_the_demo(self):
        inbox, secret = 'dordrecht-sms', self.world.secrets['dordrecht-sms']
        number = '+31' + str(next(people))
        self.assertEqual(self.send(twilio.signed(secret, f'{self.world.url}/v1/hooks/{inbox}', {
            'MessageSid': 'SM' + '9' * 32, 'AccountSid': TWILIO, 'From': number, 'To': '+3197010251234', 'Body': 'Hallo'})), 200)
        taken = self.anna.accept(self.anna.next_offer())
        self.wait_for(self.anna.reply(taken, 'Hallo')['contact']['id'], 'delivered')
        self.anna.resolve(taken)

    def test_it_failed(self):
        for c in CARRIERS:
            with self.subTest(c.name):
                taken = self.take(c, str(next(people)))
                self.world.standin.faults[:] = ['failed']
                contact = self.anna.reply(taken, 'Dinsdag')['contact']['id']
                self.wait_for(contact, 'failed')
                self.assertTrue(self.contacts(taken)[-1]['deliveryError'])
                self.anna.resolve(taken)

    def test_wrong_signature(self):
        for c in CARRIERS:
            with self.subTest(c.name):
                before = self.count(c)
                self.assertEqual(self.send(c.spoil(*c.text(str(next(people)), 'Nep'))), 401)
                url, body, headers = c.text(str(next(people)), 'Nep')
                self.assertEqual(self.send((url.split('?')[0], body, {'Content-Type': headers['Content-Type']})), 401)
                if c.name != 'cm':      # CM.com signs nothing
                    self.assertEqual(self.send((url, body.replace(b'Nep', b'Net'), headers)), 401)
                self.assertEqual(self.count(c), before)

    def count(self, c):
        return self.world.value('select count(*) from loket.contact where inbox = %s', [c.inbox])

    def test_the_same_post_again(self):
        for c in CARRIERS:
            with self.subTest(c.name):
                post, before = c.text(str(next(people)), 'Eén keer'), self.count(c)
                self.assertEqual([self.send(post) for _ in range(5)], [200] * 5)
                self.assertEqual(self.count(c), before + 1)
                self.anna.resolve(self.anna.accept(self.anna.next_offer()))

    def test_reports_in_any_order(self):
        for c in CARRIERS:
            with self.subTest(c.name):
                taken = self.take(c, str(next(people)))
                self.world.standin.faults[:] = ['disorder']
                contact = self.anna.reply(taken, 'Dinsdag')['contact']['id']
                self.wait_for(contact, 'delivered')
                wait_until(lambda: self.world.value('select state from loket.outbox where contact = %s', [contact]) == 'done', what='the answer')
                self.assertEqual(self.delivery(contact), 'delivered')
                self.anna.resolve(taken)

    def test_too_long_is_said_before_it_is_sent(self):
        for c, limit in zip(CARRIERS, (1600, 1377, 1530, 1224)):
            with self.subTest(c.name):
                taken = self.take(c, str(next(people)))
                self.assertIn(str(limit), self.refused(taken, 'textTooLong', 'a' * (limit + 1))['detail'])
                self.anna.resolve(taken)

    def test_by_get(self):
        """MessageBird tells what became of a message by GET: signed, doubled, spoilt."""
        c, contact = CARRIERS[1], '0192f0c8-0000-7000-8000-0000000000aa'
        report = c.provider.report('mb', {'reportUrl': c.provider.accounts['mb']['url'], 'reference': contact, 'recipients': ['31612349999']},
                                   'mb-1', 'delivered')
        self.assertEqual([self.send(report), self.send(report), self.send(c.spoil(*report))], [200, 200, 401])
        self.assertEqual(self.world.psql("select status, our_id::text from loket.delivery_report where provider_id = 'mb-1'"),
                         [('delivered', contact)])


class Shuffled(SmsTest):
    def test_statuses_in_any_order_and_number(self):
        """However often, in whatever order, in whatever posts: the same end."""
        c, rng = CARRIERS[0], random.Random(7)
        taken = self.take(c, str(next(people)))
        for _ in range(40):
            self.world.standin.faults[:] = ['silent']
            contact = self.anna.reply(taken, 'Dinsdag')['contact']['id']
            self.wait_for(contact, 'sent')
            sid = self.world.value('select provider_id from loket.contact where id = %s', [contact])
            words = ['queued', 'sent', 'delivered', 'read', 'sending'] * 3
            rng.shuffle(words)
            for word in words:
                self.assertEqual(self.send(twilio.signed(SECRET, c.provider.accounts[TWILIO]['url'], {
                    'MessageSid': sid, 'MessageStatus': word, 'AccountSid': TWILIO, 'To': '+31612350001'})), 200)
            self.assertEqual(self.delivery(contact), 'read', words)
        self.anna.resolve(taken)


class OptOut(SmsTest):
    def opted_out(self, number):
        return self.world.value("select count(*) from loket.opt_out where channel = 'sms' and value = %s", ['+31' + number])

    def test_stop_and_start(self):
        for c in CARRIERS:
            with self.subTest(c.name):
                number = str(next(people))
                taken = self.take(c, number)
                stop = c.text(number, 'STOP')
                self.assertEqual([self.send(stop), self.send(stop)], [200, 200])
                self.assertEqual(self.opted_out(number), 1)
                case = self.anna.case(taken['case']['id'])
                self.assertEqual((case['contacts'][-1]['kind'], case['contacts'][-1]['fields']), ('system', {'event': 'optOut'}))
                self.assertIs(case['optedOut'], True)
                self.refused(taken, 'optedOut')
                self.assertEqual(self.send(c.text(number, 'Start')), 200)
                self.assertEqual(self.opted_out(number), 0)
                self.assertEqual(self.send(stop), 200)          # an old post again changes nothing
                self.assertEqual(self.opted_out(number), 0)
                self.assertNotIn('optedOut', self.anna.case(taken['case']['id']))
                self.wait_for(self.anna.reply(taken, 'Fijn')['contact']['id'], 'delivered')
                self.anna.resolve(taken)

    def test_stop_opens_no_case(self):
        number = str(next(people))
        self.assertEqual(self.send(CARRIERS[0].text(number, 'afmelden.')), 200)
        self.assertEqual(self.world.psql('select kind, case_id from loket.contact c where addresses @> %s',
                                         [json.dumps([{'kind': 'phone', 'value': '+31' + number}])]), [('system', None)])
        self.anna.events.none('offer.made')

    def test_the_provider_says_so(self):
        """Twilio's own STOP: OptOutType; and 21610, as an answer or later in a report."""
        c = CARRIERS[0]
        for how in ('type', 'answer', 'report'):
            with self.subTest(how):
                number = str(next(people))
                taken = self.take(c, number)
                if how == 'type':
                    self.assertEqual(self.send(c.text(number, 'Cancel', OptOutType='STOP')), 200)
                elif how == 'answer':
                    c.provider.stopped.add('+31' + number)
                    self.wait_for(self.anna.reply(taken, 'Hallo')['contact']['id'], 'failed')
                else:
                    self.world.standin.faults[:] = ['silent']
                    contact = self.anna.reply(taken, 'Hallo')['contact']['id']
                    self.wait_for(contact, 'sent')
                    sid = self.world.value('select provider_id from loket.contact where id = %s', [contact])
                    self.assertEqual(self.send(twilio.signed(SECRET, c.provider.accounts[TWILIO]['url'], {
                        'MessageSid': sid, 'MessageStatus': 'failed', 'ErrorCode': '21610', 'To': '+31' + number})), 200)
                    self.wait_for(contact, 'failed')
                self.assertEqual(self.opted_out(number), 1)
                self.refused(taken, 'optedOut')
                self.anna.resolve(taken)

    def test_other_channels_and_municipalities_are_not_stopped(self):
        number = str(next(people))
        self.assertEqual(self.send(CARRIERS[0].text(number, 'STOP')), 200)
        self.world.hook_whatsapp('Hoe vraag ik een rijbewijs aan?', wa_id='31' + number)
        taken = self.anna.accept(self.anna.next_offer())
        self.wait_for(self.anna.reply(taken, 'Aan de balie')['contact']['id'], 'read')
        self.anna.resolve(taken)
        self.assertEqual(self.world.psql("select count(*) from loket.opt_out where municipality <> 'dordrecht'")[0][0], 0)

    def test_stopped_while_it_waits(self):
        c, number = CARRIERS[0], str(next(people))
        taken = self.take(c, number)
        self.world.standin.faults[:] = ['500', '500']
        contact = self.anna.reply(taken, 'Komt eraan')['contact']['id']
        wait_until(lambda: self.went_out(contact), what='the first try')
        self.assertEqual(self.send(c.text(number, 'Stop')), 200)
        self.wait_for(contact, 'failed')
        self.assertFalse([r for r in self.went_out(contact) if r['taken']])
        self.world.standin.faults[:] = []
        self.anna.resolve(taken)


if __name__ == '__main__':
    world.main()
