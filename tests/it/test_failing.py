#!/usr/bin/env python3
"""Without memory, and with reads and writes that fail: never a wrong answer, nothing lost, nothing doubled.

What cannot be had ends the process (lib/base/must.h) and it starts again; a body of a stranger's size is refused instead.
$LOKET_FAILING_ALL=1 has every allocation of every scenario fail in turn; without it one of each does.
"""
import contextlib
import errno
import json
import os
import pathlib
import random
import signal
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import servers  # noqa: E402
import world  # noqa: E402
from failing import FILES, HALF, MEMORY, READS, WRITES, Failing  # noqa: E402
from test_intake import Intake, envelope, message, new_number  # noqa: E402

LIBRARY = os.environ.get('LOKET_FAILING_LIBRARY', '')
ALL = bool(os.environ.get('LOKET_FAILING_ALL'))


class FailingTest(Intake):
    record = False

    @classmethod
    def make_world(cls):
        w = super().make_world()
        cls.failing = Failing(w, LIBRARY)
        return w

    def tearDown(self):
        self.failing.none()
        super().tearDown()


class Memory(FailingTest):
    """Each scenario is done once to count its allocations and to see its answer; then again with the n-th that fails."""

    def send(self, inbox='dordrecht-whatsapp', **more):
        m = message(f'Een vraag over mijn rijbewijs {uuid.uuid4().hex}', new_number(), **more)
        return self.world.hook(inbox, envelope([m], account=self.world.account(inbox)))

    def form(self):
        return self.world.hook_form({'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': {'bericht': 'Een vraag'}})

    def wrong_signature(self):
        return self.world.hook('dordrecht-whatsapp', envelope([message('x', new_number())]), secret='wrong')

    def large(self):
        return self.world.hook('dordrecht-whatsapp', envelope([message('x' * 1000, new_number()) for _ in range(100)]))

    def get(self, path, who='anna'):
        return self.world.api('GET', path, who)

    def typed_in(self):
        return self.world.api('POST', '/v1/contacts', 'anna', {
            'municipality': 'dordrecht', 'channel': 'counter', 'text': 'Aan de balie'}, {'Idempotency-Key': uuid.uuid4().hex})

    def scenarios(self):
        case = self.world.value("select id::text from loket.case_file order by id limit 1")
        return {
            'a message': self.send, 'a form': self.form, 'a bad signature': self.wrong_signature, 'a hundred messages': self.large,
            'me': lambda: self.get('/v1/me'), 'the queue': lambda: self.get('/v1/queue'),
            'a case': lambda: self.get('/v1/cases/' + case), 'cases': lambda: self.get('/v1/cases'),
            'metrics': lambda: self.get('/metrics', None), 'set-up': lambda: self.get('/v1/municipalities/dordrecht', 'admin'),
            'typed in': self.typed_in,
            'presence': lambda: self.world.api('PUT', '/v1/me/presence', 'anna', {'state': 'away', 'reason': 'pauze'}),
        }

    @staticmethod
    def shape(value):
        """What an answer says, without what differs each time: keys and types."""
        if isinstance(value, dict):
            return {k: Memory.shape(v) for k, v in value.items()}
        if isinstance(value, list):
            return [Memory.shape(v) for v in value[:1]]
        return type(value).__name__

    def ended(self):
        """Has it ended? Then only as we meant it to, or in hiredis, which writes what it had no room for."""
        if self.world.process.poll() is None:
            return False
        if ' in redisBufferWrite ' in (self.world.sanitizer_report() or ''):
            os.truncate(self.world.log_path, 0)
            return True
        self.assertEqual(-signal.SIGABRT, self.world.process.returncode, self.world.log()[-3000:])
        self.assertIsNone(self.world.sanitizer_report())
        return True

    def surely(self, do):
        """An answer, also when loketd is about to end by an allocation that failed after it had answered."""
        try:
            return do()
        except OSError:
            self.world.process.wait(60)
            self.assertTrue(self.ended())
            self.world.start()
            return do()

    def once(self, name, do, n, good):
        """With the n-th allocation failing; True when one did."""
        self.failing.next(MEMORY, n=n)
        answer = None
        with contextlib.suppress(OSError):
            answer = do()
        self.failing.none()
        failed = self.failing.failed
        if answer is not None and answer.status != good.status:
            self.assertEqual(503, answer.status, f'{name}, allocation {n}: {answer}')
        elif answer is not None and answer.body and answer.headers.get_content_subtype() == 'json':
            self.assertEqual(self.shape(good.json), self.shape(answer.json), f'{name}, allocation {n}')
        if answer is None:
            with contextlib.suppress(Exception):
                self.world.process.wait(60)
            self.assertTrue(self.ended(), f'{name}, allocation {n}: no answer, and it runs')
        if self.ended():
            self.world.start()
            self.assertEqual(good.status, self.surely(do).status, f'{name} again, allocation {n}')
        return failed

    def test_the_nth(self):
        self.send()
        chance, before = random.Random(7), self.world.value('select count(*) from loket.contact')
        for name, do in self.scenarios().items():
            self.surely(do)
            self.failing.next(MEMORY, n=1 << 40)
            good = do()
            seen = self.failing.seen
            self.assertLess(good.status, 500)
            with self.subTest(name, allocations=seen):
                for n in range(1, seen + 1) if ALL else [chance.randint(1, seen)]:
                    self.once(name, do, n, good)
        self.assertGreater(self.world.value('select count(*) from loket.contact'), before)

    def test_a_body_of_a_strangers_size(self):
        """What does not fit is refused, and the process lives."""
        self.surely(self.send)
        self.failing.next(MEMORY, n=1, every=1, least=1 << 20)
        answer = self.world.hook('dordrecht-whatsapp', b' ' * (3 << 20))
        self.failing.none()
        self.assertEqual(503, answer.status)
        self.assertIn('Retry-After', answer.headers)
        self.assertGreater(self.failing.failed, 0)
        self.assertIsNone(self.world.process.poll())
        self.assertEqual(200, self.send().status)


class ReadsAndWrites(FailingTest):
    """Under load, with a recorder outside: everything acknowledged is there, once."""

    def under_load(self, *plan, seconds=2, **more):
        recorder = faults.Recorder()
        people = faults.Citizens(self.world, recorder, n=4, per_second=60, text=f'Een vraag {plan}')
        agents = faults.Workers(self.world, recorder, ['anna', 'bram'])
        self.failing.next(*plan, **more)
        people.stopping.wait(seconds)
        failed = self.failing.failed
        self.failing.none()
        servers.wait_until(lambda: len(recorder.acknowledged) > 10, 60, f'contacts to be acknowledged, with {plan}')
        people.stop()
        agents.stop()
        agents = faults.Workers(self.world, recorder, ['anna', 'bram'])   # who had no answer looks what they have in hand
        self.assertEqual(0, faults.wait_all_served(self.world, 120))
        agents.stop()
        self.assertGreater(failed, 0, plan)
        self.assertEqual([], faults.violations(self.world, recorder))

    def test_short(self):
        self.under_load(READS, HALF, n=1, every=3)
        self.under_load(WRITES, HALF, n=1, every=3)

    def test_interrupted(self):
        self.under_load(READS, errno.EINTR, n=1, every=5)
        self.under_load(WRITES, errno.EAGAIN, n=1, every=5)

    def test_reset(self):
        """PostgreSQL, Redis and clients: whoever it hits."""
        self.under_load(READS, errno.ECONNRESET, n=20, every=61)
        self.under_load(WRITES, errno.ECONNRESET, n=20, every=67)


class FullDisk(FailingTest):
    config = 'log_level = "info"'

    def test_a_spool_that_is_full(self):
        """A form with a file has to come again, nothing else notices."""
        body = b'--x\r\nContent-Disposition: form-data; name="bestand"; filename="a.pdf"\r\n\r\n' + b'x' * (6 << 20) + b'\r\n--x--\r\n'
        for n in range(1, 6):
            self.failing.next(FILES, errno.ENOSPC, n=n, least=4096)
            answer = self.world.hook('dordrecht-webform', body, 'multipart/form-data; boundary=x')
            self.failing.none()
            self.assertEqual(503 if self.failing.failed else 422, answer.status, answer)
            self.assertTrue(self.failing.failed)
            self.post(envelope([message('Gewoon', self.wa)]))


if __name__ == '__main__':
    world.main()
