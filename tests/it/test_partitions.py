"""Two instances, and the lines of one go dead in any combination: to PostgreSQL, to Redis, to its clients; or its clock jumps
(reliability.md F15, F16): nothing lost or doubled, no case with two owners, no offer or agent that runs out by it.
LOKET_PARTITIONS=60 and LOKET_CLOCK_JUMPS=40 for the full size, with longer ones."""
import contextlib
import copy
import os
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from instance import another_instance  # noqa: E402
from proxy import PgLine, Proxy  # noqa: E402
from servers import wait_until  # noqa: E402
from wrong_clock import WrongClock  # noqa: E402

PARTITIONS = int(os.environ.get('LOKET_PARTITIONS', '5'))
LONGEST = 3 if PARTITIONS < 20 else 25          # seconds; longer than any patience of loketd's
JUMPS = int(os.environ.get('LOKET_CLOCK_JUMPS', '5'))


class Two(world.LoketTest):
    """A, which has the trouble, is self.world; B is beside it."""
    config = 'http { answer_ms = 5000 }\ndispatch { offer_seconds = 20 sweep_seconds = 1 presence_seconds = 10 }'
    record = False

    def setUp(self):
        self.chance = random.Random(20261122)
        self.recorder = faults.Recorder()

    @contextlib.contextmanager
    def beside(self):
        """B: with the same servers, and nothing in between."""
        w = copy.copy(self.world)
        w.pg_host, w.redis_address, w.environment = w.servers.pg_host, f'unix:{w.servers.redis_socket}', {}
        w._write_config(w.database)
        with another_instance(w) as other:
            yield other

    def end(self, load):
        self.world.wait_ready()
        for part in load:
            part.stop()
        workers = faults.Workers(self.world, self.recorder, ['bram', 'daan', 'eva', 'kees'])
        left = faults.wait_all_served(self.world, 90)
        workers.stop()
        self.assertEqual([], faults.violations(self.world, self.recorder))
        self.assertEqual((0, 0), (left, faults.never_offered(self.world)))


class Partitions(Two):
    @classmethod
    def make_world(cls):
        w = super().make_world()
        redis = w.dir / 'redis-line'
        cls.lines = {'PostgreSQL': PgLine.before(w), 'Redis': Proxy(str(redis), w.servers.redis_socket),
                     'clients': Proxy(('127.0.0.1', world.free_port()), ('127.0.0.1', w.port))}
        for line in cls.lines.values():
            cls.addClassCleanup(line.close)
        w.redis_address = f'unix:{redis}'
        return w

    def test_partitions(self):
        outside = copy.copy(self.world)             # A, as its clients reach it
        outside.port = self.lines['clients'].listener.getsockname()[1]
        with self.beside() as other:
            load = [faults.Citizens(outside, self.recorder, n=3, per_second=30), faults.Citizens(other, self.recorder, n=3, per_second=30),
                    faults.Workers(outside, self.recorder, ['bram', 'daan']), faults.Workers(other, self.recorder, ['eva', 'kees'])]
            for _ in range(PARTITIONS):
                broken = self.chance.sample(sorted(self.lines), self.chance.randint(1, 3))
                before = len(self.recorder.acknowledged)
                for name in broken:
                    self.lines[name].refuse() if self.chance.random() < 0.3 else self.lines[name].stall()
                time.sleep(self.chance.uniform(0.5, LONGEST))
                wait_until(lambda n=before: len(self.recorder.acknowledged) > n, 20, 'B to go on')
                for name in broken:
                    self.lines[name].heal()
                time.sleep(self.chance.uniform(0, 1))
            self.end(load)


class Clocks(Two):
    @classmethod
    def make_world(cls):
        w = super().make_world()
        cls.clock = WrongClock(w)
        return w

    def set_ahead(self, seconds):
        """Of A's clock."""
        self.clock.set(seconds)
        self.assertAlmostEqual(self.clock.now() - time.time(), seconds, delta=30)

    def test_jumps(self):
        with self.beside() as other:
            load = [faults.Citizens(self.world, self.recorder, n=3, per_second=20), faults.Citizens(other, self.recorder, n=3, per_second=20),
                    faults.Workers(self.world, self.recorder, ['bram', 'daan']), faults.Workers(other, self.recorder, ['eva', 'kees'])]
            for i in range(JUMPS):
                self.set_ahead((3600, -86400, 86400, -3600, 0)[i % 5])
                before = len(self.recorder.acknowledged)
                wait_until(lambda n=before: len(self.recorder.acknowledged) > n + 10, 20, 'messages to be stored')
                time.sleep(self.chance.uniform(0.5, 2))
            self.set_ahead(0)
            ends = dict(self.world.psql('select state, count(*) from loket.offer group by state'))
            self.assertLessEqual(ends.get('expired', 0), sum(ends.values()) / 20, ends)
            self.end(load)


if __name__ == '__main__':
    unittest.main(verbosity=2)
