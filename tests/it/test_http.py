#!/usr/bin/env python3
"""test_http.py HTTP_PROBE - daemon/http.c as clients meet it; E1-E19 are those of the reliability study."""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
from http_client import Probe  # noqa: E402

PROGRAM = os.environ.get('HTTP_PROBE', '')
GET = b'GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n'
SECOND = b'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'


def get(path, headers=b''):
    return GET % (path, headers)


def post(path, body=b'', headers=None):
    if headers is None:
        headers = b'Content-Length: %d\r\n' % len(body)
    return b'POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s' % (path, headers, body)


class Case(unittest.TestCase):
    limits = {}

    def setUp(self):
        self.probe = Probe(PROGRAM, **self.limits)

    def tearDown(self):
        self.assertEqual(self.probe.close(), 0, 'leak or error in the probe')

    def refused(self, data, *statuses):
        """Exactly one answer with one of these statuses, then the end; and no second request was run."""
        with self.probe.connect() as c:
            c.send(data)
            answers = c.all_answers()
        self.assertEqual(len(answers), 1, data[:80])
        self.assertIn(answers[0].status, statuses, data[:80])
        self.assertEqual(answers[0].headers.get('connection'), 'close')
        self.assertEqual(self.probe.stats()['smuggled'], 0)

    def asked(self, data, status=200):
        with self.probe.connect() as c:
            a = c.ask(data)
        self.assertIsNotNone(a)
        self.assertEqual(a.status, status)
        return a


class Framing(Case):
    """What two parsers could read differently is refused, and the connection ends."""

    def test_e01_two_lengths(self):
        for a, b in ((3, 40), (40, 3), (3, 3), (0, 40)):
            self.refused(post(b'/echo', b'abc' + SECOND, b'Content-Length: %d\r\nContent-Length: %d\r\n' % (a, b)), 400)

    def test_e02_length_is_digits(self):
        for text in (b'+3', b'-3', b'0x3', b'3 ', b'3,3', b'3, 3', b'3;', b'', b'3.0', b'1e1', b'00000000003',
                     b'99999999999', b'18446744073709551619', b'3\t4'):
            if text == b'3 ':
                continue            # blanks around a value are not part of it
            self.refused(post(b'/echo', b'abc' + SECOND, b'Content-Length: %s\r\n' % text), 400)

    def test_e03_other_codings(self):
        for text in (b'gzip', b'identity', b'gzip, chunked', b'chunked, identity', b'chunked, chunked', b'xchunked',
                     b'chunked;q=1', b'"chunked"', b'chunked,', b', chunked', b'', b'\x0bchunked'):
            self.refused(post(b'/echo', b'0\r\n\r\n' + SECOND, b'Transfer-Encoding: %s\r\n' % text), 400)

    def test_e04_names_are_tokens(self):
        for name in (b'Transfer-Encoding ', b' Transfer-Encoding', b'Transfer Encoding', b'Content-Length ', b'',
                     b'A(b)', b'A\x80', b'"a"', b'a/b', b'\tA'):
            self.refused(post(b'/echo', SECOND, name + b': chunked\r\nContent-Length: 0\r\n'), 400)

    def test_e05_other_methods_with_a_body(self):
        for method in (b'HEAD', b'OPTIONS', b'TRACE', b'CONNECT', b'FOO', b'PROPFIND', b'PRI', b'get', b'GETT', b'SOURCE'):
            self.refused(method + b' /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(SECOND) + SECOND,
                         501, 505)

    def test_e06_chunks(self):
        for body in (b'0x3\r\nabc\r\n0\r\n\r\n', b'+3\r\nabc\r\n0\r\n\r\n', b'3 junk\r\nabc\r\n0\r\n\r\n',
                     b'3 \r\nabc\r\n0\r\n\r\n', b' 3\r\nabc\r\n0\r\n\r\n', b'3\r\nabc0\r\n\r\n', b'3\nabc\n0\n\n',
                     b'3\r\nabc\n0\r\n\r\n', b'3\rabc\r\n0\r\n\r\n', b'3;x=y\r\nabc\r\n0\r\n\r\n', b'3;\r\nabc\r\n0\r\n\r\n',
                     b'3;\nxx\r\nabc\r\n0\r\n\r\n', b'\r\n3\r\nabc\r\n0\r\n\r\n', b'3\r\nabcd\r\n0\r\n\r\n', b'-1\r\n\r\n',
                     b'g\r\n', b'ffffffffffffffffff\r\nabc', b'0000000000000003\r\nabc\r\n0\r\nX: y\r\n\r\n',
                     b'3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n', b'3\r\nabc\r\n0\r\n X: y\r\n\r\n'):
            self.refused(post(b'/echo', body + SECOND, b'Transfer-Encoding: chunked\r\n'), 400)

    def test_e06_a_good_chunked_body_ends_the_connection(self):
        with self.probe.connect() as c:
            c.send(post(b'/echo', b'3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n' + SECOND, b'Transfer-Encoding: Chunked\r\n'))
            answers = c.all_answers()
        self.assertEqual([a.body for a in answers], [b'abcdefgh'])
        self.assertEqual(answers[0].headers['connection'], 'close')
        self.assertEqual(self.probe.stats()['smuggled'], 0)

    def test_e06_line_ends_and_folds(self):
        for data in (b'GET / HTTP/1.1\nHost: x\n\n', b'GET / HTTP/1.1\r\nHost: x\n\r\n', b'GET / HTTP/1.1\rHost: x\r\r',
                     b'GET / HTTP/1.1\r\nHost: x\r\n\n', b'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n',
                     b'GET / HTTP/1.1\r\n Host: x\r\n\r\n', b'GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n',
                     b'\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n', b'GET / HTTP/1.1\r\nHost: x\r\n:b\r\n\r\n',
                     b'GET / HTTP/1.1\r\nHost: x\r\nnocolon\r\n\r\n'):
            self.refused(data + SECOND, 400)

    def test_e06_host(self):
        self.refused(b'GET / HTTP/1.1\r\n\r\n' + SECOND, 400)
        self.refused(b'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n' + SECOND, 400)
        with self.probe.connect() as c:
            self.assertEqual(c.ask(b'GET / HTTP/1.0\r\n\r\n').status, 200)
            self.assertTrue(c.closed())

    def test_e06_versions(self):
        for v in (b'HTTP/1.9999', b'HTTP/1.2', b'HTTP/2.0', b'HTTP/0.9', b'HTTP/1', b'http/1.1', b'HTTP/11', b'HTTP/1.1 '):
            self.refused(b'GET / %s\r\nHost: x\r\n\r\n' % v + SECOND, 400, 505)
        self.refused(b'GET /\r\n\r\n', 400, 505)
        self.refused(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 501, 505)
        self.refused(b'\x16\x03\x01\x02\x00\x01', 400)

    def test_e06_targets(self):
        for t in (b'http://x/', b'*', b'x', b'/a b', b'/a#b', b'/\x80', b'//\x7f', b'/a\x00b'):
            self.refused(get(t) + SECOND, 400)

    def test_e07_control_bytes(self):
        for byte in (0, 1, 7, 8, 11, 12, 27, 127):
            self.refused(get(b'/', b'X-Probe: a%cb\r\n' % byte) + SECOND, 400)
        self.assertEqual(self.asked(get(b'/', b'X-Probe: \xc3\xa9\t1\r\n')).body.split(b'|')[3],
                         b'\xc3\xa9\t1')

    def test_e07_a_value_may_be_empty(self):
        for empty in (b'', b' ', b' \t '):
            answer = self.asked(get(b'/', b'Accept:' + empty + b'\r\nX-Probe: next\r\nX-Last:' + empty + b'\r\n'))
            self.assertEqual((answer.status, answer.body.split(b'|')[3]), (200, b'next'), empty)

    def test_length_and_coding(self):
        for headers in (b'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
                        b'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n',
                        b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
                        b'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n'):
            self.refused(post(b'/echo', b'3\r\nabc\r\n0\r\n\r\n' + SECOND, headers), 400)
        self.refused(b'POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + SECOND, 400)

    def test_byte_by_byte(self):
        with self.probe.connect() as c:
            for byte in get(b'/a?b', b'X-Probe:  v \r\n'):
                c.send(bytes([byte]))
                time.sleep(0.001)
            self.assertEqual(c.answer().body, b'GET|/a|b|v|unix\n')
            for byte in post(b'/echo', b'hello'):
                c.send(bytes([byte]))
            self.assertEqual(c.answer().body, b'hello')


class Limits(Case):
    limits = {'header_ms': 1000, 'idle_ms': 1500, 'body_ms': 1000, 'write_stall_ms': 1000, 'answer_ms': 1000,
              'max_connections': 50}

    def test_e08_e09_chunk_size_line_without_end(self):
        for junk in (b'0' * 65536, b'1;' + b'x' * 65536):
            with self.probe.connect() as c:
                c.send(post(b'/echo', junk, b'Transfer-Encoding: chunked\r\n'))
                self.assertEqual(c.answer().status, 400)
                self.assertTrue(c.closed())
        self.assertLess(self.probe.cpu_seconds(), 2)

    def test_e10_slowloris(self):
        with self.probe.connect() as c:
            begin = time.time()
            c.s.settimeout(0.2)
            for byte in get(b'/' + b'a' * 100):
                c.send(bytes([byte]))
                try:
                    if c.more() == b'' or b'408' in c.buffer:
                        break
                except TimeoutError:
                    pass
            self.assertIn(b'408', c.buffer)
            self.assertLess(time.time() - begin, 10)

    def test_e10_slow_body(self):
        with self.probe.connect() as c:
            begin = time.time()
            c.send(post(b'/echo', b'', b'Content-Length: 1000\r\n'))
            c.s.settimeout(0.2)
            while time.time() - begin < 20:
                c.send(b'x')
                try:
                    if c.more() == b'' or b'408' in c.buffer:
                        break
                except TimeoutError:
                    pass
            self.assertIn(b'408', c.buffer)
            self.assertLess(time.time() - begin, 10)

    def test_idle_and_silent(self):
        with self.probe.connect() as silent, self.probe.connect() as idle:
            self.assertEqual(idle.ask(get(b'/')).status, 200)
            self.assertTrue(silent.closed())
            self.assertTrue(idle.closed())

    def test_e11_slow_reader_of_a_stream(self):
        with self.probe.connect() as c:
            before = self.probe.stats()['kib']
            c.send(get(b'/stream/flood'))
            self.assertTrue(self.probe.wait_for('ended', 1))
            self.assertLess(self.probe.stats()['kib'] - before, 8 * 1024)

    def test_e11_slow_reader_of_an_answer(self):
        with self.probe.connect() as c:
            c.send(get(b'/big'))
            time.sleep(3)
            self.assertEqual(self.probe.stats()['connections'], 1)

    def test_a_reader_that_is_only_slow_gets_everything(self):
        with self.probe.connect() as c:
            c.send(get(b'/big'))
            got = 0
            while got < 4 * 1024 * 1024:
                data = c.s.recv(131072)
                self.assertTrue(data)
                got += len(data)
                time.sleep(0.05)

    def test_e12_stuffed_stream(self):
        with self.probe.connect() as c:
            before = self.probe.stats()['kib']
            c.send(get(b'/stream'))
            c.more()
            c.s.settimeout(5)
            sent = 0
            try:
                while sent < 100 * 1024 * 1024:
                    sent += c.s.send(b'x' * 65536)
            except OSError:
                pass
            self.assertLess(sent, 4 * 1024 * 1024)
            self.assertTrue(self.probe.wait_for('ended', 1))
            self.assertLess(self.probe.stats()['kib'] - before, 4 * 1024)

    def test_e13_a_silent_stream_is_not_cut(self):
        with self.probe.connect() as c:
            c.send(get(b'/stream'))
            self.assertFalse(c.closed(3))
            self.assertIn(b'text/event-stream', c.buffer)

    def test_e14_a_client_that_leaves_is_noticed(self):
        for reset in (False, True):
            with self.probe.connect(tcp=True) as c:
                c.send(get(b'/slow/800'))
                time.sleep(0.2)
                if reset:
                    c.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            begin = self.probe.cpu_seconds()
            self.assertTrue(self.probe.wait_for('ops', 0))
            self.assertLess(self.probe.cpu_seconds() - begin, 0.5)
        self.assertEqual(self.probe.stats()['gone'], 2)

    def test_e14_half_a_close_still_gets_the_answer(self):
        with self.probe.connect() as c:
            c.send(get(b'/slow/300'))
            c.s.shutdown(socket.SHUT_WR)
            self.assertEqual(c.answer().status, 200)

    def test_e15_answer_after_the_client_has_left(self):
        for _ in range(20):
            with self.probe.connect() as c:
                c.send(get(b'/slow/1'))
        self.assertTrue(self.probe.wait_for('ops', 0))
        self.asked(get(b'/'))

    def test_e17_limits_of_head_and_body(self):
        self.refused(get(b'/' + b'a' * 5000), 414)
        self.refused(b'GET /' + b'a' * 50000, 414)
        self.refused(get(b'/', b'A: ' + b'a' * 9000 + b'\r\n'), 431)
        self.refused(get(b'/', b''.join(b'A%d: b\r\n' % i for i in range(100))), 431)
        self.refused(post(b'/small', b'a' * 2000), 413)
        self.refused(post(b'/small', b'400\r\n' + b'a' * 1024 + b'\r\n1\r\na\r\n0\r\n\r\n',
                          b'Transfer-Encoding: chunked\r\n'), 413)
        self.refused(post(b'/echo', b'', b'Content-Length: 999999999\r\n'), 413)
        self.refused(get(b'/', b'Content-Length: 5\r\n') + b'hello', 413)
        self.asked(post(b'/small', b'a' * 1024))

    def test_e17_a_client_that_sends_on_sees_the_413(self):
        for _ in range(5):
            with self.probe.connect(tcp=True) as c:
                c.send(post(b'/small', b'a' * 3000000))
                self.assertEqual(c.answer().status, 413)

    def test_e18_expect(self):
        with self.probe.connect() as c:
            c.send(post(b'/echo', b'', b'Content-Length: 3\r\nExpect: 100-continue\r\n'))
            self.assertEqual(c.answer().status, 100)
            self.assertEqual(c.ask(b'abc').body, b'abc')
        with self.probe.connect() as c:
            c.send(post(b'/small', b'', b'Content-Length: 3000\r\nExpect: 100-continue\r\n'))
            self.assertEqual([a.status for a in c.all_answers()], [413])
        with self.probe.connect() as c:
            c.send(post(b'/missing', b'', b'Content-Length: 3\r\nExpect: 100-continue\r\n'))
            self.assertEqual([a.status for a in c.all_answers()], [404])
        self.refused(post(b'/echo', b'abc', b'Content-Length: 3\r\nExpect: 200-ok\r\n'), 417)

    def test_e19_order(self):
        with self.probe.connect() as c:
            c.send(get(b'/slow/300') + get(b'/a') + post(b'/echo', b'b') + get(b'/slow/10') + get(b'/c'))
            bodies = [c.answer().body for _ in range(5)]
        self.assertEqual(bodies, [b'slow\n', b'GET|/a||-|unix\n', b'b', b'slow\n', b'GET|/c||-|unix\n'])

    def test_e19_one_at_a_time_and_bounded(self):
        with self.probe.connect() as c:
            before = self.probe.stats()['kib']
            c.s.settimeout(0.3)
            sent = 0
            try:
                c.s.sendall(get(b'/slow/900'))
                while sent < 50 * 1024 * 1024:
                    sent += c.s.send(get(b'/a') * 1000)
            except OSError:
                pass
            self.assertLess(sent, 4 * 1024 * 1024)
            self.assertEqual(self.probe.stats()['requests'], 1)
            self.assertLess(self.probe.stats()['kib'] - before, 4 * 1024)

    def test_answer_deadline(self):
        with self.probe.connect() as c:
            a = c.ask(get(b'/slow/30000'))
            self.assertEqual(a.status, 503)
            self.assertIn('retry-after', a.headers)
            self.assertEqual(c.ask(get(b'/')).status, 200)
        self.assertTrue(self.probe.wait_for('gone', 1))

    def test_connections_in_all(self):
        many = [self.probe.connect() for _ in range(50)]
        with self.probe.connect() as c:
            self.assertEqual(c.answer().status, 503)
        many.pop().s.close()
        time.sleep(0.2)
        self.asked(get(b'/'))
        for c in many:
            c.s.close()


class PerAddress(Case):
    limits = {'max_per_address': 5}

    def test_connections_per_address(self):
        many = [self.probe.connect(tcp=True) for _ in range(5)]
        with self.probe.connect(tcp=True) as c:
            self.assertEqual(c.answer().status, 503)
        with self.probe.connect(tcp=True) as c:      # what a client claims does not count
            c.send(get(b'/', b'X-Real-IP: 192.0.2.7\r\n'))
            self.assertEqual(c.answer().status, 503)
        self.assertEqual(many[0].ask(get(b'/', b'X-Real-IP: 192.0.2.7\r\n')).body, b'GET|/||-|192.0.2.7\n')
        self.assertEqual(many[0].ask(get(b'/', b'X-Real-IP: me\r\n')).body, b'GET|/||-|127.0.0.1\n')
        unix = [self.probe.connect() for _ in range(10)]
        self.assertEqual(unix[9].ask(get(b'/')).status, 200)
        for c in many + unix:
            c.s.close()


class Descriptors(unittest.TestCase):
    def test_e16_no_descriptors_left(self):
        probe = Probe(PROGRAM, max_files=40)
        clients = []
        for _ in range(60):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(60)
            s.connect(probe.path)
            clients.append(s)
        begin = probe.cpu_seconds()
        time.sleep(2)
        self.assertLess(probe.cpu_seconds() - begin, 0.6)      # a busy loop takes most of those two
        self.assertLess(len(probe.log_text().splitlines()), 10)
        clients[0].sendall(get(b'/'))
        self.assertIn(b'200 OK', clients[0].recv(4096))       # who is in is served
        for s in clients:
            s.close()
        begin = time.time()
        with probe.connect() as c:
            self.assertEqual(c.ask(get(b'/')).status, 200)
        self.assertLess(time.time() - begin, 20)
        self.assertEqual(probe.close(), 0)


class Answers(Case):
    def test_headers_of_an_answer(self):
        a = self.asked(post(b'/echo', b'x'))
        for name, value in (('api-version', '1.0.0'), ('x-content-type-options', 'nosniff'),
                            ('cache-control', 'no-store'), ('content-length', '1'), ('x-good', 'yes')):
            self.assertEqual(a.headers[name], value)
        self.assertIn('date', a.headers)
        self.assertNotIn('x-bad', a.headers)
        self.assertNotIn('injected', a.headers)
        self.assertNotIn('content-length', self.asked(get(b'/empty'), 204).headers)

    def test_refusals_by_the_route(self):
        with self.probe.connect() as c:
            a = c.ask(get(b'/missing'))
            self.assertEqual((a.status, a.body), (404, b'{"status":404}'))
            self.assertEqual(a.headers['content-type'], 'application/problem+json')
            self.assertEqual(c.ask(get(b'/method')).headers['allow'], 'GET')
            self.assertEqual(c.ask(get(b'/')).status, 200)
        self.refused(post(b'/missing', SECOND), 404)

    def test_keep_alive(self):
        with self.probe.connect() as c:
            for i in range(100):
                self.assertEqual(c.ask(get(b'/%d' % i)).body, b'GET|/%d||-|unix\n' % i)
            self.assertEqual(c.ask(get(b'/', b'Connection: close\r\n')).headers['connection'], 'close')
            self.assertTrue(c.closed())
        with self.probe.connect() as c:
            a = c.ask(b'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
            self.assertEqual(a.headers['connection'], 'keep-alive')
            self.assertEqual(c.ask(get(b'/')).status, 200)

    def test_a_header_there_twice_counts_as_absent(self):
        self.assertEqual(self.asked(get(b'/', b'X-Probe: a\r\nx-probe: b\r\n')).body, b'GET|/||-|unix\n')
        self.assertEqual(self.asked(get(b'/', b'X-Probe:\r\n')).body, b'GET|/|||unix\n')

    def test_another_protocol_is_not_taken(self):
        a = self.asked(get(b'/', b'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'))
        self.assertEqual(a.status, 200)
        with self.probe.connect() as c:
            c.send(get(b'/', b'Connection: upgrade\r\nUpgrade: websocket\r\n') + get(b'/next'))
            self.assertEqual([c.answer().status, c.answer().status], [200, 200])

    def test_spooled_bodies_come_back_as_they_were(self):
        for size in (0, 1, 16384, 65535, 65536, 65537, 200000, 8 * 1024 * 1024):
            body = os.urandom(size)
            with self.probe.connect() as c:
                threading.Thread(target=c.send, args=(post(b'/echo', body),)).start()
                self.assertEqual(c.answer().body, body)
            if size in (65537, 200000):
                chunks = b''.join(b'%x\r\n%s\r\n' % (len(body[i:i + 7001]), body[i:i + 7001])
                                  for i in range(0, size, 7001)) + b'0\r\n\r\n'
                with self.probe.connect() as c:
                    threading.Thread(target=c.send,
                                     args=(post(b'/echo', chunks, b'Transfer-Encoding: chunked\r\n'),)).start()
                    self.assertEqual(c.answer().body, body)

    def test_spool_leaves_no_file(self):
        with self.probe.connect() as c:
            c.send(post(b'/echo', b'x' * 500000, b'Content-Length: 600000\r\n'))
            time.sleep(0.3)
            self.assertEqual([f for f in os.listdir('/tmp') if f.startswith('body.')], [])

    def test_streams_end(self):
        with self.probe.connect() as c:
            c.send(get(b'/stream/once'))
            self.assertTrue(c.closed())
            self.assertIn(b':\n\n', c.buffer)
        with self.probe.connect() as c:
            c.send(get(b'/stream'))
            c.more()
        self.assertTrue(self.probe.wait_for('ended', 2))
        with self.probe.connect() as c:                      # gone before the stream could begin
            c.send(get(b'/slow/1') + get(b'/stream'))
        self.assertTrue(self.probe.wait_for('connections', 1))
        stats = self.probe.stats()
        self.assertEqual(stats['streams'], stats['ended'])

    def test_many_requests_at_once_do_not_nest(self):
        with self.probe.connect() as c:
            threading.Thread(target=c.send, args=(get(b'/x') * 5000,)).start()
            for _ in range(5000):
                self.assertEqual(c.answer().status, 200)


class Listening(unittest.TestCase):
    def start(self, *listen):
        return subprocess.run([PROGRAM, *listen], capture_output=True, timeout=60, text=True)

    def test_only_loopback(self):
        for where in ('0.0.0.0:0', '[::]:0', '192.0.2.1:80', 'localhost:80', '127.0.0.1', '127.0.0.1:99999', 'unix:x',
                      'fd:0', 'fd:9', '', 'unix:/' + 'x' * 200, '[::1:80', '127.0.0.1:-1'):
            r = self.start(where)
            self.assertEqual(r.returncode, 1, where)
            self.assertIn('listen', r.stderr, where)

    def test_not_even_by_a_passed_socket(self):
        with socket.socket() as s:
            s.bind(('0.0.0.0', 0))
            s.listen()
            r = subprocess.run([PROGRAM, f'fd:{s.fileno()}'], pass_fds=[s.fileno()], capture_output=True, text=True)
        self.assertEqual(r.returncode, 1)
        self.assertIn('only loopback', r.stderr)

    def test_unix_socket_file(self):
        probe = Probe(PROGRAM)
        self.assertEqual(os.stat(probe.path).st_mode & 0o777, 0o660)
        r = self.start('unix:' + probe.path)
        self.assertEqual(r.returncode, 1)
        self.assertIn('another process', r.stderr)
        probe.process.kill()
        probe.process.wait()
        again = subprocess.Popen([PROGRAM, 'unix:' + probe.path], stdout=subprocess.PIPE)
        self.assertEqual(again.stdout.readline(), b'ready\n')   # the stale file did not matter
        again.terminate()
        self.assertEqual(again.wait(), 0)
        again.stdout.close()
        self.assertFalse(os.path.exists(probe.path))
        probe.close()


if __name__ == '__main__':
    if len(sys.argv) > 1 and os.access(sys.argv[1], os.X_OK):
        PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=1)
