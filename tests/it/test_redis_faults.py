"""Redis fails over, is full or frozen (reliability.md F12-F14): it is never the truth, so nothing is lost and nobody has two
owners; without it loketd works from PostgreSQL. LOKET_REDIS_FAILOVERS=50 for the full size."""
import os
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from redis_pair import RedisPair  # noqa: E402
from servers import wait_until  # noqa: E402

AGENTS = ['bram', 'daan', 'eva', 'kees']
ROUNDS = int(os.environ.get('LOKET_REDIS_FAILOVERS', '2'))


class Redis(world.LoketTest):
    config = 'dispatch { offer_seconds = 3 sweep_seconds = 1 presence_seconds = 10 }'
    record = False

    def up(self):
        return b'\nloket_redis_up 1\n' in self.world.request('GET', '/metrics').body

    def waiting(self):
        answer = self.world.api('GET', '/v1/queue', 'lead')
        self.assertEqual(answer.status, 200, answer)
        return answer.json['waiting']

    def queued(self):
        return self.world.value("select count(*) from loket.case_file where state = 'queued'")


class Failover(Redis):
    @classmethod
    def make_world(cls):
        w = super().make_world()
        cls.pair = RedisPair(w.servers)
        cls.addClassCleanup(cls.pair.close)
        w.redis_address = cls.pair.address
        return w

    def on_the_master(self):
        return self.up() and self.pair.ask(self.pair.master(), 'EXISTS', 'loket:queue:whole') == 1

    def test_by_sentinel(self):
        wait_until(self.on_the_master, 20, 'the queue in Redis')
        recorder = faults.Recorder()
        citizens = faults.Citizens(self.world, recorder)
        workers = faults.Workers(self.world, recorder, AGENTS)
        for i in range(ROUNDS):
            how = (signal.SIGSTOP, signal.SIGKILL)[i % 2]
            old = self.pair.fail_over(how)
            self.pair.back(old, how)
            wait_until(self.on_the_master, 30, 'the queue on the new master')
        citizens.stop()
        left = faults.wait_all_served(self.world, 120)
        workers.stop()
        self.assertEqual([], faults.violations(self.world, recorder))
        self.assertEqual((0, 0), (left, faults.never_offered(self.world)))
        wait_until(lambda: self.pair.ask(self.pair.master(), 'ZCARD', 'loket:queue') == self.queued(), 20, 'the queue to be right')


class Server(Redis):
    def tearDown(self):
        self.world.redis('CONFIG', 'SET', 'maxmemory', '0')
        self.world.redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')

    def test_full(self):
        """It takes no more writes: the queue is read from PostgreSQL, and built anew when there is room."""
        wait_until(self.up, 10, 'Redis')
        self.world.redis('CONFIG', 'SET', 'maxmemory', '100kb')
        self.world.hook_whatsapp('Past dit nog?', wa_id='31612340001')
        wait_until(lambda: not self.up(), 20, 'loketd to see that it is full')
        self.assertIn('why="OOM"', self.world.log())
        self.assertEqual(self.waiting(), self.queued())
        self.assertIn('redis', self.world.api('GET', '/readyz').json['degraded'])
        self.world.hook_whatsapp('En dit?', wa_id='31612340002')
        self.assertEqual(self.waiting(), self.queued())
        self.world.redis('CONFIG', 'SET', 'maxmemory', '0')
        wait_until(self.up, 20, 'loketd to see that there is room')
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == self.queued(), 20, 'the queue in Redis')

    def test_one_that_evicts_is_told_of(self):
        self.assertNotIn('redis.evicts', self.world.log())
        self.world.redis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
        self.world.redis('CONFIG', 'SET', 'maxmemory', '100mb')
        self.world.restart()
        wait_until(lambda: 'redis.evicts' in self.world.log(), 10, 'the warning')

    def test_frozen(self):
        """Citizens and agents do not wait for it; who reads the queue waits once."""
        wait_until(self.up, 10, 'Redis')
        self.world.servers.redis.send_signal(signal.SIGSTOP)
        try:
            began, slowest = time.monotonic(), 0
            while time.monotonic() - began < 4:
                at = time.monotonic()
                self.world.hook_whatsapp('Staat alles stil?', wa_id='31612340003')
                self.assertEqual(self.world.api('GET', '/v1/me', 'anna').status, 200)
                slowest = max(slowest, time.monotonic() - at)
            wait_until(lambda: not self.up(), 10, 'loketd to go on without')
            print(f'a post and a read took {slowest:.2f} s at most', end=' ')
            self.assertLess(slowest, 4)             # nobody waited for a command to Redis to time out, as who reads the queue does
            self.assertEqual(self.waiting(), self.queued())
        finally:
            self.world.servers.redis.send_signal(signal.SIGCONT)
        wait_until(self.up, 20, 'Redis')
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == self.queued(), 20, 'the queue in Redis')


if __name__ == '__main__':
    unittest.main(verbosity=2)
