#!/usr/bin/env python3
"""Replies with files: looked at before they go, to the byte at the provider, once; what cannot be sent is said at once."""
import base64
import email
import email.policy
import hashlib
import itertools
import json
import pathlib
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import hostile  # noqa: E402
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

serial = itertools.count(1)
people = itertools.count(31650000001)
LARGE = hostile.PDF + bytes(range(256)) * 1000         # with every byte
HUGE = hostile.PDF + bytes(4_000_000)


def tearDownModule():
    if FilesTest.shared:
        FilesTest.shared.close()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class FilesTest(world.LoketTest):
    shared = None               # the world of all classes here that want none of their own

    @classmethod
    def setUpClass(cls):
        if FilesTest.shared is None or cls.make_world.__func__ is not FilesTest.make_world.__func__:
            super().setUpClass()
        if cls.make_world.__func__ is FilesTest.make_world.__func__:
            FilesTest.shared = cls.world = FilesTest.shared or cls.world
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    @classmethod
    def tearDownClass(cls):
        if cls.world is not FilesTest.shared:
            super().tearDownClass()

    def setUp(self):
        self.world.standin.faults[:] = []

    # what a citizen sends

    def mail(self, *files, text='Hoe vraag ik een parkeervergunning aan?'):
        m = email.message.EmailMessage()
        m['From'], m['To'], m['Subject'] = f'burger{next(serial)}@example.org', 'gemeente@dordrecht.example', 'Parkeervergunning'
        m['Message-ID'] = f'<{uuid.uuid4()}@mail.example.org>'
        m.set_content(text)
        for name, content in files:
            m.add_attachment(content, maintype='application', subtype='octet-stream', filename=name)
        body = m.as_bytes(policy=email.policy.SMTP)
        answer = self.world.hook('dordrecht-email', body, 'message/rfc822', secret='', headers={
            'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-email'], body)})
        self.assertEqual(answer.status, 200, answer)

    def take(self):
        taken = self.anna.accept(self.anna.next_offer())
        self.addCleanup(self.done, taken)
        return taken

    def done(self, taken):
        """There is room for the next."""
        self.anna.call('POST', f"/v1/cases/{taken['case']['id']}/resolve", {'outcome': 'solved', 'epoch': taken['epoch']}, want=(200, 403, 409, 422))

    def take_mail(self, *files):
        self.mail(*files)
        return self.take()

    # what the agent does

    def path(self, taken):
        return f"/v1/cases/{taken['case']['id']}/replies"

    def post(self, taken, *parts, who='anna', **headers):
        """A reply as a form: parts are (name, filename or None, content)."""
        body = b''.join(b'--b\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
                        + (b'; filename="' + filename.encode() + b'"' if filename else b'') + b'\r\n\r\n' + content + b'\r\n'
                        for name, filename, content in parts) + b'--b--\r\n'
        self.world.record = len(body) < len(HUGE)      # what is recorded is text, six times as large
        try:
            return self.world.api('POST', self.path(taken), who, body, headers={'Content-Type': 'multipart/form-data; boundary=b'} | headers)
        finally:
            self.world.record = True

    def said(self, taken, text='Zie de bijlage', **more):
        return ('json', None, json.dumps(({'text': text} if text else {}) | {'epoch': taken['epoch']} | more).encode())

    def send(self, taken, *files, text='Zie de bijlage', **more):
        """The contact's id: a reply with (filename, content)."""
        answer = self.post(taken, self.said(taken, text, **more), *(('bestand', *f) for f in files))
        self.assertEqual(answer.status, 202, answer)
        return answer.json['contact']['id']

    def reply(self, taken, **body):
        return self.world.api('POST', self.path(taken), 'anna', {'epoch': taken['epoch']} | body)

    # what is to be seen

    def contact(self, contact, token='anna'):
        return self.world.api('GET', f'/v1/contacts/{contact}', token).json

    def wait_for(self, contact, *states):
        try:
            wait_until(lambda: self.contact(contact)['delivery'] in states, 40, 'it')
        except AssertionError:
            self.fail(f'{self.contact(contact)}, not {states}')
        return self.contact(contact)

    def stored(self, contact, n=1):
        """The attachments of a contact, when all of them are."""
        wait_until(lambda: [a['state'] for a in self.contact(contact)['attachments']] == ['stored'] * n, 40, 'the attachments')
        return self.contact(contact)['attachments']

    def of_citizen(self, taken):
        return next(c for c in self.anna.case(taken['case']['id'])['contacts'] if c['direction'] == 'in')['id']

    def errors(self, answer):
        self.assertEqual(answer.status, 422, answer)
        return {e['name']: e['reason'] for e in answer.json.get('errors', [])}

    def received(self, provider):
        return [r for r in self.world.standin.received if r['provider'] == provider]


class Mail(FilesTest):
    def sent(self, contact):
        """The mails that arrived of it: whole."""
        return [m for r in self.received('email') if r['taken'] and r['message']['raw']
                for m in [email.message_from_string(r['message']['raw'], policy=email.policy.default)] if contact in m['Message-ID']]

    @staticmethod
    def files_of(mail):
        return [(p.get_filename(), p.get_content_type(), p.get_content() if p.get_content_maintype() != 'text' else
                 p.get_payload(decode=True)) for p in mail.iter_attachments()]

    def test_files_arrive(self):
        taken = self.take_mail()
        contact = self.send(taken, ('Brief van 3 mei.pdf', LARGE), ('lijst.txt', 'één\n'.encode()), text='Beste,\n\nZie bijlagen.')
        shown = self.wait_for(contact, 'sent')
        [mail] = self.sent(contact)
        self.assertIsNone(self.received('email')[-1]['wrong'])
        self.assertEqual(mail.get_body().get_content().replace('\r\n', '\n').strip(), 'Beste,\n\nZie bijlagen.')
        self.assertEqual([(n, t, sha256(c)) for n, t, c in self.files_of(mail)], [
            ('Brief_van_3_mei.pdf', 'application/pdf', sha256(LARGE)), ('lijst.txt', 'text/plain', sha256('één\n'.encode()))])
        # the contact shows them, and they are opened as what citizens send is
        self.assertEqual([(a['name'], a['state'], a['bytes'], a['sha256']) for a in shown['attachments']], [
            ('Brief van 3 mei.pdf', 'stored', len(LARGE), sha256(LARGE)), ('lijst.txt', 'stored', 6, sha256('één\n'.encode()))])
        at = f"/v1/contacts/{contact}/attachments/{shown['attachments'][0]['id']}"
        self.assertEqual(sha256(self.world.api('GET', at, 'anna').body), sha256(LARGE))
        self.assertEqual(self.world.api('GET', at, 'gijs').status, 404)                     # of another municipality
        in_case = next(c for c in self.anna.case(taken['case']['id'])['contacts'] if c['id'] == contact)
        self.assertEqual(in_case['attachments'], shown['attachments'])
        self.assertEqual(in_case['kind'], 'text')

    def test_what_the_case_has_already(self):
        """A citizen's file goes back, and what was uploaded goes again: rows of their own on the same bytes."""
        taken = self.take_mail(('foto.png', hostile.PNG))
        theirs = self.stored(self.of_citizen(taken))[0]
        first = self.send(taken, ('brief.pdf', hostile.PDF))
        ours = self.wait_for(first, 'sent')['attachments'][0]
        answer = self.reply(taken, attachments=[ours['id'], theirs['id']])
        self.assertEqual(answer.status, 202, answer)
        again = answer.json['contact']['id']
        shown = self.wait_for(again, 'sent')
        [mail] = self.sent(again)
        self.assertEqual([(n, c) for n, _, c in self.files_of(mail)], [('brief.pdf', hostile.PDF), ('foto.png', hostile.PNG)])
        self.assertEqual((shown['kind'], shown.get('text')), ('media', None))               # they say it all
        self.assertNotIn(ours['id'], [a['id'] for a in shown['attachments']])
        # what one message loses the other keeps
        self.world.psql("update loket.contact set attachments = '[]' where id = %s", [first])
        self.assertEqual(self.contact(again)['attachments'][0]['state'], 'stored')
        # both at once: those of the case first
        mixed = self.send(taken, ('nieuw.pdf', hostile.PDF), attachments=[theirs['id']])
        self.wait_for(mixed, 'sent')
        [mail] = self.sent(mixed)
        self.assertEqual([n for n, _, _ in self.files_of(mail)], ['foto.png', 'nieuw.pdf'])

    def test_every_bad_file_is_named(self):
        other = self.take_mail(('foto.png', hostile.PNG))
        of_other = self.stored(self.of_citizen(other))[0]['id']
        self.done(other)
        taken = self.take_mail(('x.pdf', b'MZ' + bytes(200)))
        contact = self.of_citizen(taken)
        wait_until(lambda: self.contact(contact)['attachments'][0]['state'] == 'refused', 40, 'the program to be refused')
        refused = self.contact(contact)['attachments'][0]['id']
        nobody = str(uuid.uuid4())
        before = len(self.received('email'))
        errors = self.errors(self.reply(taken, text='x', attachments=[of_other, refused, nobody]))
        self.assertEqual(set(errors), {'attachments[0]', 'attachments[1]', 'attachments[2]'})
        self.assertIn('refused', errors['attachments[1]'])
        self.assertEqual(errors['attachments[0]'], errors['attachments[2]'])                # nobody learns what others have
        self.assertEqual(set(self.errors(self.reply(taken, text='x', attachments=['x', 3]))), {'attachments[0]', 'attachments[1]'})
        self.assertIn('attachments[1]', self.errors(self.reply(taken, text='x', attachments=[nobody, nobody])))
        self.assertEqual(set(self.errors(self.post(taken, self.said(taken, 'x'), ('leeg', 'leeg.pdf', b'')))), {'leeg'})
        self.assertEqual(set(self.errors(self.post(taken, self.said(taken, 'x'), *((f'f{n}', 'a.pdf', hostile.PDF) for n in range(12))))),
                         {'f10', 'f11'})
        errors = self.errors(self.post(taken, self.said(taken, 'x', template={'name': 't', 'language': 'nl'}), ('f', 'a.pdf', hostile.PDF)))
        self.assertIn('attachments', errors)
        self.assertIn('attachments', self.errors(self.post(taken, self.said(taken, 'x'), ('f', 'a.pdf', HUGE), ('g', 'b.pdf', HUGE))))
        self.assertIn('attachments', self.errors(self.post(taken, self.said(taken, 'x', visibility='public'), ('f', 'a.pdf', LARGE))))
        self.assertEqual(set(self.errors(self.reply(taken))), {'text'})                     # nothing at all
        self.assertEqual(self.post(taken, ('f', 'a.pdf', LARGE)).status, 422)
        self.assertEqual(self.post(taken, self.said(taken), ('anders', None, b'x')).status, 400)
        self.assertEqual(self.reply(taken, text='x' * 300000).status, 413)
        self.assertEqual(len(self.received('email')), before)

    def test_what_it_is_counts_and_not_its_name(self):
        """A program ends the reply, and what comes behind it goes."""
        taken = self.take_mail()
        bad = self.send(taken, ('brief.pdf', b'MZ' + bytes(200)))
        after = self.anna.reply(taken, 'En nog iets')['contact']['id']
        shown = self.wait_for(bad, 'failed')
        self.assertEqual(shown['attachments'][0]['state'], 'refused')
        self.assertIn('attachments', shown['deliveryError'])
        self.wait_for(after, 'sent')
        self.assertEqual(self.sent(bad), [])
        self.assertEqual(self.world.api('GET', f"/v1/contacts/{bad}/attachments/{shown['attachments'][0]['id']}", 'anna').status, 409)

    def test_same_key_is_one_reply(self):
        taken = self.take_mail()
        for n in range(3):
            if n == 2:      # the key's row got lost, as when the process died before the answer was kept
                self.world.psql("delete from loket.idempotency where key = 'files-1'")
            answer = self.post(taken, self.said(taken, 'Eenmaal'), ('f', 'a.pdf', hostile.PDF), **{'Idempotency-Key': 'files-1'})
            self.assertEqual(answer.status, 202, answer)
        contact = answer.json['contact']['id']
        self.wait_for(contact, 'sent')
        self.assertEqual(len(self.sent(contact)), 1)
        self.assertEqual(self.world.value('select count(*) from loket.attachment where contact = %s', [contact]), 1)

    def test_as_large_as_a_mail_may_be(self):
        files = [(f'{n}.pdf', hostile.PDF + bytes([n]) * (3_500_000 - len(hostile.PDF))) for n in range(2)]
        contact = self.send(self.take_mail(), *files)
        self.wait_for(contact, 'sent')
        [mail] = self.sent(contact)
        self.assertEqual([sha256(c) for _, _, c in self.files_of(mail)], [sha256(c) for _, c in files])

    def test_a_retry_has_them_too(self):
        taken = self.take_mail()
        self.world.standin.faults[:] = ['500']
        contact = self.send(taken, ('brief.pdf', LARGE))
        self.wait_for(contact, 'sent')
        [mail] = self.sent(contact)
        self.assertEqual([sha256(c) for _, _, c in self.files_of(mail)], [sha256(LARGE)])

    def test_what_a_large_form_leaves_is_enough(self):
        """Files that would fill the memory of an operation but for a little: it is answered, and loketd goes on."""
        taken = self.take_mail()
        stale = self.said({'epoch': taken['epoch'] + 7}, 'x' * 60000)
        for n in range(0, 100_000, 12_000):
            self.assertEqual(self.post(taken, stale, ('f', 'a.pdf', bytes((16 << 20) - 2000 - n))).status, 409)
        self.assertIsNone(self.world.process.poll())

    def test_a_form_is_answered_with_files(self):
        """By mail, from the municipality's own inbox."""
        who = f'burger{next(serial)}@example.org'
        self.world.hook_form({'form': 'vraag', 'product': 'rijbewijs', 'fields': {'naam': 'P. Puk', 'email': who, 'bericht': 'Hoe lang?'}})
        contact = self.send(self.take(), ('brief.pdf', hostile.PDF))
        self.assertEqual(self.wait_for(contact, 'sent')['channel'], 'email')
        self.assertEqual(self.files_of(self.sent(contact)[0])[0][2], hostile.PDF)

    def test_stale(self):
        taken = self.take_mail()
        answer = self.post(taken, ('json', None, json.dumps({'text': 'x', 'epoch': taken['epoch'] + 7}).encode()), ('f', 'a.pdf', hostile.PDF))
        self.assertEqual(answer.status, 409, answer)
        self.assertEqual(self.post(taken, self.said(taken), ('f', 'a.pdf', hostile.PDF), who='gijs').status, 404)


class Postmark(FilesTest):
    @classmethod
    def make_world(cls):
        made = super().make_world()
        made.standin.providers['postmark'].accounts.update(made.standin.providers['email'].accounts)
        made.psql("update loket.inbox set provider = 'postmark', settings = settings || jsonb_build_object('base_url', %s::text) "
                  "where id = 'dordrecht-email'", [made.standin.url + '/postmark'])
        return made

    def test_files_arrive(self):
        contact = self.send(self.take_mail(), ('brief.pdf', LARGE))
        self.wait_for(contact, 'sent', 'delivered')
        [got] = self.received('postmark')
        self.assertEqual([(a['Name'], a['ContentType'], sha256(base64.b64decode(a['Content']))) for a in got['message']['Attachments']],
                         [('brief.pdf', 'application/pdf', sha256(LARGE))])


class Death(FilesTest):
    """kill -9 while a reply with files is on its way."""

    def crash(self):
        self.world.kill9()
        self.world.start()
        type(self).anna = self.world.agent('anna')
        self.anna.ready()

    def test_before_it_was_looked_at(self):
        taken = self.take_mail()
        contact = self.send(taken, ('brief.pdf', LARGE))
        self.crash()
        shown = self.wait_for(contact, 'sent', 'uncertain')     # uncertain: by the time of the kill it was looked at, and going
        self.assertEqual(shown['attachments'][0]['state'], 'stored')
        arrived = len([r for r in self.received('email') if contact in (r['message']['raw'] or '')])
        self.assertIn(arrived, (1,) if shown['delivery'] == 'sent' else (0, 1))

    def test_while_it_is_sent(self):
        """The provider may have it: never sent again."""
        taken = self.take_mail()
        self.world.standin.faults[:] = ['timeout']
        contact = self.send(taken, ('brief.pdf', hostile.PDF))

        def there():
            return [r for r in self.received('email') if contact in (r['message']['raw'] or '')]
        wait_until(there, 40, 'the mail at the provider')
        self.crash()
        self.wait_for(contact, 'uncertain')
        after = self.anna.call('POST', self.path(taken), {'text': 'Nog iets', 'epoch': taken['epoch']})['contact']['id']
        self.wait_for(after, 'sent')
        self.assertEqual(len(there()), 1)

    def test_who_prepared_it_is_gone(self):
        """Nobody was told anything: it is sent. The release before, which knows no files, leaves it alone."""
        taken = self.take_mail()
        self.world.standin.faults[:] = ['500']
        contact = self.send(taken, ('brief.pdf', hostile.PDF))
        wait_until(lambda: self.world.value('select attempts from loket.outbox where contact = %s', [contact]) == 1, 40, 'the first try')
        self.world.kill9()
        as_before = "update loket.outbox set state = 'sending', holder = 'x' where contact = %s returning contact"
        self.assertEqual(self.world.psql(as_before, [contact]), [])
        self.world.psql("update loket.outbox set state = 'sending', holder = 'somebody-gone', preparing = true where contact = %s", [contact])
        self.world.start()
        self.wait_for(contact, 'sent')
        self.assertEqual(len([r for r in self.received('email') if r['taken'] and contact in (r['message']['raw'] or '')]), 1)


class Chat(FilesTest):
    """The message tells where they are; the site asks for them with its own proof, and nobody else gets them."""

    def say(self, **more):
        body = json.dumps({'conversation': f'g-{next(serial)}', 'id': str(uuid.uuid4()), 'text': 'Hoe vraag ik een parkeervergunning aan?'}
                          | more).encode()
        answer = self.world.hook('dordrecht-chat', body, secret='', headers={
            'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-chat'], body)})
        self.assertEqual(answer.status, 200, answer)

    def told(self, contact):
        wait_until(lambda: [r for r in self.received('chat') if r['message'].get('id') == contact], 40, 'the message')
        [got] = [r for r in self.received('chat') if r['message']['id'] == contact]
        self.assertIsNone(got['wrong'])
        return got['message']

    def get(self, path, secret=None, signed=None, at=None):
        proof = own_signature(secret or self.world.secrets['dordrecht-chat'], (signed or path).encode(), at)
        return self.world.request('GET', path, {'X-Loket-Signature': proof})

    def test_the_visitor_gets_them(self):
        self.say()
        taken = self.take()
        contact = self.send(taken, ('Brief.pdf', LARGE), ('foto.png', hostile.PNG))
        message = self.told(contact)
        self.wait_for(contact, 'delivered', 'read')
        self.assertEqual([(f['name'], f['mediaType'], f['bytes'], f['sha256']) for f in message['attachments']], [
            ('Brief.pdf', 'application/pdf', len(LARGE), sha256(LARGE)), ('foto.png', 'image/png', len(hostile.PNG), sha256(hostile.PNG))])
        path = message['attachments'][0]['url'].removeprefix(self.world.url)
        answer = self.get(path)
        self.assertEqual((answer.status, sha256(answer.body)), (200, sha256(LARGE)))
        self.assertEqual(answer.headers['Content-Disposition'], 'attachment; filename="Brief.pdf"')
        bearer = self.world.request('GET', path, {'Authorization': 'Bearer ' + self.world.secrets['dordrecht-chat']})
        self.assertEqual(bearer.body, LARGE)
        # a file says enough
        alone = self.send(taken, ('foto.png', hostile.PNG), text=None)
        self.assertEqual((self.told(alone)['text'], len(self.told(alone)['attachments'])), ('', 1))
        # nobody else
        other = message['attachments'][1]['url'].removeprefix(self.world.url)
        for wrong in (self.world.request('GET', path), self.get(path, secret='een ander'), self.get(path, signed=other),
                      self.get(path, at=time.time() - 3600), self.get(path, secret=self.world.secrets['dordrecht-webform']),
                      self.world.api('GET', path, 'anna')):
            self.assertEqual(wrong.status, 401, wrong)
        # it is there as long as its message
        self.world.psql("update loket.contact set attachments = '[]' where id = %s", [contact])
        self.assertEqual(self.get(path).status, 404)

    def test_only_files_of_replies_by_this_inbox(self):
        self.mail(('foto.png', hostile.PNG))
        taken = self.take()
        theirs = self.stored(self.of_citizen(taken))[0]['id']
        ours = self.wait_for(self.send(taken, ('brief.pdf', hostile.PDF)), 'sent')['attachments'][0]['id']
        for inbox in ('dordrecht-chat', 'dordrecht-email', 'dordrecht-geen'):
            for attachment in (theirs, ours, str(uuid.uuid4()), 'x'):
                self.assertEqual(self.get(f'/v1/hooks/{inbox}/attachments/{attachment}').status, 404, (inbox, attachment))

    def test_other_shapes_carry_none(self):
        body = json.dumps({'sender': 'v-9', 'message': 'Hoe vraag ik een parkeervergunning aan?', 'metadata': {'message_id': 'r-1'}}).encode()
        self.world.hook('dordrecht-chat', body, secret='', headers={
            'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-chat'], body)})
        taken = self.take()
        self.assertEqual(set(self.errors(self.post(taken, self.said(taken), ('f', 'a.pdf', hostile.PDF)))), {'attachments'})


class WhatsApp(FilesTest):
    """A file is brought there first, and the message names it: two calls, one message."""

    def take(self, **more):
        if not more.pop('offered', False):
            self.world.hook_whatsapp('Hoe vraag ik een rijbewijs aan?', wa_id=str(next(people)), **more)
        return super().take()

    def uploads(self, name=None):
        return [r for r in self.received('whatsapp') if 'upload' in (r['message'] or {}) and name in (None, r['message']['name'])]

    def messages(self, contact):
        return [r for r in self.received('whatsapp') if (r['message'] or {}).get('biz_opaque_callback_data') == contact]

    def crash(self):
        self.world.kill9()
        self.world.start()
        type(self).anna = self.world.agent('anna')
        self.anna.ready()

    def test_a_photo_and_a_letter(self):
        taken = self.take()
        contact = self.send(taken, ('kaart.png', hostile.PNG), text='Hier is het')
        shown = self.wait_for(contact, 'delivered', 'read')
        [upload], [got] = self.uploads('kaart.png'), self.messages(contact)
        self.assertEqual((upload['wrong'], upload['message']['sha256']), (None, sha256(hostile.PNG)))
        self.assertEqual((got['wrong'], got['message']['image']), (None, {'id': upload['id'], 'caption': 'Hier is het'}))
        self.assertEqual([(a['name'], a['state'], a['mediaType']) for a in shown['attachments']], [('kaart.png', 'stored', 'image/png')])
        letter = self.send(taken, ('Brief.pdf', LARGE), text=None)
        self.wait_for(letter, 'delivered', 'read')
        [upload], [got] = self.uploads('Brief.pdf'), self.messages(letter)
        self.assertEqual((upload['message']['sha256'], got['wrong']), (sha256(LARGE), None))
        self.assertEqual(got['message']['document'], {'id': upload['id'], 'filename': 'Brief.pdf'})

    def test_what_it_does_not_take(self):
        taken = self.take()
        two = [('f', 'a.pdf', hostile.PDF), ('g', 'b.pdf', hostile.PDF)]
        self.assertEqual(set(self.errors(self.post(taken, self.said(taken), *two))), {'attachments'})
        answer = self.post(taken, self.said(taken, 'x' * 1025), two[0])
        self.assertEqual((answer.status, answer.json.get('rule')), (422, 'textTooLong'), answer)
        # what it is is known when it was looked at
        contact = self.send(taken, ('lijst.ics', b'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n'))
        shown = self.wait_for(contact, 'failed')
        self.assertEqual(shown['attachments'][0]['state'], 'stored', shown)
        self.assertIn('attachments[0]', self.errors(self.reply(taken, text='x', attachments=[shown['attachments'][0]['id']])))
        self.assertEqual(self.messages(contact), [])

    def test_window_closed(self):
        taken = self.take(timestamp=int(time.time()) - 25 * 3600)
        answer = self.post(taken, self.said(taken), ('f', 'a.pdf', hostile.PDF))
        self.assertEqual((answer.status, answer.json.get('rule')), (422, 'windowClosed'), answer)

    def test_the_upload_is_tried_again(self):
        taken = self.take()
        self.world.standin.faults[:] = ['cut']
        contact = self.send(taken, ('weer.pdf', hostile.PDF))
        self.wait_for(contact, 'delivered', 'read')
        self.assertEqual([r['fault'] for r in self.uploads('weer.pdf')], ['cut', 'ok'])
        self.assertEqual(len(self.messages(contact)), 1)

    def test_a_message_that_is_tried_again_names_the_same_upload(self):
        taken = self.take()
        self.world.standin.faults[:] = ['ok', '429']
        contact = self.send(taken, ('eens.pdf', hostile.PDF))
        self.wait_for(contact, 'delivered', 'read')
        [upload] = self.uploads('eens.pdf')
        self.assertEqual([(r['fault'], r['message']['document']['id']) for r in self.messages(contact)],
                         [('429', upload['id']), ('ok', upload['id'])])

    def test_killed_between_upload_and_message(self):
        """The file is there, and nobody was told: sent once, by who comes after."""
        taken = self.take()
        self.world.standin.faults[:] = ['timeout']
        contact = self.send(taken, ('dood.pdf', hostile.PDF))
        wait_until(lambda: self.uploads('dood.pdf'), 40, 'the upload')
        self.crash()
        self.wait_for(contact, 'delivered', 'read')
        self.assertEqual((len(self.uploads('dood.pdf')), len(self.messages(contact))), (2, 1))

    def test_killed_while_the_message_goes(self):
        """It may have arrived: shown, and never sent again."""
        taken = self.take()
        self.world.standin.delay = 30
        self.world.standin.faults[:] = ['ok', 'timeout']
        contact = self.send(taken, ('net-niet.pdf', hostile.PDF))
        wait_until(lambda: self.messages(contact), 40, 'the message')
        self.crash()
        self.wait_for(contact, 'uncertain')
        self.world.standin.delay = 0.02
        after = self.anna.reply(taken, 'En nog iets')['contact']['id']
        self.wait_for(after, 'delivered', 'read')
        self.assertEqual((len(self.uploads('net-niet.pdf')), len(self.messages(contact))), (1, 1))


class Telegram(FilesTest):
    def test_a_document(self):
        token, secret = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw', 'geheim-van-de-bot'
        self.world.standin.providers['telegram'].accounts = {'dordrecht_bot': {'token': token}}
        answer = self.world.api('PUT', '/v1/inboxes/dordrecht-telegram', 'admin', {
            'municipality': 'dordrecht', 'channel': 'telegram', 'account': 'dordrecht_bot', 'enabled': True,
            'settings': {'base_url': self.world.standin.url + '/telegram'}, 'secrets': {'secret': [secret], 'token': [token]}})
        self.assertIn(answer.status, (200, 201), answer)
        who = {'id': 5001, 'first_name': 'Sanne', 'is_bot': False}
        body = json.dumps({'update_id': 70000, 'message': {
            'message_id': 2, 'from': who, 'chat': who | {'type': 'private'}, 'date': int(time.time()),
            'text': 'Waar vraag ik een rijbewijs aan?'}}).encode()
        headers = {'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': secret}
        wait_until(lambda: self.world.request('POST', '/v1/hooks/dordrecht-telegram', headers, body).status == 200, 30, 'the inbox')
        taken = self.take()
        self.world.standin.faults[:] = ['429']
        contact = self.send(taken, ('Brief.pdf', LARGE), text='Zie\nde brief')
        self.wait_for(contact, 'sent')
        self.assertEqual([(r['fault'], r['wrong'], r['message']) for r in self.received('telegram')], [(fault, None, {
            'chat_id': 5001, 'text': 'Zie\nde brief', 'document': {'name': 'Brief.pdf', 'type': 'application/pdf', 'sha256': sha256(LARGE)}})
            for fault in ('429', 'ok')])


class Nowhere(FilesTest):
    def test_a_channel_that_carries_none(self):
        """Said at once, and what to do instead."""
        x = self.world.standin.providers['x']
        event = x.direct('Waar vraag ik een rijbewijs aan?', '880000000000000043', self.world.account('dordrecht-x'), 1)
        url, body, headers = x.webhook(self.world.account('dordrecht-x'), direct_message_events=[event])
        self.assertEqual(self.world.request('POST', url.removeprefix(self.world.url), headers, body).status, 200)
        taken = self.take()
        errors = self.errors(self.post(taken, self.said(taken), ('f', 'a.pdf', hostile.PDF)))
        self.assertIn('e-mail', errors['attachments'])
        errors = self.errors(self.reply(taken, text='x', attachments=[str(uuid.uuid4())]))
        self.assertEqual(set(errors), {'attachments', 'attachments[0]'})
        self.assertEqual(self.received('x'), [])


if __name__ == '__main__':
    world.main()
