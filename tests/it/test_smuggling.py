#!/usr/bin/env python3
"""test_smuggling.py HTTP_PROBE - requests hidden in requests: to loketd's server directly, through nginx and through
HAProxy, each started from the file we ship in config/proxy.

A request for /smuggled is part of something else in every case. Directly, none may be executed. Through a proxy,
none may be executed that the proxy did not see as a request of its own (it marks those with X-Real-IP). And after
every case others who ask get the answers to their own questions.
"""
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import proxies  # noqa: E402
from http_client import Client, Probe  # noqa: E402
from servers import wait_until  # noqa: E402

PROGRAM = os.environ.get('HTTP_PROBE', '')
S = b'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
OPEN = b'GET /smuggled HTTP/1.1\r\nX: '                    # swallows the next request's first line
CHUNKED = b'Transfer-Encoding: chunked\r\n'
END = b'0\r\n\r\n'


def post(headers, body, path=b'/echo', start=b'POST %s HTTP/1.1\r\nHost: x\r\n'):
    return start % path + headers + b'\r\n' + body


def length(n):
    return b'Content-Length: %d\r\n' % n


def cases():
    """(name, bytes) of every hostile request."""
    # two lengths
    for i, (a, b) in enumerate(((0, len(S)), (len(S), 0), (3, 3 + len(S)))):
        yield f'two lengths {i}', post(length(a) + length(b), b'abc' * (a == 3) + S)
    # lengths that only some read as a number
    for text in (b'+0', b'-0', b'0x0', b'0,%d' % len(S), b'%d,0' % len(S), b'0;', b'', b'0 %d' % len(S), b'0\x0b', b'"0"',
                 b'00000000000', b'1e1', b'18446744073709551616', b'4294967296', b'0_0'):
        yield f'length {text}', post(b'Content-Length: ' + text + b'\r\n', S)
    # a length and chunks, both ways
    yield 'CL.TE', post(length(len(END + S)) + CHUNKED, END + S)
    yield 'TE.CL', post(CHUNKED + length(4), b'%x\r\n' % len(S) + S + b'\r\n' + END)
    yield 'CL.TE, prefix', post(length(len(END + OPEN)) + CHUNKED, END + OPEN)
    # codings that only some know
    for text in (b'xchunked', b'chunked, identity', b'identity', b'gzip', b'gzip, chunked', b'\x0bchunked', b'chunked\x00',
                 b'"chunked"', b'chunked;a=b', b'chunked, chunked', b'cow', b'', b'chun\tked', b'CHUNKED,'):
        yield f'coding {text}, chunks behind', post(b'Transfer-Encoding: ' + text + b'\r\n' + length(len(END + S)), END + S)
        yield f'coding {text}, no length', post(b'Transfer-Encoding: ' + text + b'\r\n', END + S)
    yield 'two codings', post(CHUNKED + b'Transfer-Encoding: identity\r\n' + length(len(END + S)), END + S)
    # names that only some read as Transfer-Encoding or Content-Length
    for name in (b'Transfer-Encoding ', b' Transfer-Encoding', b'\tTransfer-Encoding', b'Transfer_Encoding',
                 b'Transfer-Encoding\x00', b'Transfer-Encoding\x0b', b'X: y\rTransfer-Encoding', b'X: y\nTransfer-Encoding',
                 b'Transfer\xadEncoding', b'Foo\r\n Transfer-Encoding'):
        yield f'name {name}', post(length(len(END + S)) + name + b': chunked\r\n', END + S)
    yield 'name Content-Length blank', post(b'Content-Length : 0\r\n', S)
    yield 'value on a folded line', post(length(len(END + S)) + b'Transfer-Encoding:\r\n chunked\r\n', END + S)
    # methods without a body, with one
    for method in (b'HEAD', b'OPTIONS', b'TRACE', b'FOO', b'GET', b'DELETE', b'CONNECT', b'SEARCH', b'get'):
        yield f'{method} with a body', post(length(len(S)), S, start=method + b' %s HTTP/1.1\r\nHost: x\r\n')
        yield f'{method} with chunks', post(CHUNKED, b'%x\r\n' % len(S) + S + b'\r\n' + END,
                                            start=method + b' %s HTTP/1.1\r\nHost: x\r\n')
    # chunks that only some can count
    n = b'%x' % len(S)
    for size in (b'0x0', b'+0', b'-0', b'0 junk', b'0;\n', b'0\n', b'0\r', b' 0', b'0 ', b'00000000000000000', b'10000000000000000',
                 b'ffffffffffffffff', b'0;a="\r\n', b'0;' + b'a' * 20000, b'g', b''):
        yield f'chunk size {size[:20]}', post(CHUNKED, size + b'\r\n\r\n' + S)
    yield 'chunk without its end', post(CHUNKED, b'3\r\nabc' + END + S)
    yield 'chunk with a bare end', post(CHUNKED, b'3\r\nabc\n' + END + S)
    yield 'chunk longer than said', post(CHUNKED, b'3\r\nabcdef\r\n' + END + S)
    yield 'chunk extension holds a request', post(CHUNKED, n + b';x\n' + S + b'\r\n' + S + b'\r\n' + END)
    yield 'trailer with a length', post(CHUNKED, b'0\r\nContent-Length: %d\r\n\r\n' % len(S) + S)
    yield 'trailer holds a request', post(CHUNKED, b'0\r\n' + S)
    # line ends, folds, hosts
    yield 'bare LF', b'POST /echo HTTP/1.1\nHost: x\nContent-Length: 0\n\n' + S
    yield 'bare LF ends the head', b'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\n' % len(S) + S
    yield 'bare CR', b'POST /echo HTTP/1.1\rHost: x\rContent-Length: 0\r\r' + S
    yield 'CR CR LF', b'POST /echo HTTP/1.1\r\r\nHost: x\r\r\nContent-Length: 0\r\r\n\r\r\n' + S
    yield 'fold hides a length', post(b'X: a\r\n Content-Length: 0\r\n', S)
    yield 'two hosts', post(b'Host: y\r\n' + length(len(S)), S)
    yield 'no host', b'POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n' % len(S) + S
    yield 'empty name', post(b': x\r\n' + length(len(S)), S)
    yield 'no colon', post(b'junk\r\n' + length(len(S)), S)
    yield 'NUL in a value', post(b'X-Probe: a\x00b\r\n' + length(len(S)), S)
    # versions and targets
    for version in (b'HTTP/1.9999', b'HTTP/0.9', b'HTTP/2.0', b'HTTP/1.0', b'HTTP/1.1 HTTP/1.1', b'HTTP/1'):
        yield f'version {version}', post(CHUNKED + length(len(END + S)), END + S,
                                         start=b'POST %s ' + version + b'\r\nHost: x\r\n')
    yield 'version 0.9, no headers', b'GET /\r\n' + b'x'
    for target in (b'/echo\r\nX: y', b'/e cho', b'http://y/echo', b'/echo\x00', b'*', b'echo', b'/\techo'):
        yield f'target {target}', post(length(len(S)), S, path=target)
    # hop-by-hop tricks, other protocols, expectations
    for name in (b'Content-Length', b'Transfer-Encoding', b'Host'):
        yield f'Connection: {name}', post(b'Connection: keep-alive, ' + name + b'\r\n' + length(len(S)), S)
    yield 'Connection: Transfer-Encoding, chunks', post(b'Connection: Transfer-Encoding\r\n' + CHUNKED, n + b'\r\n' + S + b'\r\n' + END)
    yield 'upgrade with a body', post(b'Connection: Upgrade\r\nUpgrade: websocket\r\n' + length(len(S)), S)
    yield 'h2c', post(b'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n' + length(len(S)), S)
    for path in (b'/missing', b'/method', b'/small', b'/echo'):
        yield f'{path} with a body it does not read', post(length(len(S) + 2000), S + b'x' * 2000, path=path)
        yield f'{path} expects', post(b'Expect: 100-continue\r\n' + length(len(S)), S, path=path)
    yield 'another expectation', post(b'Expect: x\r\n' + length(len(S)), S)
    yield 'headers beyond the limit', post(b'X: ' + b'a' * 40000 + b'\r\n' + length(len(S)), S)
    yield 'target beyond the limit', post(length(len(S)), S, path=b'/' + b'a' * 40000)


CASES = list(cases())


class Smuggling:
    """The cases, against self.connect()."""
    direct = False

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        try:
            s.connect(self.path)
        except OSError:
            s.close()
            raise
        return Client(s)

    def hear(self, client):
        """Listen until there is silence or an end; what it answers does not matter."""
        client.s.settimeout(0.05)
        try:
            while client.more():
                pass
        except OSError:
            pass

    def bystander(self, name):
        """Somebody else's two requests get their own answers."""
        with self.connect() as c:
            for i in range(2):
                a = c.ask(b'GET /by%d HTTP/1.1\r\nHost: x\r\nX-Probe: %d\r\n\r\n' % (i, i))
                self.assertIsNotNone(a, name)
                self.assertEqual(a.body.split(b'|')[:4], [b'GET', b'/by%d' % i, b'', b'%d' % i], name)

    def test_enough(self):
        self.assertGreaterEqual(len(CASES), 60)
        self.assertEqual(len(CASES), len({name for name, _ in CASES}))

    def test_hidden_requests_are_not_executed(self):
        for name, data in CASES:
            with self.subTest(name), self.connect() as c:
                c.send(data)
                self.hear(c)
                stats = self.probe.stats()
                self.assertEqual(stats['smuggled'], 0, name)
                if self.direct:
                    self.assertEqual(stats['second'], 0, name)
        self.bystander('the end')
        time.sleep(0.3)
        self.assertEqual(self.probe.stats()['smuggled'], 0, 'executed late')

    def test_others_are_not_disturbed(self):
        for name, data in CASES[::3]:
            with self.subTest(name), self.connect() as c:
                c.send(data)
                self.bystander(name)
        self.assertEqual(self.probe.stats()['smuggled'], 0)

    def test_in_small_pieces(self):
        for name, data in CASES[::5]:
            if len(data) > 3000:
                continue
            with self.subTest(name), self.connect() as c:
                for i in range(0, len(data), 37):
                    c.send(data[i:i + 37])
                self.hear(c)
        self.assertEqual(self.probe.stats()['smuggled'], 0)

    def test_the_mark_itself(self):
        """The control: a second request that is really one is executed, and counted where it should be."""
        with self.connect() as c:
            c.send(b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n' + S)
            self.assertEqual([c.answer().status, c.answer().status], [200, 200])
        stats = self.probe.stats()
        self.assertEqual((stats['smuggled'], stats['second']), (1, 0) if self.direct else (0, 1))


class Direct(Smuggling, unittest.TestCase):
    direct = True

    def setUp(self):
        self.probe = Probe(PROGRAM)
        self.path = self.probe.path

    def tearDown(self):
        self.assertEqual(self.probe.close(), 0)


class Proxied(Smuggling):
    """Behind the shipped sample (proxies.py)."""

    def setUp(self):
        if not self.proxy.find():
            self.skipTest(self.proxy.program + ' is not installed')
        self.probe = Probe(PROGRAM)
        self.folder = pathlib.Path(self.probe.folder)
        self.path = str(self.folder / 'front')
        self.running = self.proxy(self.folder, self.probe.path, self.path).start()
        try:
            wait_until(self.answers, 10, self.proxy.program)
        except AssertionError:
            print(self.running.log.read_text())
            self.running.stop()
            self.probe.close()
            raise

    def answers(self):
        try:
            with self.connect() as c:
                return c.ask(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n').status == 200
        except OSError:
            return False

    def tearDown(self):
        self.running.stop()
        self.assertEqual(self.probe.close(), 0)

    def test_claims_about_the_sender_are_not_passed_on(self):
        for claim in (b'X-Real-IP: 192.0.2.7\r\n', b'x-real-ip: 192.0.2.7\r\nX-Real-IP: 192.0.2.8\r\n'):
            with self.connect() as c:
                a = c.ask(b'GET / HTTP/1.1\r\nHost: x\r\n' + claim + b'\r\n')
            self.assertNotIn(b'192.0.2', a.body)

    def test_events_pass_at_once_and_streams_end(self):
        with self.connect() as c:
            c.send(b'GET /v1/me/events HTTP/1.1\r\nHost: x\r\n\r\n')
            c.s.settimeout(1)
            while b':\n\n' not in c.buffer:
                self.assertTrue(c.more())
            self.assertEqual(self.probe.stats()['streams'], 1)
        self.assertTrue(self.probe.wait_for('ended', 1))     # HAProxy: at the next heartbeat

    def test_the_file_as_shipped(self):
        key, both = self.folder / 'key.pem', self.folder / 'both.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=x', '-keyout',
                        str(key), '-out', str(both)], check=True, capture_output=True)
        both.write_text(both.read_text() + key.read_text())
        text = self.proxy.text()
        for name in ('fullchain.pem', 'key.pem', 'both.pem'):
            text = text.replace('/etc/ssl/loket/' + name, str(key if name == 'key.pem' else both))
        text = text.replace('/run/nginx.pid', str(self.folder / 'pid2')).replace('/var/log/nginx', str(self.folder))
        shipped = self.folder / 'shipped'
        shipped.write_text(text)
        done = subprocess.run([*self.check, str(shipped)], capture_output=True, text=True, check=False,
                              env=os.environ | {'PATH': os.environ['PATH'] + ':/usr/sbin'})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn('warn', (done.stdout + done.stderr).lower())


class Nginx(Proxied, unittest.TestCase):
    proxy, check = proxies.Nginx, ['nginx', '-t', '-q', '-c']


class HAProxy(Proxied, unittest.TestCase):
    proxy, check = proxies.HAProxy, ['haproxy', '-c', '-f']


if __name__ == '__main__':
    if len(sys.argv) > 1 and os.access(sys.argv[1], os.X_OK):
        PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=1)
