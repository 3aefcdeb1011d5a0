#!/usr/bin/env python3
"""Attachments: fetched, looked at, scanned, handed out; and everything that a provider or a citizen may try against it."""
import hashlib
import http.client
import io
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import hostile  # noqa: E402
import world  # noqa: E402
from servers import FETCHER, wait_until  # noqa: E402

people = itertools.count(31640000001)
MIB = 1 << 20
SETTLED = ('stored', 'refused', 'failed')


def trap_on(address, port):
    """A listener where nobody may come; None where this account may not listen."""
    try:
        return hostile.Trap(address, port).start()
    except OSError:
        return None


class AttachmentTest(world.LoketTest):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.media = hostile.Media(world.STANDIN_TOKEN).start()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='loket-media.'))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.stranger = hostile.Stranger(cls.folder).start()
        cls.addClassCleanup(cls.stranger.close)
        cls.allow = [cls.media.address, cls.stranger.address]
        super().setUpClass()
        cls.world.psql("update loket.inbox set settings = settings || jsonb_build_object('base_url', %s::text, 'media_hosts', "
                       "array['localhost', '127.0.0.1', '::1', '169.254.169.254', '10.0.0.1', '::ffff:127.0.0.1', '.internal']) "
                       "where channel = 'whatsapp'", [cls.media.url + '/v23.0'])
        cls.world.restart()     # with what the inbox is now

    @classmethod
    def tearDownClass(cls):
        cls.media.hold.set()
        try:
            super().tearDownClass()
        finally:
            cls.media.close()

    def send(self, media_id, kind='image', mime='image/jpeg', **more):
        """A WhatsApp message with media; the contact's id."""
        provider_id = f'wamid.MEDIA{uuid.uuid4().hex}'
        media = {'id': media_id, 'mime_type': mime, 'sha256': 'xFxV6mCcaPXiRYbJ0HnGCgPNGrjMOIRwLGNXBTx7eJ4=', **more}
        self.world.hook_whatsapp(message={'type': kind, kind: media}, message_id=provider_id, wa_id=str(next(people)))
        return self.world.value('select id::text from loket.contact where provider_id = %s', [provider_id])

    def shown(self, contact, token='lead'):
        answer = self.world.api('GET', f'/v1/contacts/{contact}', token)
        self.assertEqual(answer.status, 200, answer)
        return answer.json['attachments'][0]

    def wait_for(self, contact, *states, timeout=40):
        try:
            wait_until(lambda: self.shown(contact)['state'] in states, timeout, 'it')
        except AssertionError:
            self.fail(f'{self.shown(contact)}, not {states}')
        return self.shown(contact)

    def path(self, contact, attachment=None):
        return f"/v1/contacts/{contact}/attachments/{(attachment or self.shown(contact))['id']}"

    def get(self, contact, token='lead'):
        return self.world.api('GET', self.path(contact), token)

    def quarantine(self):
        return sorted(p.name for p in (self.world.dir / 'state/quarantine').iterdir())

    def rss(self):
        text = pathlib.Path(f'/proc/{self.world.process.pid}/status').read_text()
        return int(text.split('VmRSS:')[1].split()[0]) * 1024


class StandIn(world.LoketTest):
    """As the demo does it: the provider's stand-in looks at path and token of both requests."""

    def test_whatsapp(self):
        self.world.hook_whatsapp(message={'type': 'image', 'image': {'id': '1166846181421424', 'mime_type': 'image/png'}},
                                 wa_id='31640999999', message_id='wamid.STANDINMEDIA')
        contact = self.world.value("select id::text from loket.contact where provider_id = 'wamid.STANDINMEDIA'")

        def shown():
            return self.world.api('GET', f'/v1/contacts/{contact}', 'lead').json['attachments'][0]
        wait_until(lambda: shown()['state'] in SETTLED, 20, 'it')
        self.assertEqual(('stored', 'image/png'), (shown()['state'], shown()['mediaType']), shown())
        asked = [r for r in self.world.standin.received if 'media' in (r['message'] or {})]
        self.assertEqual([(None, False), (None, True)], [(r['wrong'], r['message']['file']) for r in asked])


class Story(AttachmentTest):
    def test_photo(self):
        """A photo comes in, an agent sees that it is there and opens it; who looked is recorded."""
        self.media.files['photo'] = hostile.PNG
        contact = self.send('photo', filename='../../mijn "foto".jpg', kind='document')
        a = self.wait_for(contact, *SETTLED)
        digest = hashlib.sha256(hostile.PNG).hexdigest()
        self.assertEqual(('stored', 'image/png', len(hostile.PNG), digest), (a['state'], a['mediaType'], a['bytes'], a['sha256']))
        self.assertNotIn('providerRef', a)
        answer = self.get(contact)
        self.assertEqual((200, hostile.PNG), (answer.status, answer.body))
        self.assertEqual('attachment; filename="mijn_foto.png"', answer.headers['Content-Disposition'])
        self.assertEqual('image/png', answer.headers['Content-Type'])
        self.assertEqual('nosniff', answer.headers['X-Content-Type-Options'])
        self.assertIn('sandbox', answer.headers['Content-Security-Policy'])
        self.assertEqual('no-store', answer.headers['Cache-Control'])
        self.assertEqual(1, self.world.value("select count(*) from loket.access_log where action = 'attachment.read' and "
                                             'object_id = %s', [a['id']]))
        kept = self.world.dir / 'state/files' / digest[:2] / digest
        wait_until(kept.exists, 10, 'it to leave quarantine')       # after the row says that it may
        self.assertEqual(hostile.PNG, kept.read_bytes())
        self.assertEqual(0o600, kept.stat().st_mode & 0o777)
        self.assertNotIn(a['id'], self.quarantine())
        self.assertEqual(404, self.world.api('GET', self.path(contact), 'gijs').status)     # of another municipality
        self.assertEqual(404, self.world.api('GET', f"/v1/contacts/{contact}/attachments/{uuid.uuid4()}", 'lead').status)
        self.assertEqual(404, self.world.api('GET', f"/v1/contacts/{contact}/attachments/x", 'lead').status)
        self.assertEqual(409, self.world.api('POST', self.path(contact) + '/retry', 'lead', {}).status)

    def test_the_stream_tells(self):
        self.media.files['told'] = hostile.PDF
        stream = self.world.events('lead')
        contact = self.send('told')
        told = stream.wait('case.changed', lambda d: d.get('event') == 'attachment' and d['contact']['id'] == contact, timeout=30)
        self.assertEqual('stored', told['attachment']['state'])

    def test_a_form_takes_the_same_way(self):
        for content, name, state in [(hostile.PDF, 'brief.pdf', 'stored'), (b'MZ' + bytes(200), 'brief.pdf', 'refused')]:
            b = uuid.uuid4().hex.encode()
            body = (b'--' + b + b'\r\nContent-Disposition: form-data; name="bericht"\r\n\r\nZie bijlage\r\n--' + b +
                    b'\r\nContent-Disposition: form-data; name="bijlage"; filename="' + name.encode() + b'"\r\n'
                    b'Content-Type: application/pdf\r\n\r\n' + content + b'\r\n--' + b + b'--\r\n')
            answer = self.world.hook('dordrecht-webform', body, 'multipart/form-data; boundary=' + b.decode())
            self.assertEqual(201, answer.status, answer)
            contact = self.world.value('select c.id::text from loket.contact c join loket.case_file f on f.id = c.case_id '
                                       'where f.reference = %s', [answer.json['reference']])
            self.assertEqual(state, self.wait_for(contact, *SETTLED)['state'])
            self.assertEqual(200 if state == 'stored' else 409, self.get(contact).status)

    def post_form(self, *parts, who='anna', **headers):
        """POST /v1/contacts as a form: parts are (name, filename or None, content)."""
        body = b''.join(b'--b\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
                        + (b'; filename="' + filename.encode() + b'"' if filename else b'') + b'\r\n\r\n' + content + b'\r\n'
                        for name, filename, content in parts) + b'--b--\r\n'
        return self.world.api('POST', '/v1/contacts', who, body, headers={'Content-Type': 'multipart/form-data; boundary=b'} | headers)

    def test_an_agent_adds_a_letter_to_a_case(self):
        case = self.world.value('select case_id::text from loket.contact where id = %s', [self.send('photo', kind='document')])
        said = json.dumps({'municipality': 'dordrecht', 'channel': 'counter', 'case': case, 'text': 'Brief van de huisbaas'}).encode()
        for _ in range(2):
            answer = self.post_form(('json', None, said), ('brief', 'brief.png', hostile.PNG), ('x', '../../b.html', b'<html><script>'),
                                    **{'Idempotency-Key': f'letter-{case}'})
            self.assertEqual((answer.status, answer.json['case']['id']), (201, case), answer)
        contact = answer.json['contact']
        self.assertEqual((contact['text'], contact['agent'], contact['channel']), ('Brief van de huisbaas', self.world.api('GET', '/v1/me', 'anna').json['agent']['id'], 'counter'))
        self.assertEqual([a['name'] for a in contact['attachments']], ['brief.png', 'b.html'])
        self.assertEqual(self.wait_for(contact['id'], *SETTLED)['state'], 'stored')
        self.assertEqual(self.get(contact['id'], 'anna').body, hostile.PNG)
        shown = next(c for c in self.world.api('GET', f'/v1/cases/{case}', 'lead').json['contacts'] if c['id'] == contact['id'])
        wait_until(lambda: self.world.api('GET', f"/v1/contacts/{contact['id']}", 'lead').json['attachments'][1]['state'] == 'refused', 40, 'the page')
        self.assertEqual(len(shown['attachments']), 2)
        # a file says enough
        only = json.dumps({'municipality': 'dordrecht', 'channel': 'counter', 'case': case}).encode()
        self.assertEqual(self.post_form(('json', None, only), ('f', 'f.png', hostile.PNG)).json['contact']['kind'], 'media')

    def test_forms_that_are_refused(self):
        said = json.dumps({'municipality': 'dordrecht', 'channel': 'counter', 'text': 'x'}).encode()
        file = ('f', 'f.txt', b'x')
        for parts, status in (((file,), 422), ((('json', None, said), ('json', None, said), file), 422), ((('json', None, b'{'), file), 400),
                              ((('json', None, b'[]'), file), 400), ((('json', None, said), ('anders', None, b'x')), 400),
                              ((('json', None, b'{"nope": 1}'), file), 400), ((('json', None, b'{}'),), 422)):
            answer = self.post_form(*parts)
            self.assertEqual(answer.status, status, (parts, answer))
        elsewhere = json.dumps({'municipality': 'sliedrecht', 'channel': 'whatsapp', 'text': 'x'}).encode()
        self.assertEqual(self.post_form(('json', None, elsewhere), file).status, 403)
        many = [('f', f'{n}.txt', b'x') for n in range(30)]
        self.assertEqual(self.post_form(('json', None, said), *many).status, 413)
        answer = self.world.api('POST', '/v1/contacts', 'anna', {'municipality': 'dordrecht', 'channel': 'counter', 'text': 'x' * 300000})
        self.assertEqual(answer.status, 413)
        answer = self.world.api('POST', '/v1/contacts', 'anna', b'--b\r\n', headers={'Content-Type': 'multipart/form-data; boundary=b'})
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.world.api('POST', '/v1/contacts', 'anna', b'x', headers={'Content-Type': 'text/plain'}).status, 415)

    def test_taken_back(self):
        """A message that its sender took back has no attachments, and the sweep finds their files."""
        self.media.files['back'] = content = hostile.PDF + b'% back\n'
        contact = self.send('back')
        a = self.wait_for(contact, *SETTLED)
        path = self.path(contact, a)
        provider_id = self.world.value('select provider_id from loket.contact where id = %s', [contact])
        self.world.hook_whatsapp(message={'type': 'revoke', 'revoke': {'original_message_id': provider_id}})
        wait_until(lambda: self.world.api('GET', path, 'lead').status == 404, 10, 'it to be gone')
        digest = hashlib.sha256(content).hexdigest()
        kept = self.world.dir / 'state/files' / digest[:2] / digest
        wait_until(kept.exists, 10, 'it to leave quarantine')
        old = time.time() - 7200
        os.utime(kept, (old, old))
        lost = self.world.dir / 'state/quarantine' / str(uuid.uuid4())
        lost.write_bytes(b'of nobody')
        os.utime(lost, (old, old))
        self.world.restart()                # begins with the quarantine
        wait_until(lambda: not lost.exists(), 15, 'the draft of nobody to go')
        wait_until(lambda: not kept.exists(), 60, 'the file that nobody needs to go')

    def test_large_and_slow_reader(self):
        """A large file goes out as fast as it is read, and the daemon keeps nothing of it."""
        self.media.files['large'] = content = hostile.PDF + random.Random(1).randbytes(24 * MIB)
        contact = self.send('large')
        self.assertEqual('stored', self.wait_for(contact, *SETTLED)['state'])
        self.assertEqual(len(content), len(self.get(contact).body))
        before = self.rss()
        connection = http.client.HTTPConnection('127.0.0.1', self.world.port, timeout=60)
        connection.request('GET', self.path(contact), headers={'Authorization': 'Bearer ' + world.TOKENS['lead']})
        answer = connection.getresponse()
        digest = hashlib.sha256(answer.read(100))
        self.assertLess(self.rss() - before, 5 * MIB)
        self.assertEqual(200, self.world.request('GET', '/livez').status)
        digest.update(answer.read())
        connection.close()
        self.assertEqual(hashlib.sha256(content).hexdigest(), digest.hexdigest())
        # who leaves halfway leaves nothing open
        files, digest_of_large = pathlib.Path(f'/proc/{self.world.process.pid}/fd'), digest.hexdigest()

        def large_open():
            return [f for f in files.iterdir() if f.is_symlink() and digest_of_large in str(f.resolve())]
        connection.request('GET', self.path(contact), headers={'Authorization': 'Bearer ' + world.TOKENS['lead']})
        connection.getresponse().read(100)
        self.assertEqual(1, len(large_open()))
        connection.close()
        wait_until(lambda: not large_open(), 10, 'the file to be closed')


class Corpus(AttachmentTest):
    config = 'attachments {\n attachment_max_bytes = 8388608\n attachment_seconds = 12\n attachment_attempts = 1\n}'
    environment = {'ASAN_OPTIONS': 'detect_leaks=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64'}

    def test_hostile(self):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, 'w', zipfile.ZIP_DEFLATED) as z:
            for i in range(10):
                z.writestr(f'{i}.txt', bytes(10 * MIB))
        self.media.files |= {'zipbomb': bomb.getvalue(), 'script': b'#!/bin/sh\nrm -rf /\n',
                             'page': b'<!DOCTYPE html><html><script>alert(1)</script></html>',
                             'svg': b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
                             'program': b'MZ' + bytes(58) + b'\x40\0\0\0PE\0\0' + bytes(200), 'empty': b'',
                             'zeros': bytes(7 * MIB)}
        traps = [t for t in [trap_on('127.0.0.1', 443), trap_on('::1', 443), trap_on('127.0.0.1', 0), trap_on('127.0.0.2', 0)] if t]
        other = f'127.0.0.1:{traps[-2].port}'
        redirects = {
            'toloopback': 'https://127.0.0.1/', 'toname': 'https://localhost/', 'tosix': 'https://[::1]/',
            'tomapped': 'https://[::ffff:127.0.0.1]/', 'tonumber': 'https://2130706433/', 'tohex': 'https://0x7f.1/',
            'tometadata': 'https://169.254.169.254/latest/meta-data/', 'toprivate': 'https://10.0.0.1/',
            'toport': f'http://{other}/', 'tootherlo': f'http://127.0.0.2:{traps[-1].port}/', 'tofile': 'file:///etc/passwd',
            'togopher': f'gopher://{other}/', 'touser': f'https://x@localhost:{traps[-2].port}/', 'toftp': f'ftp://{other}/',
            'toelsewhere': 'https://example.org/', 'toplain': 'http://localhost/'}
        for name, location in redirects.items():
            self.media.redirect(name, location)
            self.media.elsewhere['direct' + name] = location
        self.media.elsewhere['long'] = 'https://localhost/' + 'x' * 60000
        once = ['zipbomb', 'script', 'page', 'svg', 'program', 'empty', 'zeros', 'endless', 'lies', 'drip', 'gzipped', 'transfer',
                'loop', 'headers', 'cut', 'gone', 'broken', 'long', *redirects, *('direct' + r for r in redirects)]
        self.media.files['warm'] = hostile.PDF
        for _ in range(3):
            self.assertEqual('stored', self.wait_for(self.send('warm'), *SETTLED)['state'])
        before = self.rss()
        sent = {name: self.send(name) for name in once}
        for name, contact in sent.items():
            with self.subTest(name):
                a = self.wait_for(contact, *SETTLED, timeout=120)
                self.assertIn(a['state'], ('refused', 'failed'))
                self.assertTrue(a['why'])
                answer = self.get(contact)
                self.assertEqual((409, 'application/problem+json'), (answer.status, answer.headers['Content-Type']))
                self.assertIn(a['state'], answer.json['detail'])
        self.assertEqual([0] * len(traps), [t.connections for t in traps])
        for t in traps:
            t.close()
        why = {name: (a['state'], a['why']) for name, a in ((n, self.shown(c)) for n, c in sent.items())}
        kind = ('refused', 'this kind of file is not taken')
        large = ('failed', 'larger than attachment_max_bytes')
        inside, not_listed = ('failed', 'the address is not public'), ('failed', 'the provider points to a place that is not on the list')
        packed = ('failed', 'the provider sent it compressed')
        for name, want in {'zipbomb': kind, 'script': kind, 'page': kind, 'svg': kind, 'program': kind, 'zeros': kind,
                           'empty': ('refused', 'it is empty'), 'endless': large, 'lies': large, 'gzipped': packed,
                           'transfer': packed, 'drip': ('failed', 'the provider was too slow'),
                           'loop': ('failed', 'the provider points on and on'),
                           'gone': ('failed', 'the provider has it no more'), 'long': ('failed', 'its address is too long'), 'toloopback': inside, 'toname': inside,
                           'tosix': inside, 'tomapped': inside, 'tonumber': inside, 'tohex': inside, 'tometadata': inside,
                           'toprivate': inside, 'directtoname': inside, 'directtometadata': inside, 'toport': not_listed,
                           'tootherlo': not_listed, 'tofile': not_listed, 'togopher': not_listed, 'toftp': not_listed,
                           'toelsewhere': not_listed, 'toplain': not_listed}.items():
            self.assertEqual(want, why[name], name)
        grown = self.rss() - before
        print(f'# loketd grew by {grown // 1024} KiB; {len(traps)} traps', file=sys.stderr)
        self.assertLess(grown, 5 * MIB)
        # credentials went to the first host only, and nothing asks for compression
        self.assertFalse([h for _, h in self.media.asked if 'accept-encoding' in h])
        # drafts of what failed are gone; what was refused is kept, out of reach
        refused = sorted(self.shown(c)['id'] for c in sent.values() if self.shown(c)['state'] == 'refused')
        wait_until(lambda: self.quarantine() == refused, 10, 'the drafts of what failed to go')
        self.assertIn('fetcher.sandbox what=rlimit', self.world.log())
        self.assertEqual(200, self.world.request('GET', '/livez').status)


class Again(AttachmentTest):
    config = 'attachments {\n attachment_seconds = 60\n attachment_attempts = 3\n}'

    def test_failed_is_shown_and_tried_again(self):
        contact = self.send('later')
        a = self.wait_for(contact, *SETTLED)
        self.assertEqual(('failed', 'the provider has it no more'), (a['state'], a['why']))
        self.assertEqual(403, self.world.api('POST', self.path(contact) + '/retry', 'integration', {}).status)
        self.assertEqual(404, self.world.api('POST', self.path(contact) + '/retry', 'gijs', {}).status)
        self.media.files['later'] = hostile.PDF
        answer = self.world.api('POST', self.path(contact) + '/retry', 'lead', {})
        self.assertEqual((202, 'pending'), (answer.status, answer.json['attachment']['state']))
        self.assertNotIn('why', answer.json['attachment'])
        self.assertEqual('stored', self.wait_for(contact, *SETTLED)['state'])

    def test_by_itself(self):
        """What may be different the next time is tried again, three times here."""
        contact = self.send('broken-1')
        a = self.wait_for(contact, *SETTLED)
        self.assertEqual(('failed', 'the provider refused'), (a['state'], a['why']))
        self.assertEqual(3, len([p for p, _ in self.media.asked if p == '/file/broken-1']))

    def test_certificate(self):
        """https is spoken within the sandbox, and who it is with matters."""
        self.media.elsewhere['stranger'] = f'https://{self.stranger.address}/'
        a = self.wait_for(self.send('stranger'), *SETTLED)
        self.assertEqual(('failed', 'the provider could not be reached, or broke off'), (a['state'], a['why']))
        self.assertEqual({'TLSV1_ALERT_UNKNOWN_CA'}, set(self.stranger.errors))

    def fetchers(self):
        found = subprocess.run(['pgrep', '-P', str(self.world.process.pid)], check=False, capture_output=True, text=True)
        return [int(p) for p in found.stdout.split()]

    def hold(self):
        self.media.hold.clear()
        self.media.held.clear()
        contact = self.send('held')
        self.assertTrue(self.media.held.wait(60))
        self.assertEqual('fetching', self.shown(contact)['state'])
        return contact

    def test_fetcher_dies(self):
        contact = self.hold()
        for pid in self.fetchers():
            os.kill(pid, signal.SIGKILL)
        self.media.hold.set()
        self.assertEqual('stored', self.wait_for(contact, *SETTLED)['state'])
        self.assertEqual(hostile.PDF, self.get(contact).body)
        wait_until(lambda: not self.quarantine(), 10, 'it to leave quarantine')

    def test_daemon_dies(self):
        contact = self.hold()
        left = self.fetchers()
        self.world.kill9()
        self.media.hold.set()
        self.world.start()
        self.assertEqual('stored', self.wait_for(contact, *SETTLED)['state'])
        self.assertEqual(hostile.PDF, self.get(contact).body)
        wait_until(lambda: not self.quarantine(), 10, 'it to leave quarantine')
        wait_until(lambda: not any(pathlib.Path(f'/proc/{pid}').exists() for pid in left), 15, 'the old fetchers to end')

    def test_stop_does_not_wait(self):
        contact = self.hold()
        began = time.time()
        self.assertEqual(0, self.world.stop())
        self.assertLess(time.time() - began, 50)            # the fetcher may take a minute
        self.media.hold.set()
        self.world.start()
        self.assertEqual('stored', self.wait_for(contact, *SETTLED)['state'])


@unittest.skipUnless(shutil.which('systemd-socket-activate'), 'systemd is not installed')
class BySystemd(AttachmentTest):
    """loketd-fetch as its units run it: one for each connection to a socket."""

    @classmethod
    def setUpClass(cls):
        cls.socket = f'/tmp/loket-fetch-{os.getpid()}.sock'
        cls.config = f'attachments {{\n fetcher = "unix:{cls.socket}"\n}}'
        super().setUpClass()

    def test_socket(self):
        self.media.files['socket'] = hostile.PDF
        contact = self.send('socket')
        wait_until(lambda: self.shown(contact).get('why'), 20, 'the first try')
        self.assertEqual(('pending', 'loketd-fetch is not there'), (self.shown(contact)['state'], self.shown(contact)['why']))
        listener = subprocess.Popen(['systemd-socket-activate', '--seqpacket', '--accept', '--inetd', '-l', self.socket, FETCHER],
                                    stderr=subprocess.DEVNULL, env={'PATH': '/usr/bin:/bin'})
        try:
            self.assertEqual('stored', self.wait_for(contact, *SETTLED)['state'])
            self.assertEqual(hostile.PDF, self.get(contact).body)
        finally:
            listener.kill()
            listener.wait()
            os.unlink(self.socket)


class Scanned(AttachmentTest):
    @classmethod
    def setUpClass(cls):
        cls.socket = f'/tmp/loket-clamd-{os.getpid()}.sock'
        cls.config = f'attachments {{\n clamd_socket = "{cls.socket}"\n}}'
        super().setUpClass()

    def test_scanner(self):
        """Without the scanner it waits, visibly; with it, what is clean is stored and what is not is refused."""
        self.media.files |= {'clean': hostile.PDF, 'eicar': hostile.EICAR, 'hidden': hostile.PDF + hostile.EICAR}
        waiting = self.send('clean')
        wait_until(lambda: self.shown(waiting).get('why'), 20, 'the scan')
        a = self.shown(waiting)
        self.assertEqual(('quarantined', 'the virus scanner does not answer', 'application/pdf'),
                         (a['state'], a['why'], a['mediaType']))
        self.assertEqual(409, self.get(waiting).status)
        self.assertIn('quarantined', self.get(waiting).json['detail'])
        clamd = hostile.Clamd(self.socket).start()
        try:
            self.assertEqual('stored', self.wait_for(waiting, *SETTLED)['state'])
            self.assertEqual(hostile.PDF, self.get(waiting).body)
            for name in ('eicar', 'hidden'):
                contact = self.send(name)
                a = self.wait_for(contact, *SETTLED)
                self.assertEqual(('refused', 'the virus scanner found Eicar-Signature'), (a['state'], a['why']))
                self.assertEqual(409, self.get(contact).status)
            self.assertEqual([len(hostile.PDF), len(hostile.EICAR), len(hostile.PDF + hostile.EICAR)], clamd.scanned)
        finally:
            clamd.close()
            os.unlink(self.socket)


@unittest.skipUnless(shutil.which('clamd', path='/usr/sbin:/usr/bin'), 'clamav-daemon is not installed')
class RealScanner(AttachmentTest):
    """clamd itself, with a database of one signature."""

    @classmethod
    def setUpClass(cls):
        cls.clamav = pathlib.Path(tempfile.mkdtemp(prefix='loket-clamd.'))
        cls.addClassCleanup(shutil.rmtree, cls.clamav)
        (cls.clamav / 'test.ndb').write_text(f'Test.Eicar:0:*:{hostile.EICAR.hex()}\n')
        (cls.clamav / 'clamd.conf').write_text(f'DatabaseDirectory {cls.clamav}\nLocalSocket {cls.clamav}/s\nForeground yes\n'
                                               'StreamMaxLength 1M\n')
        cls.clamd = subprocess.Popen(['/usr/sbin/clamd', '-c', cls.clamav / 'clamd.conf'], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.clamd.wait)
        cls.addClassCleanup(cls.clamd.kill)
        wait_until((cls.clamav / 's').exists, 60, 'clamd')
        cls.config = f'attachments {{\n clamd_socket = "{cls.clamav}/s"\n}}'
        super().setUpClass()

    def test_eicar(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as z:      # a document, as far as libmagic looks
            z.writestr(zipfile.ZipInfo('mimetype'), 'application/vnd.oasis.opendocument.text', zipfile.ZIP_STORED)
            z.writestr('content.xml', hostile.EICAR)
        self.media.files |= {'clean': hostile.PDF, 'eicar': hostile.EICAR, 'packed': packed.getvalue(),
                             'large': hostile.PDF + random.Random(2).randbytes(3 * MIB)}
        self.assertEqual('stored', self.wait_for(self.send('clean'), *SETTLED)['state'])
        for name in ('eicar', 'packed'):
            a = self.wait_for(self.send(name), *SETTLED)
            self.assertEqual(('refused', 'the virus scanner found Test.Eicar.UNOFFICIAL'), (a['state'], a['why']), name)
        a = self.wait_for(self.send('large'), *SETTLED)
        self.assertEqual(('refused', 'larger than the virus scanner takes'), (a['state'], a['why']))


if __name__ == '__main__':
    world.main()
