#!/usr/bin/env python3
"""Each fault of the table (tests/support/fault_table.py) once, while everybody works: nothing is lost, doubled, in two hands or
stuck. ./loket soak does it for hours."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'soak'))
import fault_table  # noqa: E402
import world  # noqa: E402
from slope import grows, slope  # noqa: E402
from town import Town  # noqa: E402

ACTS = {'reply': 0.5, 'decline': 0.1, 'ignore': 0.02, 'task': 0.05, 'transfer': 0.05, 'callback': 0.05, 'attempt': 0.3, 'stale': 0.1,
        'reopen': 0.03, 'vanish': 0.01}


class Faults(unittest.TestCase):
    def test_each_once(self):
        town = Town(seed=7).start()
        try:
            town.open(per_second=16, acts=ACTS)
            for name, kind in fault_table.table().items():
                fault = kind()
                if not fault.in_soak or fault.can(town):
                    continue
                with self.subTest(name):
                    time.sleep(town.chance.random() * 0.3)
                    fault.begin(town)
                    time.sleep(min(1, town.chance.uniform(*fault.lasts_s)))
                    fault.end(town)
                    town.goes_on(fault.goes_on_s)
                    self.assertEqual([], [*fault.holds(town), *town.look().lines()])
            found = town.rest(120)
            print(f'{len(town.recorder.acknowledged)} contacts and {len(town.recorder.calls)} calls acknowledged, '
                  f'{len(town.recorder.replies)} replies', end=' ', flush=True)
            self.assertEqual([], found.lines())
            self.assertGreater(len(town.recorder.acknowledged), 50)
            self.assertGreater(len(town.recorder.replies), 10)
            self.assertTrue(town.recorder.calls)
        finally:
            town.close()


class Slope(unittest.TestCase):
    def test_what_grows_and_what_does_not(self):
        wave = [(t, 50000 + 300 * (t % 7)) for t in range(1800)]
        self.assertFalse(grows(slope(wave), 1024))
        self.assertTrue(grows(slope([(t, kb + 3 * t) for t, kb in wave]), 1024))        # 10,800 kB an hour
        self.assertFalse(grows(slope([(t, kb - 3 * t) for t, kb in wave]), 1024))
        self.assertIsNone(slope(wave[:10]))


if __name__ == '__main__':
    world.main()
