#!/usr/bin/env python3
"""test_sse.py SSE_PROBE - event streams: who hears what, resume from PostgreSQL, slow readers, thousands of them."""
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
from http_client import Client  # noqa: E402
from servers import ROOT, Servers  # noqa: E402

PROGRAM = os.environ.get('SSE_PROBE', '')
ANNA = '0190a000-0000-7000-8000-00000000000a'
BRAM = '0190a000-0000-7000-8000-00000000000b'


class Event:
    def __init__(self, text):
        self.name, self.id, self.data = None, None, None
        for line in text.split('\n'):
            key, _, value = line.partition(': ')
            if key == 'event':
                self.name = value
            elif key == 'id':
                self.id = int(value)
            elif key == 'data':
                self.data = json.loads(value)


class Reader:
    """One open stream."""

    def __init__(self, probe, role, agent='', municipality='dordrecht', last=None, expires_ms=None):
        self.client = probe.connect()
        query = f'{role}&{agent or "-"}&{municipality}' + (f'&{expires_ms}' if expires_ms else '')
        header = f'Last-Event-ID: {last}\r\n' if last is not None else ''
        self.client.send(f'GET /events?{query} HTTP/1.1\r\nHost: x\r\n{header}\r\n'.encode())
        self.head = self.read_until(b'\r\n\r\n')
        self.events = []

    def read_until(self, mark):
        while mark not in self.client.buffer:
            if not self.client.more():
                raise EOFError
        text, self.client.buffer = self.client.buffer.split(mark, 1)
        return text.decode()

    def next(self, timeout=60):
        """The next real event; comments and bare ids are skipped."""
        self.client.s.settimeout(timeout)
        while True:
            e = Event(self.read_until(b'\n\n'))
            if e.name:
                return e

    def silent(self, seconds=0.3):
        try:
            e = self.next(seconds)
        except TimeoutError:
            return True
        print('unexpected:', e.name, e.data)
        return False

    def close(self):
        self.client.s.close()


class SseProbe:
    def __init__(self, max_streams=100, conninfo=None):
        self.folder = tempfile.mkdtemp(prefix='loket-sse.')
        self.path = os.path.join(self.folder, 's')
        args = [PROGRAM, f'unix:{self.path}', str(max_streams)] + ([conninfo] if conninfo else [])
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, cwd='/')
        assert self.process.stdout.readline() == b'ready\n'
        self.clients = []
        self.control = self.connect()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(self.path)
        self.clients.append(s)
        return Client(s)

    def get(self, path):
        return int(self.control.ask(f'GET {path} HTTP/1.1\r\nHost: x\r\n\r\n'.encode()).body)

    def post(self, path, text=''):
        body = text.encode()
        head = f'POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n'.encode()
        assert self.control.ask(head + body).status == 200

    def publish(self, number, kind, municipality='dordrecht', agent='-', payload='{}', times=1):
        self.post('/publish', f'{number} {kind} {municipality} {agent} {times} {payload}')

    def wait_count(self, n):
        end = time.time() + 60
        while self.get('/count') != n and time.time() < end:
            time.sleep(0.02)
        return self.get('/count') == n

    def close(self):
        for s in self.clients:
            s.close()
        self.process.terminate()
        status = self.process.wait(60)
        self.process.stdout.close()
        shutil.rmtree(self.folder)
        return status


class Live(unittest.TestCase):
    def setUp(self):
        self.probe = SseProbe(max_streams=6)

    def tearDown(self):
        self.assertEqual(self.probe.close(), 0)

    def test_who_hears_what(self):
        anna = Reader(self.probe, 'agent', ANNA)
        bram = Reader(self.probe, 'agent', BRAM)
        lead = Reader(self.probe, 'lead')
        other = Reader(self.probe, 'lead', municipality='zwijndrecht')
        self.assertIn('text/event-stream', anna.head)
        self.probe.publish(7, 'offer.made', agent=ANNA, payload='{"offer":{"id":"o"}}')
        e = anna.next()
        self.assertEqual((e.name, e.id), ('offer.made', 7))
        self.assertEqual(e.data['offer'], {'id': 'o'})
        self.assertEqual((e.data['id'], e.data['municipality']), ('7', 'dordrecht'))
        self.assertRegex(e.data['at'], r'^\d{4}-\d\d-\d\dT.*Z$')
        self.probe.publish(8, 'case.changed', agent=BRAM)
        self.assertEqual(bram.next().id, 8)
        self.assertEqual(lead.next().id, 8)
        self.assertTrue(anna.silent() and other.silent() and bram.silent() and lead.silent())

    def test_payloads_that_are_odd_do_not_break_the_stream(self):
        lead = Reader(self.probe, 'lead')
        payloads = (('{}', 3), ('{ }', 3), ('{ "a" : 1 }', 4), ('{"a":"x\\ny"}', 4), ('{"a":\n1}', 4), ('[1]', 3))
        for i, (payload, keys) in enumerate(payloads):
            self.probe.publish(9 + i, 'case.changed', payload=payload)
            self.assertEqual(len(lead.next().data), keys, payload)

    def test_online(self):
        self.assertEqual(self.probe.get('/online?' + ANNA), 0)
        anna = Reader(self.probe, 'agent', ANNA)
        self.assertEqual(self.probe.get('/online?' + ANNA), 1)
        self.assertEqual(self.probe.get('/online?' + BRAM), 0)
        anna.close()
        self.assertTrue(self.probe.wait_count(0))
        self.assertEqual(self.probe.get('/online?' + ANNA), 0)

    def test_too_many(self):
        readers = [Reader(self.probe, 'lead') for _ in range(6)]
        with self.probe.connect() as c:
            a = c.ask(b'GET /events?lead&-&dordrecht HTTP/1.1\r\nHost: x\r\n\r\n')
            self.assertEqual((a.status, a.headers['retry-after']), (503, '5'))
        readers[0].close()
        self.assertTrue(self.probe.wait_count(5))
        Reader(self.probe, 'lead')

    def test_queue_changed_once_a_second(self):
        lead = Reader(self.probe, 'lead')
        begin = time.time()
        for i in range(50):
            self.probe.publish(0, 'queue.changed', payload='{"n":%d}' % i)
        heard = [lead.next(), lead.next()]
        while heard[-1].data['n'] != 49:                # more than a second for all fifty
            heard.append(lead.next())
        self.assertEqual((heard[0].data['n'], heard[-1].id), (0, None))
        self.assertLess(len(heard) - 2, time.time() - begin)
        self.assertGreater(time.time() - begin, 0.9)
        self.assertTrue(lead.silent(1.5))

    def test_heartbeat_comment_with_the_newest_id(self):
        lead = Reader(self.probe, 'lead', municipality='zwijndrecht')
        self.probe.publish(41, 'case.changed')
        begin = time.time()
        lead.read_until(b'retry: 2000\n\n')
        self.assertEqual(lead.read_until(b'\n\n'), ':\nid: 41')
        self.assertGreater(time.time() - begin, 13)
        late = Reader(self.probe, 'lead')
        self.assertEqual(late.read_until(b'\n\n'), 'retry: 2000\nid: 41')

    def test_a_token_that_ends(self):
        lead = Reader(self.probe, 'lead', expires_ms=500)
        with self.assertRaises(EOFError):
            lead.next()

    def test_slow_reader_is_cut_and_others_are_not(self):
        slow, fast = Reader(self.probe, 'lead'), Reader(self.probe, 'lead')
        payload = '{"x":"%s"}' % ('y' * 3000)
        for i in range(1, 300, 20):
            self.probe.publish(i, 'case.changed', payload=payload, times=20)
            for _ in range(20):
                fast.next()
        self.assertTrue(self.probe.wait_count(1))
        with self.assertRaises(EOFError):
            while True:
                slow.next()

    def test_goodbye(self):
        readers = [Reader(self.probe, 'lead') for _ in range(3)]
        self.probe.publish(7, 'case.changed')
        self.probe.post('/goodbye')
        for r in readers:
            self.assertEqual(r.next().name, 'case.changed')
            self.assertRegex(text := r.read_until(b'\n\n'), r'^retry: [1-9]\d{2,3}\nid: 7\nevent: bye\ndata: \{\}$')
            self.assertLess(int(text.split()[1]), 2000)
            with self.assertRaises(EOFError):
                r.next()
        self.assertTrue(self.probe.wait_count(0))

    def test_goodbye_to_who_knows_no_id(self):
        reader = Reader(self.probe, 'lead')
        self.probe.post('/goodbye')
        self.assertEqual(reader.next().name, 'resync')


class Many(unittest.TestCase):
    def test_one_event_to_thousands(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        want = 3000
        if hard < want + 100:
            self.skipTest('too few descriptors allowed')
        resource.setrlimit(resource.RLIMIT_NOFILE, (want + 100, hard))
        probe = SseProbe(max_streams=want)
        readers = [Reader(probe, 'lead') for _ in range(want)]
        self.assertTrue(probe.wait_count(want))
        probe.publish(1, 'case.changed', times=3)
        for r in readers:
            self.assertEqual([r.next().id for _ in range(3)], [1, 2, 3])
        # readers that leave while a notice goes round
        probe.publish(4, 'case.changed', times=5)
        for r in readers[::2]:
            r.close()
        for r in readers[1::2]:
            self.assertEqual([r.next().id for _ in range(5)], [4, 5, 6, 7, 8])
            r.close()
        self.assertTrue(probe.wait_count(0))
        self.assertEqual(probe.close(), 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Resume(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = Servers()

        def fill(name):
            for f in sorted((ROOT / 'proto/db').glob('*.sql')):
                cls.servers.psql_file(f, name)
        cls.database = cls.servers.new_database('sse', fill)

    @classmethod
    def tearDownClass(cls):
        cls.servers.close()

    def setUp(self):
        self.sql('truncate loket.notice restart identity')
        self.probe = SseProbe(conninfo=self.servers.conninfo(self.database))

    def tearDown(self):
        self.assertEqual(self.probe.close(), 0, 'leak or error in the probe')

    def sql(self, text):
        return self.servers.query(text, database=self.database)

    def insert(self, n, at='clock_timestamp()', municipality='dordrecht', kind='case.changed', agent='null'):
        self.sql(f"insert into loket.notice (at, municipality, kind, agent, payload) select {at}, '{municipality}',"
                 f" '{kind}', {agent}, jsonb_build_object('n', i) from generate_series(1, {n}) i")

    def ids(self, reader, n):
        """The ids of the n events that come, and of any that come too many."""
        got = [reader.next().id for _ in range(n)]
        try:
            while True:
                got.append(reader.next(0.4).id)
        except TimeoutError:
            reader.close()
            return got

    def assert_ids(self, reader, ids):
        self.assertEqual(self.ids(reader, len(ids)), ids)

    def test_what_was_missed_in_order(self):
        self.insert(20, at="clock_timestamp() - interval '1 hour'")
        self.assert_ids(Reader(self.probe, 'lead', last=12), [*range(1, 12), *range(13, 21)])
        self.sql("update loket.notice set at = at - interval '1 hour' where id < 12")
        self.assert_ids(Reader(self.probe, 'lead', last=12), list(range(13, 21)))

    def test_a_smaller_id_that_came_later(self):
        self.insert(10, at="timestamptz '2026-01-01' + i * interval '1 second'")
        self.assert_ids(Reader(self.probe, 'lead', last=7), [5, 6, 8, 9, 10])

    def test_only_what_is_for_the_reader(self):
        self.insert(2, municipality='zwijndrecht')
        self.insert(2, agent=f"'{BRAM}'")
        self.insert(2, agent=f"'{ANNA}'", kind='offer.made')
        old = "update loket.notice set at = at - interval '1 hour' where id = 1"
        self.sql("insert into loket.notice (at, municipality, kind, payload) values (now(), 'dordrecht', 'unknown', '{}')")
        self.sql(old)
        self.assert_ids(Reader(self.probe, 'lead', last=1), [3, 4])
        self.assert_ids(Reader(self.probe, 'agent', BRAM, last=1), [3, 4])
        self.assert_ids(Reader(self.probe, 'agent', ANNA, last=1), [5, 6])
        self.assert_ids(Reader(self.probe, 'coach', last=1), [])

    def test_too_much_was_missed(self):
        self.insert(1005)
        r = Reader(self.probe, 'lead', last=1)
        self.assertEqual((e := r.next()).name, 'resync')
        self.assertEqual(e.id, 1005)
        self.probe.publish(1006, 'case.changed')
        self.assertEqual(r.next().id, 1006)
        r.close()

    def test_an_id_from_nowhere(self):
        self.insert(3)
        r = Reader(self.probe, 'lead', last=999)
        self.assertEqual(r.next().name, 'resync')
        r.close()
        self.sql("select setval(pg_get_serial_sequence('loket.notice', 'id'), 60000)")
        self.insert(1)
        r = Reader(self.probe, 'lead', last=2)
        self.assertEqual(r.next().name, 'resync')
        r.close()

    def test_live_events_wait_for_the_replay(self):
        self.insert(900, at="clock_timestamp() - interval '1 hour'")
        self.sql("update loket.notice set at = at - interval '1 hour' where id = 1")
        r = Reader(self.probe, 'lead', last=1)
        self.probe.publish(901, 'case.changed', times=20)
        self.assert_ids(r, list(range(2, 921)))

    def test_the_reader_leaves_during_the_replay(self):
        self.insert(900)
        for _ in range(20):
            Reader(self.probe, 'lead', last=1).close()
        self.assertTrue(self.probe.wait_count(0))

    def test_what_another_instance_tells(self):
        import psycopg2
        self.insert(3)
        reader = Reader(self.probe, 'agent', ANNA)
        time.sleep(0.7)
        self.insert(1, agent=f"'{ANNA}'", kind='offer.made')
        self.assertTrue(reader.silent(0.7))              # alone: whoever writes it publishes it
        other = psycopg2.connect(self.servers.conninfo(self.database, 'loket'), application_name='loketd other-instance')
        time.sleep(0.7)
        self.insert(2, agent=f"'{ANNA}'", kind='offer.made')
        self.insert(2, agent=f"'{BRAM}'", kind='offer.made')
        self.assertEqual([reader.next().id, reader.next().id], [5, 6])
        self.probe.publish(9, 'offer.made', agent=ANNA, payload='{"n":1}')
        self.assertEqual(reader.next().id, 9)
        self.insert(1, agent=f"'{ANNA}'", kind='offer.made')     # 9 in the table too: told already
        self.sql("insert into loket.notice (id, at, municipality, kind, agent, payload) overriding system value"
                 f" values (12, now(), 'dordrecht', 'offer.made', '{ANNA}', '{{}}')")
        self.assertEqual(reader.next().id, 12)
        self.sql("insert into loket.notice (id, at, municipality, kind, agent, payload) overriding system value"
                 f" values (11, now(), 'dordrecht', 'offer.made', '{ANNA}', '{{}}')")
        self.assertEqual(reader.next().id, 11)           # committed late
        self.assertTrue(reader.silent(0.7))
        other.close()
        reader.close()

    def test_zz_a_database_that_is_away(self):
        self.servers.pg_stop()
        try:
            r = Reader(self.probe, 'lead', last=1)
            self.assertEqual(r.next().name, 'resync')
            r.close()
        finally:
            self.servers.pg_start()


if __name__ == '__main__':
    if len(sys.argv) > 1 and os.access(sys.argv[1], os.X_OK):
        PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=1)
