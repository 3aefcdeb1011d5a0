#!/usr/bin/env python3
"""test_sim.py ROUTING_SIM - the simulator against formulas, and a small acceptance row; fixed seeds, always the same"""
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from acceptance import BASE, compare  # noqa: E402
from exact import erlang_a, erlang_c  # noqa: E402
from intervals import apart, interval, t_quantile  # noqa: E402
from picture import picture  # noqa: E402
from report import table  # noqa: E402
from runs import one_run  # noqa: E402
from validation import is_inside, validate  # noqa: E402

SIM = sys.argv.pop(1)
DEAF = 'ftf:priorWeight=1000:priorSpread=1000'          # hears of outcomes and learns next to nothing


class Formulas(unittest.TestCase):
    def test_one_server_is_m_m_1(self):
        self.assertAlmostEqual(erlang_c(1, 0.8 / 300, 300), 0.8 / 0.2 * 300, places=6)

    def test_patience_as_long_as_work_is_as_many_servers_as_callers(self):
        """Then everybody leaves at the same rate: how many are there is Poisson."""
        n, offered = 5, 4.0
        queue = sum((k - n) * math.exp(-offered) * offered ** k / math.factorial(k) for k in range(n + 1, 80))
        wait, gone = erlang_a(n, offered / 300, 300, 300)
        self.assertAlmostEqual(wait, queue * 300 / offered, places=6)
        self.assertAlmostEqual(gone, queue / offered, places=9)

    def test_quantiles_of_t(self):
        for degrees, expected in ((1, 12.7062), (2, 4.3027), (7, 2.3646), (30, 2.0423)):
            self.assertAlmostEqual(t_quantile(degrees), expected, places=4)

    def test_difference_of_means(self):
        difference, width = apart([1, 2, 3, 4], [2, 3, 4, 5])
        self.assertAlmostEqual(difference, -1)
        self.assertAlmostEqual(width, t_quantile(6) * math.sqrt(2 * (5 / 3) / 4))


class Validation(unittest.TestCase):
    def test_plain_queues(self):
        cases = [(10, 0.8, 0, 1.0), (10, 0.9, 120, 1.0), (10, 0.8, 0, 0.75)]
        for row in validate(SIM, cases, range(1, 9), days=40, warm=10, jobs=2, inside=0.99):
            with self.subTest(row['case']):
                self.assertTrue(is_inside(row['wait'], row['simulatedWait']), row)
                self.assertTrue(is_inside(row['abandoned'], row['simulatedAbandoned']), row)
                self.assertLess(row['simulatedWait'][1], 0.2 * row['wait'], 'too wide to say anything')


class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.row = compare(SIM, [{'agents': 40, 'load': 0.85, 'days': 20, 'warm': 10}], [BASE, 'ftf', DEAF],
                          [range(1001, 1003)], 2)[0]

    def gain(self, policy):
        return 100 * interval(self.row.gains(policy, 'ftf'))[0]

    def test_fixes_more_and_waits_less(self):
        self.assertGreater(self.gain('ftf'), 2)
        for name in ('liveWait', 'abandoned', 'abandonedHardest6', 'repeats'):
            self.assertLess(max(self.row.gains('ftf', name)), 0, name)

    def test_it_is_learning_that_does_it(self):
        self.assertLess(self.gain(DEAF), self.gain('ftf') - 0.5)

    def test_hard_rules(self):
        self.assertEqual(max(self.row.values(BASE, 'unskilled')), 0)
        self.assertLess(max(self.row.values('ftf', 'unskilled')), 0.005)

    def test_table_and_picture(self):
        self.assertEqual(len(table(self.row).splitlines()), 4 + 3)
        drawn = picture([self.row])
        self.assertEqual(drawn.count('<circle'), 3 + 6 * 3)


class Runs(unittest.TestCase):
    def test_same_seed_same_figures(self):
        options = {'agents': 15, 'days': 4, 'warm': 1, 'seed': 7, 'policy': 'ftf', 'expect': True}
        first = one_run(SIM, options)
        self.assertEqual(first, one_run(SIM, options))
        self.assertNotEqual(first, one_run(SIM, {**options, 'seed': 8}))

    def test_told_waits(self):
        run = one_run(SIM, {'agents': 15, 'days': 4, 'warm': 1, 'policy': 'skills-fifo', 'expect': True})
        for estimator in ('lastTen', 'expect'):
            told = run['told'][estimator]
            self.assertGreater(told['callers'], 100)
            self.assertTrue(0 < told['within30'] < 1)
        self.assertGreater(told['keptAll'], 0.85)
        self.assertLess(told['limit'], 10 * told['waited'], 'a limit that says nothing')

    def test_futures_are_like_what_comes(self):
        """Nobody gives up and work is exponential: what those tried would wait is what all wait, and of one agent
        with k ahead that is Erlang's, of which a point is within 30 % for 22 % (k = 0), 33 % (1), 40 % (2), …"""
        run = one_run(SIM, {'agents': 1, 'load': 0.5, 'work': 60, 'days': 22, 'warm': 2, 'plain': True, 'expect': True,
                            'policy': 'skills-fifo', 'futures': 20, 'every': 50})
        told = run['told']
        self.assertAlmostEqual(told['futuresWaited'] / told['expect']['waited'], 1, delta=0.25)
        self.assertAlmostEqual(told['known']['futures30'], 0.29, delta=0.1)
        self.assertAlmostEqual(told['known']['futuresKept'], 0.85, delta=0.08)
        self.assertLess(told['expect']['futures30'], told['best30'])

    def test_futures_leave_the_run_as_it_was(self):
        options = {'agents': 15, 'days': 3, 'warm': 1, 'policy': 'ftf', 'expect': True}
        run, tried = one_run(SIM, options), one_run(SIM, {**options, 'futures': 2, 'every': 200})
        self.assertIn('known', tried['told'])
        self.assertEqual(run['told']['expect']['within30'], tried['told']['expect']['within30'])

    def test_nonsense_is_refused(self):
        for options in ({'policy': 'best'}, {'agents': 0}, {'policy': 'ftf:advantage=-1'}, {'policy': 'ftf:unknown=1'}):
            with self.subTest(options), self.assertRaises(RuntimeError):
                one_run(SIM, options)


if __name__ == '__main__':
    unittest.main()
