#!/usr/bin/env python3
"""Upgrades and back, one instance after the other, on the sockets that systemd holds, while citizens write (directly, through
nginx, through HAProxy), agents work and front ends listen: nothing lost, refused or cut off, no event missed.

The newer one is this one with migrations that a next release might bring (support/next). LOKET_UPGRADES=25 is the long form (100
restarts). LOKET_UPGRADE_FROM=v1.2.0 (any revision of this repository) goes from that one to this one instead.
"""
import collections
import copy
import http.client
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import proxies  # noqa: E402
import world  # noqa: E402
from instance import Machine  # noqa: E402
from servers import BUILD, wait_until  # noqa: E402

UPGRADES = int(os.environ.get('LOKET_UPGRADES', '1'))
FROM = os.environ.get('LOKET_UPGRADE_FROM')
THIS, NEXT = world.LOKETD, os.environ.get('LOKETD_NEXT', str(BUILD / 'tests/loketd_next'))
AGENTS = ['bram', 'daan']
TOLD = ('case.changed', 'contact.received', 'delivery.changed', 'presence.changed')     # to a lead


def build(revision, folder):
    """loketd of that revision, and where its sources are."""
    run = lambda *argv: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd=world.ROOT)     # noqa: E731
    source = pathlib.Path(folder) / 'source'
    source.mkdir()
    archive = subprocess.Popen(['git', 'archive', revision], cwd=world.ROOT, stdout=subprocess.PIPE)
    subprocess.run(['tar', '-x', '-C', str(source)], stdin=archive.stdout, check=True)
    assert archive.wait() == 0, f'no revision {revision}'
    run('meson', 'setup', str(source / 'build'), str(source), '-Dbuildtype=plain', '-Doptimization=2', '-Ddebug=true', '-Dtests=false')
    run('ninja', '-C', str(source / 'build'), 'daemon/loketd')
    return source / 'build/daemon/loketd', source


class Senders(faults.Citizens):
    """Citizens who count how each of their requests ended."""

    def __init__(self, through, recorder, ends, **more):
        self.ends = ends
        super().__init__(through, recorder, **more)

    def _once(self, body):
        try:
            end = self.world.hook('dordrecht-whatsapp', body, timeout=60).status
        except OSError as e:
            end = f'{type(e).__name__} {e}'
        self.ends[end] += 1
        return end if isinstance(end, int) else 0


class Counted:
    """The world, with what became of its calls counted."""

    def __init__(self, w, ends):
        self._world, self._ends = w, ends

    def __getattr__(self, name):
        return getattr(self._world, name)

    def api(self, *args, **more):
        answer = self._world.api(*args, **more)
        self._ends['agent' if answer.status in (200, 409, 404) else (answer.status, args[:2], answer.body)] += 1
        return answer


class FrontEnd(threading.Thread):
    """Asks ten times a second on one connection, and opens another only when it was told that this one ends."""

    def __init__(self, through, ends):
        super().__init__(daemon=True)
        self.world, self.ends, self.stopping = through, ends, threading.Event()
        self.start()

    def run(self):
        connection = None
        while not self.stopping.wait(0.1):
            try:
                connection = connection or http.client.HTTPConnection('127.0.0.1', self.world.port, timeout=60)
                connection.request('GET', '/v1/queue', headers={'Authorization': 'Bearer ' + self.world.tokens['lead']})
                answer = connection.getresponse()
                answer.read()
                self.ends[answer.status] += 1
                if answer.will_close:
                    connection = connection.close()
            except (OSError, http.client.HTTPException) as e:
                self.ends[f'{type(e).__name__} {e}'] += 1
                connection = connection.close()


class Listener(threading.Thread):
    """An event stream that is opened again with Last-Event-ID whenever it ends, as EventSource does."""

    def __init__(self, through, token):
        super().__init__(daemon=True)
        self.world, self.token, self.ids, self.kinds = through, token, [], collections.Counter()
        self.stopping, self.open, self.stream = threading.Event(), threading.Event(), None
        self.start()

    def run(self):
        last, seen = None, 0
        while not self.stopping.is_set():
            try:
                self.stream = world.Events(self.world, self.token, last)
            except (OSError, http.client.HTTPException, AssertionError) as e:
                self.kinds[f'not opened: {e}'[:60]] += 1
                time.sleep(0.2)
                continue
            seen = 0
            while not self.stream.ended and not self.stopping.is_set():
                seen = self.take(seen)
                if self.stream.last_id:
                    self.open.set()
                time.sleep(0.02)
            self.take(seen)
            last = self.stream.last_id or last
            self.stream.close()
            time.sleep(random.uniform(0.1, 0.5))

    def take(self, seen):
        new = self.stream.all[seen:]
        for kind, number, _ in new:
            self.kinds[kind] += 1
            if kind in TOLD:
                self.ids.append(int(number))
        return seen + len(new)


class LockWatch(threading.Thread):
    """The longest that anybody had to wait for a lock."""

    def __init__(self, w):
        super().__init__(daemon=True)
        self.world, self.longest_s, self.stopping = w, 0, threading.Event()
        self.start()

    def run(self):
        import psycopg2
        connection = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self.stopping.wait(0.01):
                cursor.execute("""select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0) from pg_locks l
                    join pg_stat_activity a using (pid) where not l.granted and l.locktype = 'relation'
                    and a.application_name <> 'loketd migrate' and a.application_name like 'loketd %'""")
                self.longest_s = max(self.longest_s, float(cursor.fetchone()[0]))
        connection.close()


class Upgrades(world.LoketTest):
    config = 'log_level = "info"\ndispatch { offer_seconds = 5 sweep_seconds = 1 presence_seconds = 10 }\n' + world.NO_BUDGETS
    record = False

    @classmethod
    def setUpClass(cls):
        cls.before, cls.after, cls.folder = THIS, NEXT, None
        if FROM:
            cls.folder = tempfile.TemporaryDirectory(prefix='loket-upgrade.')
            (cls.before, source), cls.after = build(FROM, cls.folder.name), THIS
            world.LOKETD, world.ROOT = str(cls.before), source
        cls.world = cls.make_world()        # with the schema of the version before
        world.LOKETD = THIS
        cls.machine = Machine(cls.world)

    @classmethod
    def tearDownClass(cls):
        try:
            cls.machine.close()
        finally:
            cls.world.close()
            if cls.folder:
                cls.folder.cleanup()

    def load(self):
        """Everybody, at work until self.end()."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.world.servers.dir))
        ways = {'direct': self.world}
        for proxy in (proxies.Nginx, proxies.HAProxy):
            if proxy.find():
                ways[proxy.program] = copy.copy(self.world)
                ways[proxy.program].port = world.free_port()
                running = proxy(folder, str(self.world.dir / 'http.sock'), f'127.0.0.1:{ways[proxy.program].port}').start()
                self.addCleanup(running.stop)
                wait_until(ways[proxy.program].is_live, 10, proxy.program)
        self.recorder, self.ends = faults.Recorder(), {way: collections.Counter() for way in ways}
        self.assertEqual(self.world.api('PUT', '/v1/me/presence', AGENTS[0], {'state': 'away'}).status, 200)     # the first event
        self.listeners = [Listener(through, 'lead') for through in [*ways.values()] * 2]
        for listener in self.listeners:
            self.assertTrue(listener.open.wait(60), 'a stream to open')
        self.from_id = max(int(listener.stream.last_id) for listener in self.listeners)
        self.watch = LockWatch(self.world)
        self.people = [Senders(through, self.recorder, self.ends[way], n=3, per_second=20, text=f'Door {way}')
                       for way, through in ways.items()]
        self.front_ends = [FrontEnd(self.world, self.ends['direct']) for _ in range(2)]
        self.workers = faults.Workers(Counted(self.world, self.ends['direct']), self.recorder, AGENTS)

    def end(self):
        for thing in self.people:
            thing.stop()
        for thing in (*self.front_ends, self.watch):
            thing.stopping.set()
            thing.join()
        left = faults.wait_all_served(self.world, 90)
        self.workers.stop()
        heard = [i for i, in self.world.psql('select id from loket.notice where id > %s and kind = any(%s) order by id',
                                             [self.from_id, list(TOLD)])]
        for listener in self.listeners:
            wait_until(lambda one=listener: heard[-1] in one.ids[-200:], 20, 'the last event on a stream')
            listener.stopping.set()
            listener.join()
        ends = sum(self.ends.values(), collections.Counter())
        twice = [len(listener.ids) - len(set(listener.ids)) for listener in self.listeners]
        print(f'\n  {len(self.machine.stops)} restarts (to stop: {sorted(self.machine.stops)[len(self.machine.stops) // 2]:.1f} s, at most '
              f'{max(self.machine.stops):.1f} s), {len(self.recorder.acknowledged)} contacts, {len(self.recorder.taken)} taken; requests: '
              f'{dict(ends)}; {len(heard)} events to {len(self.listeners)} streams, {sum(twice)} twice; longest wait for a lock '
              f'{self.watch.longest_s * 1000:.0f} ms', file=sys.stderr)
        self.assertEqual([], faults.violations(self.world, self.recorder))
        self.assertEqual((0, 0), (left, faults.never_offered(self.world)))
        for way, counted in self.ends.items():
            self.assertLessEqual(set(counted), {200, 503, 'agent'}, way)        # none refused, reset, or answered by the proxy
            self.assertLessEqual(counted[503], max(2, sum(counted.values()) / 1000), way)
            self.assertGreater(counted[200], 40, way)
        for listener in self.listeners:
            self.assertEqual([], sorted(set(heard) - set(listener.ids)), 'events missed')
            self.assertEqual(set(listener.kinds) - {*TOLD, 'queue.changed', 'queue.unserved', 'post.made', 'post.changed', 'bye'}, set())
            self.assertGreater(listener.kinds['bye'], 0)
        self.assertLess(self.watch.longest_s, 5)        # a migration lets go after one (MIGRATE_LOCK_MS), and waits for none that lasts
        self.assertIsNone(self.world.sanitizer_report())

    def test_up_and_back_under_load(self):
        for slot in self.machine.SLOTS:
            self.machine.start(slot, self.before)
        self.load()
        for _ in range(UPGRADES):
            self.machine.roll(self.after)
            self.machine.roll(self.before)
        self.one_alone()
        self.end()
        if not FROM:
            self.assertIn('migrate.ahead', self.world.log())        # the one before, on the newer schema
            self.assertIn('pg.renewed', self.world.log())

    def one_alone(self):
        """Without the other one, who comes meanwhile waits."""
        self.machine.stop(2)
        self.machine.restart(1, self.after)
        self.machine.start(2, self.after)


class Migration(world.LoketTest):
    record = False

    def test_many_at_once(self):
        """One migrates, the others wait for it without standing in its way."""
        w = world.World()
        w._write_config(w.database)
        all_of_them = [subprocess.Popen([NEXT, '--config', str(w.dir / 'loketd.conf'), '--migrate'], stderr=subprocess.PIPE, text=True)
                       for _ in range(4)]
        said = [one.communicate(timeout=100)[1] for one in all_of_them]
        applied = w.value("select count(*) from public.loket_migration where name = 'c_index'")
        w.close()
        self.assertEqual(([0] * 4, 1), ([one.returncode for one in all_of_them], applied), said)

    def test_waits_for_a_lock_so_that_others_go_on(self):
        """Somebody reads a table for long: the migration lets go again and again, and who writes waits a second at most."""
        import psycopg2
        reader = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        reader.cursor().execute('lock table loket.contact in access share mode')
        migration = subprocess.Popen([NEXT, '--config', str(self.world.dir / 'loketd.conf'), '--migrate'], stderr=subprocess.PIPE, text=True)
        statuses, began = [], time.monotonic()
        while time.monotonic() - began < 3.5:
            statuses.append(self.world.hook('dordrecht-whatsapp', world.whatsapp_body('Kan ik verder?')).status)
        self.assertIsNone(migration.poll())
        reader.close()
        said = migration.communicate(timeout=60)[1]
        self.assertEqual(migration.returncode, 0, said)
        self.assertGreater(int(re.search(r'name=1_contact attempts=(\d+)', said)[1]), 1)
        self.assertEqual(set(statuses), {200})
        self.assertGreater(len(statuses), 5)
        self.assertEqual(self.world.hook('dordrecht-whatsapp', world.whatsapp_body('En nu?')).status, 200)


if __name__ == '__main__':
    world.main()
