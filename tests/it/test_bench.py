#!/usr/bin/env python3
"""Each program of ./loket bench runs, at a size that says nothing about speed, and prints its table: what is used seldom breaks
unseen."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

BENCH = pathlib.Path(__file__).resolve().parent.parent / 'bench'
# what its table is to say; {} stands for a number above zero
TABLES = {
    'ingest': ('--seconds 0.3 --rounds 1 --connections 8 --paced 50 --no-peers', [
        'loketd: post, signature, case, queue, COMMIT, 200 *{}', 'pgbench: BEGIN.* {}', 'the same SQL, bare loop.* {}',
        'loketd at 50 a second: p50 {}', 'CPU of loketd a contact / a hello of evhttp .* {} ', 'posts not answered 200 *0.00 .*passed']),
    'api': ('--contacts 800 --seconds 0.3 --rounds 1 --connections 8 --writes 20 --articles 200 --no-peers', [
        'GET /v1/cases/[{]id[}] *{}', 'GET /v1/queue *{}', 'GET /v1/parties/[{]id[}] *{}', 'GET /v1/me *{}', '1,000 contacts, alone *{}', '[?]q=, alone *{}', 'by words, alone *{}', 'the same rows as a case.* {}',
        'POST /v1/offers/[{]id[}]/accept *{}', 'POST /v1/cases/[{]id[}]/replies *{}', 'POST /v1/cases/[{]id[}]/resolve *{}',
        'requests not answered 2xx *0.00 .*passed']),
    'growth': ('--sizes 400,800 --seconds 0.3 --rounds 1', [
        '400 contacts of history', '800 contacts of history', 'a case *{}', 'a page of the queue *{}', 'contacts stored *{}',
        'a case: pages at 800 / at 400 *{}']),
    'sse': ('--streams 50 --events 10 --offers 3 --rounds 1', [
        '50 event streams', 'one event to one agent *{}', 'one event to all *{}', 'post to offer, idle *{}', 'one commit *{}']),
    'decide': ('--waiting 2000 --agents 50 --rounds 200', ['contact side *{}', 'agent side *{}', 'all that waits is read']),
    'overload': ('--seconds 2 --rounds 1 --connections 8', [
        '0 connections', '8 connections: {} stored', 'me *n *{} *p50 *{} ms', 'accept *n *{} *p50 *{} ms']),
    'flush': ('--seconds 0.3 --rounds 1 --connections 8', [
        'commit_barrier off *{}', 'commit_barrier on *{}', 'rate, on / off *{}', 'posts not answered 200 *0.00 .*passed']),
    'channels': ('telegram --seconds 0.3 --rounds 1 --connections 8', ['telegram *{}']),
}


def run(name):
    done = subprocess.run([sys.executable, str(BENCH / f'bench_{name}.py'), *TABLES[name][0].split()], check=False, capture_output=True,
                          text=True, env=os.environ | {'ASAN_OPTIONS': 'detect_leaks=0'})
    return done.returncode, done.stdout, done.stderr


class Bench(unittest.TestCase):
    def test_tables(self):
        with concurrent.futures.ThreadPoolExecutor(3) as some:      # they wait most of the time
            runs = dict(zip(TABLES, some.map(run, TABLES)))
        for name, (code, out, err) in runs.items():
            with self.subTest(name):
                self.assertIn(code, (0, 1), err[-3000:])         # 1: a gate was missed, which says nothing here
                self.assertNotIn('Traceback', err)
                for line in TABLES[name][1]:
                    pattern = line.replace('{}', r'(?=[\d.,]*[1-9])[\d.,]+')
                    self.assertTrue(re.search(pattern, out), f'no "{line}" in\n{out}')

    def test_help(self):
        """./loket bench lists each by the first line of what it says about itself."""
        for path in sorted(BENCH.glob('bench_*.py')):
            with self.subTest(path.name):
                name = path.stem.removeprefix('bench_')
                done = subprocess.run([sys.executable, str(path), '--help'], check=True, capture_output=True, text=True)
                self.assertIn(f'./loket bench {name}', done.stdout)
                self.assertRegex(path.read_text().splitlines()[1], '^"""\\w')

    @unittest.skipUnless(shutil.which('node'), 'no node')
    def test_peers_are_javascript(self):
        for path in (BENCH / 'peer').glob('*.js'):
            subprocess.run(['node', '--check', str(path)], check=True)
        self.assertEqual(json.loads((BENCH / 'peer/package.json').read_text())['dependencies'],
                         json.loads((BENCH / 'peer/package-lock.json').read_text())['packages']['']['dependencies'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
