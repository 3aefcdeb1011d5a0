"""100 kill -9 of loketd, 20 crashes of PostgreSQL, 20 FLUSHALLs, under load: 0 acknowledged contacts lost, 0 doubled,
0 never offered (reliability.md F1, F4, F11). test_mutants.py shows that these tests notice."""
import os
import pathlib
import random
import signal
import sys
import time
import unittest

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402

AGENTS = ['bram', 'daan', 'eva', 'kees']
KILLS = int(os.environ.get('LOKET_KILLS', '100'))
CRASHES = int(os.environ.get('LOKET_CRASHES', '20'))
FLUSHES = int(os.environ.get('LOKET_FLUSHES', '20'))


def crash_before_commit(w):
    """PostgreSQL crashes with transactions under way for certain: what they write hangs on a lock, then all goes."""
    holder = psycopg2.connect(w.servers.conninfo(w.database, 'loket'))
    with holder.cursor() as cursor:
        cursor.execute('lock table loket.contact in exclusive mode')     # may be read, not written
        time.sleep(0.25)
        w.servers.pg_stop(signal.SIGQUIT)
    holder.close()


def forget_a_case(w):
    """A case that waits and that nobody told the dispatcher about: as when a process dies between COMMIT and telling."""
    w.psql("""update loket.case_file set state = 'queued', closed_at = null, outcome = null, owner = null
        where id = (select id from loket.case_file order by id limit 1)""")


class Faults(world.LoketTest):
    config = 'dispatch { offer_seconds = 3 sweep_seconds = 1 presence_seconds = 10 }'
    record = False

    def setUp(self):
        self.recorder = faults.Recorder()
        self.chance = random.Random(20261121)

    def end(self, citizens):
        """Stop the load, let agents finish, and ask the questions."""
        self.world.wait_ready()
        citizens.stop()
        workers = faults.Workers(self.world, self.recorder, AGENTS)
        left = faults.wait_all_served(self.world, 180)
        forget_a_case(self.world)
        left += faults.wait_all_served(self.world, 90)
        workers.stop()
        print(f'\n  {len(self.recorder.acknowledged)} acknowledged in {self.recorder.tries} tries, '
              f'{len(self.recorder.taken)} taken by agents', file=sys.stderr)
        self.assertEqual([], faults.violations(self.world, self.recorder))
        self.assertEqual((0, 0), (left, faults.never_offered(self.world)))
        self.assertGreater(len(self.recorder.acknowledged), 10)
        self.assertTrue(self.recorder.stale_tries)


class KillLoketd(Faults):
    def test_kill_9(self):
        citizens = faults.Citizens(self.world, self.recorder)
        workers = faults.Workers(self.world, self.recorder, AGENTS[:2])
        for _ in range(KILLS):
            if self.chance.random() < 0.7:
                self.world.wait_ready()
            time.sleep(self.chance.random() * 0.5)
            self.world.kill9()
            self.world.start(wait=False)
        self.world.wait_ready()
        workers.stop()
        self.end(citizens)


class CrashPostgres(Faults):
    fsync = True

    def test_crashes(self):
        citizens = faults.Citizens(self.world, self.recorder, n=10, per_second=100)
        for i in range(CRASHES):
            time.sleep(0.1 + self.chance.random() * 0.5)
            if i % 2:
                crash_before_commit(self.world)
            else:
                self.world.servers.pg_stop(signal.SIGQUIT)
            time.sleep(self.chance.random() * 0.2)
            self.world.servers.pg_start()
            world.wait_until(self.serves_again, 40, 'loketd to store again')
        self.end(citizens)

    def serves_again(self):
        return self.world.hook('dordrecht-whatsapp', world.whatsapp_body('Is er iemand? ' + os.urandom(8).hex(),
                                                                         wa_id='31600000000')).status == 200


class FlushRedis(Faults):
    def test_flushall(self):
        citizens = faults.Citizens(self.world, self.recorder)
        for _ in range(FLUSHES):
            time.sleep(0.05 + self.chance.random() * 0.3)
            self.world.redis('FLUSHALL')
        citizens.stop()
        world.wait_until(lambda: faults.queue_is_whole(self.world), 30, 'the queue in Redis to be whole again')
        self.end(citizens)


if __name__ == '__main__':
    unittest.main(verbosity=2)
