"""Where PostgreSQL flushes slowly, batches commit without waiting and share a flush (daemon/barrier.h): found by
measuring, nobody hears of anything before it is durable, and crashes lose nothing. test_mutants.py leaves the barrier out."""
import concurrent.futures
import os
import pathlib
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from servers import Servers, wait_until  # noqa: E402

Servers.slow_flush = True
CRASHES = int(os.environ.get('LOKET_CRASHES', '5'))


class Barrier(world.LoketTest):
    fsync = True
    record = False

    def say(self, text='Is er iemand?', message_id=None):
        return self.world.hook('dordrecht-whatsapp', world.whatsapp_body(text, message_id=message_id), timeout=90).status

    def metric(self, name):
        text = self.world.request('GET', '/metrics').body.decode()
        return int(re.search(rf'^{name} (\d+)', text, re.M)[1])

    def shares(self):
        """Did what is said now wait for a barrier?"""
        before = self.metric('loket_pg_barriers_total')
        self.assertEqual(200, self.say())
        return self.metric('loket_pg_barriers_total') > before

    def tearDown(self):
        self.world.servers.flush_takes(None)


class Measured(Barrier):
    def test_found_and_left(self):
        self.world.servers.flush_takes(20)
        wait_until(self.shares, 60, 'the slow disk to be noticed')
        self.assertGreater(self.metric('loket_pg_flush_microseconds'), 15000)
        self.world.servers.flush_takes(0)
        wait_until(lambda: not self.shares(), 60, 'the fast disk to be noticed')


class Durable(Barrier):
    config = 'intake { commit_barrier = on }\nhttp { answer_ms = 90000 }'

    def stored(self, message_id):
        return self.world.value('select count(*) from loket.contact where provider_id = %s', [message_id])

    def test_nobody_hears_before(self):
        """It is stored, and seen, and neither it nor what comes again is answered 2xx: then PostgreSQL crashes."""
        self.assertEqual(200, self.say())
        self.world.servers.flush_takes(60000)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(self.say, 'Hallo', 'wamid.lazy')]
            wait_until(lambda: self.stored('wamid.lazy'), 20, 'the message to be committed')
            answers.append(pool.submit(self.say, 'Hallo', 'wamid.lazy'))
            wait_until(lambda: self.world.value("select count(*) from pg_stat_activity where query like '%%pg_logical_emit%%' "
                                                "and state = 'active' and pid <> pg_backend_pid()") == 2, 20, 'both to wait')
            self.assertFalse(any(a.done() for a in answers))
            self.world.servers.pg_stop(signal.SIGQUIT)
            self.assertEqual({503}, {a.result() for a in answers})
        self.world.servers.flush_takes(None)
        self.world.servers.pg_start()
        wait_until(lambda: self.say('Hallo', 'wamid.lazy') == 200, 40, 'loketd to store again')
        self.assertEqual(1, self.stored('wamid.lazy'))

    def test_crashes(self):
        """PostgreSQL crashes under load, with a slow disk: what was answered 2xx is there."""
        self.world.servers.flush_takes(5)
        recorder = faults.Recorder()
        citizens = faults.Citizens(self.world, recorder, n=10, per_second=100)
        for _ in range(CRASHES):
            before = len(recorder.acknowledged)
            wait_until(lambda before=before: len(recorder.acknowledged) > before + 20, 40, 'loketd to store')
            self.world.servers.pg_stop(signal.SIGQUIT)
            self.world.servers.pg_start()
        self.world.wait_ready()
        citizens.stop()
        self.assertGreater(self.metric('loket_pg_barriers_total'), CRASHES)
        self.assertEqual([], faults.violations(self.world, recorder))


if __name__ == '__main__':
    world.main()
