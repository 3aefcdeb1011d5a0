"""PostgreSQL is slow, silent, locked or full; a client's line goes dead (reliability.md F6, F7, F8, F28): 503 in time, reads go on
where they can, nothing is lost, and no descriptor stays."""
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest
import uuid

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from proxy import PgLine, Proxy  # noqa: E402
from servers import Servers, wait_until  # noqa: E402


def metric(w, name):
    text = w.request('GET', '/metrics', record=False).body.decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + ' '))


class Bad(world.LoketTest):
    config = 'http { answer_ms = 3000 }\ndispatch { sweep_seconds = 1 presence_seconds = 10 }'
    record = False

    def post(self, text=None, **more):
        """(status, seconds)"""
        began = time.monotonic()
        try:
            status = self.world.hook('dordrecht-whatsapp', world.whatsapp_body(f'Vraag {text or uuid.uuid4().hex}', **more)).status
        except OSError:
            status = 0
        return status, time.monotonic() - began

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.world.process.pid}/fd'))

    def goes_on(self):
        wait_until(lambda: self.post()[0] == 200, 40, 'loketd to store again')


class Line(Bad):
    @classmethod
    def make_world(cls):
        w = super().make_world()
        cls.line = PgLine.before(w)
        cls.addClassCleanup(cls.line.close)
        return w

    def tearDown(self):
        self.line.delay = 0
        self.line.heal()
        self.world.wait_ready()

    def test_slow(self):
        """Half a second later in each direction: what does not come in time is 503, and nothing piles up."""
        self.line.delay = 0.5
        recorder = faults.Recorder()
        citizens = faults.Citizens(self.world, recorder, n=20, per_second=40)
        try:
            wait_until(lambda: len(recorder.acknowledged) > 10, 40, 'messages to be stored, slowly')
            self.assertLess(metric(self.world, 'loket_operations'), 200)
            answer = self.world.api('GET', '/v1/me', 'anna')
            self.assertEqual(answer.status, 200, answer)
        finally:
            self.line.delay = 0
            citizens.stop()
        self.assertEqual([], faults.violations(self.world, recorder))

    def test_silent(self):
        """Nothing comes, nothing is closed: noticed within 15 s, whoever waits hears 503 before that; no descriptor stays."""
        self.goes_on()
        before = self.descriptors()
        self.line.stall()
        began = time.monotonic()
        status, took = self.post('hoort iemand mij?')
        self.assertEqual(status, 503)
        self.assertLess(took, 12)           # answer_ms, and a slow machine
        wait_until(lambda: metric(self.world, 'loket_pg_up') == 0, 30, 'all connections to be given up')
        print(f'given up after {time.monotonic() - began:.1f} s', end=' ')
        self.assertLess(time.monotonic() - began, 15 + 25)
        self.line.cut()
        self.line.heal()
        self.goes_on()
        self.world.wait_ready()
        wait_until(lambda: self.descriptors() <= before, 20, 'its descriptors to be closed')
        self.assertEqual(self.world.value("select count(*) from loket.contact  where text like '%%hoort iemand mij?'"), 0)

    def test_what_was_held_back_comes_late(self):
        """A unit that was given up reaches PostgreSQL when the line is back: what it stores is there once."""
        self.goes_on()
        text = uuid.uuid4().hex
        self.line.stall()
        status, _ = self.post(text, message_id='wamid.LATE')
        self.assertEqual(status, 503)
        wait_until(lambda: metric(self.world, 'loket_pg_up') == 0, 30, 'all connections to be given up')
        self.line.heal()
        wait_until(lambda: self.post(text, message_id='wamid.LATE')[0] == 200, 40, 'loketd to store again')
        time.sleep(0.5)
        self.assertEqual(self.world.value('select count(*) from loket.contact where text = %s', ['Vraag ' + text]), 1)


class Locked(Bad):
    def test_a_table_is_locked(self):
        """lock_timeout: 503 after two seconds, while agents read; afterwards all of it is stored."""
        recorder = faults.Recorder()
        holder = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        with holder.cursor() as cursor:
            cursor.execute('lock table loket.contact in exclusive mode')     # may be read, not written
            citizens = faults.Citizens(self.world, recorder)
            wait_until(lambda: recorder.tries > 10, 30, 'posts to be answered')
            self.assertEqual(set(), recorder.acknowledged)
            for path in ('/v1/me', '/v1/queue'):
                self.assertEqual(self.world.api('GET', path, 'lead' if path.endswith('queue') else 'anna').status, 200)
        holder.close()
        wait_until(lambda: len(recorder.acknowledged) > 10, 30, 'messages to be stored')
        citizens.stop()
        self.assertEqual([], faults.violations(self.world, recorder))


class Full(Bad):
    """PostgreSQL's disk is full: its folder is a small file system of its own."""
    @classmethod
    def make_world(cls):
        cls.folder = pathlib.Path(f'/tmp/lokt-{os.getpid()}-full')
        cls.folder.mkdir()
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=220m,mode=755', 'loket', str(cls.folder)], check=False,
                                 capture_output=True)
        if mounted.returncode:
            cls.folder.rmdir()
            raise unittest.SkipTest('no mount here')
        cls.addClassCleanup(cls.folder.rmdir)
        cls.addClassCleanup(subprocess.run, ['umount', str(cls.folder)], check=True)
        cls.full = Servers(within=str(cls.folder))
        cls.addClassCleanup(cls.full.close)
        return world.World(cls.config, record=False, on=cls.full)

    def test_full(self):
        recorder = faults.Recorder()
        citizens = faults.Citizens(self.world, recorder)
        wait_until(lambda: len(recorder.acknowledged) > 10, 30, 'messages to be stored')
        filler = self.full.dir / 'filler'
        try:
            with open(filler, 'wb', buffering=0) as f:
                while f.write(b'x' * 65536) == 65536:
                    pass
        except OSError:
            pass
        try:
            refused = recorder.tries - len(recorder.acknowledged)
            wait_until(lambda: recorder.tries - len(recorder.acknowledged) > refused + 20, 60, 'posts to be refused')
        finally:
            filler.unlink()
        before = len(recorder.acknowledged)
        if self.full.pg.poll() is not None:         # it panics when it cannot write its log; an operator starts it again
            self.full.pg_start()
        wait_until(lambda: len(recorder.acknowledged) > before + 10, 60, 'messages to be stored again')
        citizens.stop()
        self.assertEqual([], faults.violations(self.world, recorder))


class Clients(Bad):
    config = 'http { header_ms = 5000 idle_ms = 5000 }'

    def test_their_lines_go_dead(self):
        """Fifty clients in the middle of a request, fifty idle ones, and some streams: nobody keeps a descriptor."""
        before = self.descriptors()
        line = Proxy(('127.0.0.1', world.free_port()), ('127.0.0.1', self.world.port))
        there = line.listener.getsockname()
        clients = []
        for i in range(100):
            client = socket.create_connection(there)
            client.sendall(b'POST /v1/hooks/dordrecht-whatsapp HTTP/1.1\r\nHost: x\r\n' if i % 2 else
                           b'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
            clients.append(client)
        wait_until(lambda: self.descriptors() >= before + 50, 20, 'many of them to be connected')
        line.stall()
        wait_until(lambda: self.descriptors() <= before, 60, 'all of them to be let go')
        for client in clients:
            client.close()
        line.close()


if __name__ == '__main__':
    unittest.main(verbosity=2)
