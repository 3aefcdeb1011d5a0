#!/usr/bin/env python3
"""E-mail: a mail is a case, the answer a mail in the same thread; bounces, programs that answer, strangers in a thread."""
import base64
import email
import email.policy
import itertools
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

INBOX, ACCOUNT = 'dordrecht-email', 'gemeente@dordrecht.example'
serial = itertools.count(1)


class MailTest(world.LoketTest):
    config = 'outbox { outbox_attempts = 4 }'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prepare()
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    @classmethod
    def prepare(cls):
        """What a class wants before anybody works."""

    def setUp(self):
        self.world.standin.faults[:] = []

    @staticmethod
    def mail(text, sender='sanne@example.org', subject='Parkeervergunning', message_id=None, **headers):
        """The bytes of a mail; headers with _ for -."""
        lines = {'From': sender, 'To': ACCOUNT, 'Subject': subject, 'Message-ID': f'<{message_id or f"m{next(serial)}@mail.example.org"}>',
                 'Content-Type': 'text/plain; charset=utf-8'} | {k.replace('_', '-'): v for k, v in headers.items()}
        return ('\r\n'.join(f'{k}: {v}' for k, v in lines.items()) + '\r\n\r\n' + text + '\r\n').encode()

    def post(self, body, content_type='message/rfc822', headers=None):
        answer = self.world.hook(INBOX, body, content_type, secret='', headers=headers or {
            'X-Loket-Signature': own_signature(self.world.secrets[INBOX], body)})
        self.assertEqual(200, answer.status, answer)

    def person(self):
        return f'burger{next(serial)}@example.org'

    def take(self, sender, **more):
        self.post(self.mail('Hoe vraag ik een parkeervergunning aan?', sender, **more))
        return self.anna.accept(self.anna.next_offer())

    def answered(self, taken, text='Dat kan op dordrecht.nl/parkeren', state='sent'):
        """Reply, and the mail that arrived."""
        before = len(self.world.standin.received)
        contact = self.anna.reply(taken, text)['contact']['id']
        self.wait_for(contact, state)
        got = [r for r in self.world.standin.received[before:] if r['provider'] == 'email']
        return contact, got

    def delivery(self, contact):
        return self.world.psql('select delivery, delivery_error from loket.contact where id = %s', [contact])[0]

    def wait_for(self, contact, state):
        wait_until(lambda: self.delivery(contact)[0] == state, 20, f'{state}; it is {self.delivery(contact)}')

    def stored(self, message_id):
        """(case, kind, fields) of a contact."""
        return self.world.psql("select case_id::text, kind, fields from loket.contact where fields ->> 'messageId' = %s", [message_id])[0]


class Smtp(MailTest):
    def test_there_and_back(self):
        who = self.person()
        taken = self.take(who, message_id='first@mail.example.org')
        contact, [got] = self.answered(taken, 'Beste Sanne,\n\nDat kost € 10.\n.\nGroet')
        self.assertIsNone(got['wrong'])
        m = email.message_from_string(got['message']['raw'], policy=email.policy.default)
        reference = self.world.value('select reference from loket.case_file where id = %s', [taken['case']['id']])
        self.assertEqual((who, f'Re: Parkeervergunning [{reference}]', f'<{contact}@dordrecht.example>', '<first@mail.example.org>'),
                         (got['message']['to'], m['Subject'], m['Message-ID'], m['In-Reply-To']))
        self.assertEqual('Gemeente Dordrecht', m['From'].addresses[0].display_name)
        self.assertEqual('Beste Sanne,\n\nDat kost € 10.\n.\nGroet', m.get_content().replace('\r\n', '\n').rstrip())
        self.assertEqual(f'{contact}@dordrecht.example', self.world.value('select provider_id from loket.contact where id = %s', [contact]))
        # the citizen answers in the thread
        self.post(self.mail('Dank!\r\n\r\nOp zaterdag schreef Gemeente:\r\n> Dat kost 10', who, subject='Re: heel iets anders',
                            message_id='second@mail.example.org', In_Reply_To=m['Message-ID'],
                            References=f"<first@mail.example.org> {m['Message-ID']}"))
        case, kind, fields = self.stored('second@mail.example.org')
        self.assertEqual((taken['case']['id'], 'text'), (case, kind))
        self.assertIn('Dat kost 10', fields['quoted'])
        self.anna.events.wait('contact.received', lambda d: d['case']['id'] == case)
        _, [got] = self.answered(taken, 'Graag gedaan')
        self.assertIn('<first@mail.example.org>', got['message']['raw'])
        self.assertIn('In-Reply-To: <second@mail.example.org>', got['message']['raw'])
        self.anna.resolve(taken)

    def test_a_form_is_answered_by_mail(self):
        who = self.person()
        self.world.hook_form({'form': 'vraag', 'product': 'rijbewijs', 'fields': {'naam': 'P. Puk', 'email': who, 'bericht': 'Hoe lang?'}})
        taken = self.anna.accept(self.anna.next_offer())
        contact, [got] = self.answered(taken, 'Een week')
        self.assertIsNone(got['wrong'])
        m = email.message_from_string(got['message']['raw'], policy=email.policy.default)
        reference = self.world.value('select reference from loket.case_file where id = %s', [taken['case']['id']])
        self.assertEqual((who, f'<{contact}@dordrecht.example>'), (got['message']['to'], m['Message-ID']))
        self.assertIn(reference, m['Subject'])
        # what the citizen answers to that comes into the same case, and is what the next answer is to
        self.post(self.mail('Dank, en wat kost het?', who, subject='Re: uw bericht', message_id='form@mail.example.org',
                            In_Reply_To=m['Message-ID']))
        self.assertEqual(self.stored('form@mail.example.org')[0], taken['case']['id'])
        _, [got] = self.answered(taken, 'Veertig euro')
        self.assertIn('In-Reply-To: <form@mail.example.org>', got['message']['raw'])
        self.anna.resolve(taken)

    def test_doubled_and_wrong_proof(self):
        body = self.mail('Twee keer', self.person(), message_id='twice@mail.example.org')
        self.post(body)
        self.post(body)
        self.assertEqual(1, self.world.value("select count(*) from loket.contact where provider_id = 'twice@mail.example.org'"))
        self.anna.resolve(self.anna.accept(self.anna.next_offer()))
        for headers in ({}, {'Authorization': 'Bearer wrong'}, {'Authorization': 'Basic ' + base64.b64encode(b'x:wrong').decode()},
                        {'X-Loket-Signature': own_signature('wrong-secret', body)}):
            self.assertEqual(401, self.world.hook(INBOX, body, 'message/rfc822', secret='', headers=headers).status)

    def test_refusals_of_the_mail_server(self):
        who = self.person()
        taken = self.take(who)
        self.world.standin.faults[:] = ['429', '500']        # 450 at RCPT, 451 after DATA: later
        _, got = self.answered(taken, 'Eerst niet')
        self.assertEqual(['429', '500', 'ok'], [g['fault'] for g in got])
        self.world.standin.faults[:] = ['400']
        contact, got = self.answered(taken, 'Nooit', 'failed')
        self.assertEqual((1, 'SMTP 550'), (len(got), self.delivery(contact)[1]))
        self.anna.resolve(taken)

    def test_cut_after_the_mail_is_uncertain(self):
        taken = self.take(self.person())
        self.world.standin.faults[:] = ['cut']
        contact, got = self.answered(taken, 'Misschien', 'uncertain')
        self.assertEqual(1, len(got))
        # an answer to it finds the case, although nobody told us that it arrived
        self.post(self.mail('Ik heb het', self.person(), message_id='un@mail.example.org', In_Reply_To=f'<{contact}@dordrecht.example>'))
        self.assertEqual(taken['case']['id'], self.stored('un@mail.example.org')[0])
        self.anna.resolve(taken)

    def test_a_server_that_does_not_answer_to_quit_keeps_nobody_waiting(self):
        """libcurl waits for that answer within the loop, unless it is told that nothing will come."""
        taken = self.take(self.person())
        self.world.standin.faults[:] = ['silent']
        self.answered(taken)                                 # waits less than that would take
        self.anna.resolve(taken)

    def test_bounce(self):
        taken = self.take(self.person())
        self.world.standin.faults[:] = ['failed']
        contact, _ = self.answered(taken, 'Naar een adres dat weg is', 'failed')
        self.assertEqual('5.1.1: this address does not exist', self.delivery(contact)[1])
        self.anna.events.wait('delivery.changed', lambda d: d['contact'] == {'id': contact, 'delivery': 'failed'})
        # the id of a reply with a key is of another kind
        self.world.standin.faults[:] = ['failed']
        answer = self.world.api('POST', f"/v1/cases/{taken['case']['id']}/replies", 'anna',
                                {'text': 'Nog eens', 'epoch': taken['epoch']}, {'Idempotency-Key': 'nog-eens'})
        self.assertEqual(202, answer.status, answer)
        self.wait_for(answer.json['contact']['id'], 'failed')
        self.anna.resolve(taken)

    def test_programs_wake_nobody(self):
        who = self.person()
        taken = self.take(who)
        contact, _ = self.answered(taken)
        self.anna.resolve(taken)
        for i in range(3):
            self.post(self.mail('Ik ben afwezig', who, message_id=f'ooo{i}@mail.example.org', Auto_Submitted='auto-replied',
                                In_Reply_To=f'<{contact}@dordrecht.example>'))
        self.post(self.mail('Nieuws', self.person(), message_id='news@mail.example.org', List_Id='<nieuws.example.org>'))
        self.assertEqual((taken['case']['id'], 'system'), self.stored('ooo0@mail.example.org')[:2])
        self.assertEqual((None, 'system'), self.stored('news@mail.example.org')[:2])
        self.assertEqual('closed', self.world.value('select state from loket.case_file where id = %s', [taken['case']['id']]))
        self.post(self.mail('Weer terug', who, message_id='loop@mail.example.org', X_Loop=ACCOUNT))
        self.assertEqual(0, self.world.value("select count(*) from loket.contact where fields ->> 'messageId' = 'loop@mail.example.org'"))
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'lead').json['balanced'])

    def test_an_answer_that_comes_first(self):
        who = self.person()
        self.post(self.mail('Vergeten: het gaat om de Dorpsstraat', who, subject='Lantaarnpaal stuk', message_id='late2@mail.example.org',
                            In_Reply_To='<late1@mail.example.org>'))
        self.post(self.mail('Mijn paspoort is gestolen', who, subject='Paspoort', message_id='late1@mail.example.org'))
        self.assertEqual(self.stored('late1@mail.example.org')[0], self.stored('late2@mail.example.org')[0])
        self.anna.resolve(self.anna.accept(self.anna.next_offer()))

    def test_strangers(self):
        """Who got our answer may join; a reference in a subject, or the citizen's own Message-ID, proves nothing."""
        who, other = self.person(), self.person()
        taken = self.take(who, message_id='mine@mail.example.org')
        contact, _ = self.answered(taken)
        case = taken['case']['id']
        reference = self.world.value('select reference from loket.case_file where id = %s', [case])
        self.post(self.mail('Namens mijn moeder', other, message_id='s1@mail.example.org', In_Reply_To=f'<{contact}@dordrecht.example>'))
        self.assertEqual((case, True), (self.stored('s1@mail.example.org')[0], self.stored('s1@mail.example.org')[2].get('otherSender')))
        third = self.person()
        self.post(self.mail('Wat staat er in?', third, subject=f'Re: [{reference}]', message_id='s2@mail.example.org',
                            In_Reply_To='<mine@mail.example.org>'))
        self.assertNotEqual(case, self.stored('s2@mail.example.org')[0])
        self.anna.resolve(self.anna.accept(self.anna.next_offer()))
        self.post(self.mail('Nog iets', who, subject=f'Paspoort {reference}', message_id='s3@mail.example.org'))
        self.assertEqual(case, self.stored('s3@mail.example.org')[0])
        self.anna.resolve(taken)

    def test_the_script_of_a_mail_server(self):
        secret = self.world.dir / 'mail-secret'
        secret.write_text(f'header = "Authorization: Bearer {self.world.secrets[INBOX]}"\n')

        def pipe(inbox, body):
            return subprocess.run([world.ROOT / 'config/mail/loket-mail', f'{self.world.url}/v1/hooks/{inbox}', secret], input=body,
                                  check=False, capture_output=True).returncode
        body = self.mail('Gepiept\x01 en \u20ac', self.person(), message_id='pipe@mail.example.org')
        self.assertEqual(0, pipe(INBOX, body))
        self.assertEqual(body, bytes(self.world.value('select body from loket.raw order by id desc limit 1')))
        self.assertEqual(0, pipe(INBOX, body))
        self.assertEqual(75, pipe('no-such-inbox', body))
        secret.write_text('header = "Authorization: Bearer wrong"\n')
        self.assertEqual(75, pipe(INBOX, body))
        self.anna.resolve(self.anna.accept(self.anna.next_offer()))

    def test_a_file_is_kept(self):
        who = self.person()
        content = bytes(range(256)) * 8000
        body = (f'From: {who}\r\nTo: {ACCOUNT}\r\nSubject: Foto\r\nMessage-ID: <file@mail.example.org>\r\nMIME-Version: 1.0\r\n'
                'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nZie foto\r\n'
                '--b\r\nContent-Type: image/jpeg; name=kuil.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n'
                + base64.encodebytes(content).decode().replace('\n', '\r\n') + '--b--\r\n').encode()
        self.post(body + b'\r\n' * 1_000_000)                # larger than max_body_bytes, not than max_upload_bytes
        [file] = self.world.value("select attachments from loket.contact where provider_id = 'file@mail.example.org'")
        self.assertEqual(('kuil.jpg', len(content)), (file['name'], file['bytes']))
        self.anna.resolve(self.anna.accept(self.anna.next_offer()))


class Postmark(MailTest):
    @classmethod
    def prepare(cls):
        cls.world.standin.providers['postmark'].accounts.update(cls.world.standin.providers['email'].accounts)
        cls.world.psql("update loket.inbox set provider = 'postmark', settings = settings || jsonb_build_object('base_url', %s::text) "
                       "where id = %s", [cls.world.standin.url + '/postmark', INBOX])
        cls.world.restart()

    @classmethod
    def basic(cls):
        return {'Authorization': 'Basic ' + base64.b64encode(f'postmark:{cls.world.secrets[INBOX]}'.encode()).decode()}

    def json_mail(self, who, text, message_id, **headers):
        body = json.dumps({'From': who, 'FromFull': {'Email': who, 'Name': ''}, 'Subject': 'Parkeervergunning', 'TextBody': text,
                           'MessageID': f'pm-{message_id}', 'Headers': [{'Name': 'Message-ID', 'Value': f'<{message_id}>'}] +
                           [{'Name': k.replace('_', '-'), 'Value': v} for k, v in headers.items()]}).encode()
        self.post(body, 'application/json', self.basic())

    def test_there_and_back(self):
        who = self.person()
        self.json_mail(who, 'Hoe vraag ik een vergunning aan?', 'p1@mail.example.org')
        taken = self.anna.accept(self.anna.next_offer())
        contact = self.anna.reply(taken, 'Zo')['contact']['id']
        self.wait_for(contact, 'delivered')
        [got] = [r for r in self.world.standin.received if r['provider'] == 'postmark']
        self.assertIsNone(got['wrong'])
        headers = {h['Name']: h['Value'] for h in got['message']['Headers']}
        self.assertEqual((who, f'<{contact}@dordrecht.example>', '<p1@mail.example.org>'),
                         (got['message']['To'], headers['Message-ID'], headers['In-Reply-To']))
        self.assertTrue(re.match(r'Re: Parkeervergunning \[DOR-', got['message']['Subject']))
        # their ids are Postmark's, the thread goes by those of the mails
        self.json_mail(who, 'Dank', 'p2@mail.example.org', In_Reply_To=f'<{contact}@dordrecht.example>')
        self.json_mail(who, 'En nog iets', 'p3@mail.example.org', In_Reply_To='<p2@mail.example.org>')
        self.assertEqual({taken['case']['id']}, {self.stored(f'p{i}@mail.example.org')[0] for i in (1, 2, 3)})
        self.world.standin.faults[:] = ['failed']
        contact = self.anna.reply(taken, 'Weg')['contact']['id']
        self.wait_for(contact, 'failed')
        self.anna.resolve(taken)


if __name__ == '__main__':
    unittest.main(verbosity=2)
