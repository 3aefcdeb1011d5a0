"""PostgreSQL fails over under load, to a standby that loketd's conninfo names as well (reliability.md F5): 0 acknowledged
contacts lost, 0 doubled, 0 with two owners when the standby is synchronous. The control, with an asynchronous one, must
lose: else the test would not see it. LOKET_FAILOVERS=50 for the full size."""
import os
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from pair import Pair  # noqa: E402
from servers import wait_until  # noqa: E402

AGENTS = ['bram', 'daan', 'eva', 'kees']
ROUNDS = int(os.environ.get('LOKET_FAILOVERS', '2'))


class Failover(world.LoketTest):
    config = 'dispatch { offer_seconds = 3 sweep_seconds = 1 presence_seconds = 10 }'
    record = False
    synchronous = True

    @classmethod
    def make_world(cls):
        cls.pair = Pair(cls.synchronous)
        cls.addClassCleanup(cls.pair.close)
        return world.World(cls.config, record=False, on=cls.pair)

    def setUp(self):
        self.recorder = faults.Recorder()
        self.chance = random.Random(20261122)

    def acknowledged(self):
        with self.recorder.lock:
            return len(self.recorder.acknowledged)

    def more(self, n, what):
        """Until n more were acknowledged."""
        before = self.acknowledged()
        wait_until(lambda: self.acknowledged() >= before + n, 40, what)


class Synchronous(Failover):
    def test_nothing_is_lost(self):
        citizens = faults.Citizens(self.world, self.recorder)
        workers = faults.Workers(self.world, self.recorder, AGENTS[:2])
        for i in range(ROUNDS):
            self.more(10, 'messages before the switch')
            if i % 2:
                self.pair.cut_off()             # what the primary takes from now on, the standby does not have
                time.sleep(self.chance.random() * 0.5)
            self.pair.fail_over()
            began = time.monotonic()
            self.more(1, 'the first message after the switch')
            print(f'stored again {time.monotonic() - began:.2f} s after the promotion', end=' ', flush=True)
            self.pair.rejoin()
        workers.stop()
        self.end(citizens)

    def end(self, citizens):
        self.world.wait_ready()
        citizens.stop()
        workers = faults.Workers(self.world, self.recorder, AGENTS)
        left = faults.wait_all_served(self.world, 90)
        workers.stop()
        self.assertEqual([], faults.violations(self.world, self.recorder))
        self.assertEqual((0, 0), (left, faults.never_offered(self.world)))
        self.assertTrue(self.recorder.stale_tries)


class Asynchronous(Failover):
    """The control. What is asked here is not that it loses, but that these tests would see it."""
    synchronous = False

    def test_loss_is_seen(self):
        lead = self.world.events('lead')
        citizens = faults.Citizens(self.world, self.recorder)
        self.more(10, 'messages before the switch')
        self.pair.cut_off()
        self.more(60, 'messages that only the primary has')
        self.pair.fail_over()
        lead.wait('resync', timeout=30)         # ids of notices come a second time
        self.more(5, 'messages after the switch')
        citizens.stop()
        found = faults.violations(self.world, self.recorder)
        self.assertTrue(any(f.startswith('acknowledged and lost') for f in found), found)


if __name__ == '__main__':
    unittest.main(verbosity=2)
