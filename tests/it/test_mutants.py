"""Would the tests notice? A loketd with one seeded mistake at a time (daemon/mutant.h): each must be found by the
questions that test_faults.py asks, where without a mistake nothing may be found, or make a test of another file fail,
which passes there. $LOKETD is the mutants' build, $HTTP_PROBE that of the probe."""
import functools
import os
import pathlib
import re
import signal
import sys
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import faults  # noqa: E402
import servers  # noqa: E402
import test_access  # noqa: E402
import test_automatic  # noqa: E402
import test_calls_property  # noqa: E402
import test_dispatch_faults  # noqa: E402
import test_faults  # noqa: E402
import test_http  # noqa: E402
import test_intake  # noqa: E402
import test_option0_rules  # noqa: E402
import test_outbox  # noqa: E402
import test_work  # noqa: E402
import world  # noqa: E402


def short_form(mutant):
    """Duplicates, crashes of PostgreSQL with work under way, stale writes, a lost nudge, FLUSHALL: what was found."""
    w = world.World(test_faults.Faults.config, fsync=True, record=False,
                    environment={'LOKET_MUTANT': mutant} if mutant else None)
    try:
        w.start()
        recorder = faults.Recorder()
        citizens = faults.Citizens(w, recorder, n=4, per_second=40)
        for _ in range(3):
            time.sleep(0.4)
            test_faults.crash_before_commit(w)
            w.servers.pg_start()
            w.wait_ready()
        citizens.stop()
        found = []
        w.redis('FLUSHALL')
        if not servers.within(servers.PATIENCE, lambda: faults.queue_is_whole(w)):
            found.append('the queue in Redis does not come back')
        workers = faults.Workers(w, recorder, test_faults.AGENTS)
        faults.wait_all_served(w, 20 if mutant else servers.PATIENCE)
        test_faults.forget_a_case(w)
        left = faults.wait_all_served(w, 12 if mutant else servers.PATIENCE)
        workers.stop()
        if left:
            found.append('a forgotten case is not found')
        return found + faults.violations(w, recorder)
    finally:
        w.close()


def crashes_of_lazy_commits(mutant):
    """PostgreSQL crashes while batches commit without waiting for the disk: what was found."""
    w = world.World('intake { commit_barrier = on }', fsync=True, record=False,
                    environment={'LOKET_MUTANT': mutant} if mutant else None)
    try:
        w.start()
        recorder = faults.Recorder()
        citizens = faults.Citizens(w, recorder, n=10, per_second=200)
        for _ in range(4):
            before = len(recorder.acknowledged)
            world.wait_until(lambda before=before: len(recorder.acknowledged) > before + 20, 40, 'loketd to store')
            w.servers.pg_stop(signal.SIGQUIT)
            w.servers.pg_start()
        w.wait_ready()
        citizens.stop()
        return faults.violations(w, recorder)
    finally:
        w.close()


class Mutants(unittest.TestCase):
    def test_control(self):
        self.assertEqual([], short_form(None))

    def test_answer_before_commit(self):
        self.found('answer_before_commit', 'acknowledged and lost')

    def test_no_barrier(self):
        self.assertEqual([], crashes_of_lazy_commits(None))
        for _ in range(3):           # somebody else's commit may have just taken all before it to the disk
            found = crashes_of_lazy_commits('no_barrier')
            if found:
                break
        self.assertTrue(any('acknowledged and lost' in f for f in found), found)

    def test_no_unique_key(self):
        self.found('no_unique_key', 'stored twice')

    def test_no_epoch_check(self):
        self.found('no_epoch_check', 'writes with a stale epoch')

    def test_no_sweep(self):
        self.found('no_sweep', 'a forgotten case is not found')

    def test_menu_after_option0(self):
        for mutant, menus in ((None, 0), ('menu_after_option0', 1)):
            w = world.World(record=False, environment={'LOKET_MUTANT': mutant} if mutant else None)
            try:
                w.start()
                self.assertEqual(test_automatic.say_menu_after_option0(w), menus, mutant)
            finally:
                w.close()

    def test_option0(self):
        """What test_option0_rules finds when everybody does something at once."""
        for mutant, what in (('option0_stays', 'somebody who is no coach'), ('menu_after_option0', 'a menu was said')):
            w = world.World(test_option0_rules.Rules.config, record=False, environment={'LOKET_MUTANT': mutant})
            try:
                w.start()
                found = []
                for seed in range(4):            # chance decides what comes together
                    found += test_option0_rules.Play(w, seed).run()
                    if any(what in f for f in found):
                        break
                else:
                    self.fail(f'{mutant} was not noticed; found: {found}')
            finally:
                w.close()

    def test_no_promise(self):
        w = world.World(test_calls_property.CONFIG, record=False, environment={'LOKET_MUTANT': 'no_promise'})
        try:
            w.start()
            found = []
            for seed in range(1, 5):            # chance decides who is there when
                found += test_calls_property.Play(w, seed, 80).run()
                if any('nobody calls' in f for f in found):
                    break
            else:
                self.fail(f'no_promise was not noticed; found: {found}')
        finally:
            w.close()

    def test_no_signature(self):
        self.fails(test_intake.DeadLetters, 'test_a_bad_signature_is_nothing', 'no_signature', '401 != 200')

    def test_no_audit(self):
        self.fails(test_work.Rights, 'test_every_look_is_recorded', 'no_audit', "'case.read'. not found")

    def test_done_before_send(self):
        self.fails(test_outbox.Death, 'test_uncertain_and_never_sent_twice', 'done_before_send', "delivery is .'sent'")

    def test_no_null_check(self):
        self.fails(test_dispatch_faults.Faults, 'test_redis_killed_with_work_under_way', 'no_null_check',
                   'null pointer|ended with')

    def test_no_guard(self):
        class Impatient(test_http.Framing):     # what should be closed stays open
            def setUp(self):
                super().setUp()
                self.probe.connect = functools.partial(self.probe.connect, timeout=2)
        self.fails(Impatient, 'test_e06_host', 'no_guard', 'timed out')

    def test_no_row_level_security(self):
        class Loose(test_access.PostgreSQL):
            @classmethod
            def setUpClass(cls):
                super().setUpClass()
                cls.world.psql('alter table loket.contact disable row level security')
        self.fails(Loose, 'test_no_row_of_another_municipality', None, 'contact: ')

    def fails(self, case, method, mutant, what):
        """A test that is there, against the mutant: it fails, and says what."""
        environment = {'LOKET_MUTANT': mutant} if mutant else {}
        against = type(case.__name__, (case,), {'environment': environment, 'record': False})
        result = unittest.TestResult()
        with unittest.mock.patch.dict(os.environ, environment), unittest.mock.patch.object(servers, 'PATIENCE', 10):
            unittest.TestSuite([against(method)]).run(result)
        said = [text for _, text in result.failures + result.errors]
        self.assertEqual(result.testsRun, 1, said)
        self.assertTrue(any(re.search(what, text) for text in said), f'{mutant} was not noticed: {said}')

    def found(self, mutant, what):
        found = short_form(mutant)
        self.assertTrue(any(what in f for f in found), f'{mutant} was not noticed; found: {found}')


if __name__ == '__main__':
    unittest.main(verbosity=2)
