#!/usr/bin/env python3
"""./loket demo as a stranger meets it: demo.env, the printed lines as pasted, restarts, two side by side, stop."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import ROOT, wait_until  # noqa: E402

KEYS = ['LOKET_URL', 'LOKET_PG', 'LOKET_REDIS', 'LOKET_ADMIN_TOKEN', 'LOKET_LEAD_TOKEN', 'LOKET_AGENT_ANNA_TOKEN',
        'LOKET_AGENT_BRAM_TOKEN', 'LOKET_COACH_CARLA_TOKEN', 'LOKET_WEBCARE_WIM_TOKEN', 'LOKET_INTEGRATION_TOKEN',
        *['LOKET_SECRET_' + i.upper().replace('-', '_') for i in world.inbox_ids()]]


def loket(*arguments):
    return subprocess.run([ROOT / 'loket', *arguments], check=False, capture_output=True, text=True, timeout=300)


def environment(folder):
    return dict(line.split('=', 1) for line in (folder / 'demo.env').read_text().splitlines())


def status(url, path='/readyz'):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=5)
    try:
        connection.request('GET', path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@unittest.skipUnless((ROOT / 'build-release/build.ninja').exists(), 'no release build: ./loket build makes it')
class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix='lokd', dir='/tmp'))
        cls.dir.chmod(0o755)
        cls.port = str(world.free_port())
        cls.first = cls.start()

    @classmethod
    def start(cls, *more):
        return loket('demo', '--no-install', '--detach', '--port', cls.port, '--dir', str(cls.dir), *more)

    @classmethod
    def tearDownClass(cls):
        loket('stop', '--dir', str(cls.dir))
        servers = pathlib.Path((cls.dir / 'servers').read_text().strip())
        shutil.rmtree(servers, ignore_errors=True)
        shutil.rmtree(cls.dir, ignore_errors=True)

    def test_1_it_started(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        env = environment(self.dir)
        self.assertEqual([k for k in KEYS if not env.get(k)], [])
        self.assertEqual(status(env['LOKET_URL']), 200)
        self.assertEqual(oct((self.dir / 'demo.env').stat().st_mode & 0o77), '0o0')

    def test_2_the_printed_lines_work_as_pasted(self):
        lines = [line for line in self.first.stdout.splitlines() if 'curl' in line or 'anna.sh' in line]
        self.assertEqual(len(lines), 3, self.first.stdout)
        out = [subprocess.run(['sh', '-c', line], check=False, capture_output=True, text=True, timeout=120, cwd='/').stdout
               for line in lines]
        self.assertIn('200', out[0])
        self.assertRegex(out[1], r'"product": ?"rijbewijs"')
        self.assertIn('offer.made', out[2])
        self.assertIn('"delivery": "delivered"', re.sub(r'"delivery":"', '"delivery": "', out[2]))
        self.assertRegex(out[2], r'/resolve -> 200')
        again = loket('replay', '--dir', str(self.dir))          # as it was decided, whatever the folder
        self.assertEqual((again.returncode, again.stderr), (0, ''))
        self.assertRegex(again.stdout, r'[1-9]\d* replayed: 0 \(0\.0 %\)')

    def test_2_the_lines_of_the_readme_work_as_pasted(self):
        block = re.search(r'## A question, pasted.*?```sh\n(.*?)```', (ROOT / 'README.md').read_text(), re.S)[1]
        self.assertIn('. var/demo.env\n', block)
        done = subprocess.run(['bash', '-c', block.replace('. var/demo.env\n', f'. {self.dir}/demo.env\n')], check=False,
                              capture_output=True, text=True, timeout=120, cwd=ROOT)
        self.assertIn('\n200\n', done.stdout, done.stderr)
        self.assertIn(done.stdout.splitlines()[-1], ('delivered', 'read'), done.stdout + done.stderr)

    def test_3_a_loketd_that_dies_is_started_again(self):
        env = environment(self.dir)
        servers = pathlib.Path((self.dir / 'servers').read_text().strip())
        pid = int((servers / 'loketd.pid').read_text())
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: (servers / 'loketd.pid').read_text().strip() not in ('', str(pid)), 10, 'another loketd')
        wait_until(lambda: status(env['LOKET_URL']) == 200, 10, 'readiness')

    def test_4_again_brings_up_what_is_missing_and_keeps_the_data(self):
        before = environment(self.dir)
        import psycopg2
        with psycopg2.connect(before['LOKET_PG']) as c:
            cursor = c.cursor()
            cursor.execute('select count(*) from loket.contact')
            n = cursor.fetchone()[0]
        c.close()
        self.assertGreater(n, 5)
        subprocess.run(['redis-cli', '-s', before['LOKET_REDIS'], 'shutdown', 'nosave'], check=False, capture_output=True)
        again = self.start()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(environment(self.dir), before)
        with psycopg2.connect(before['LOKET_PG']) as c:
            cursor = c.cursor()
            cursor.execute("select count(*) from loket.contact where direction = 'in'")
            self.assertLessEqual(cursor.fetchone()[0], n)
        c.close()
        self.assertEqual(status(before['LOKET_URL']), 200)

    def test_5_two_side_by_side_and_a_port_that_is_taken(self):
        other = pathlib.Path(tempfile.mkdtemp(prefix='lokd', dir='/tmp'))
        other.chmod(0o755)
        try:
            taken = loket('demo', '--no-install', '--detach', '--empty', '--port', self.port, '--dir', str(other))
            self.assertEqual(taken.returncode, 1)
            self.assertIn('is taken', taken.stderr)
            done = loket('demo', '--no-install', '--detach', '--empty', '--port', str(world.free_port()), '--dir', str(other))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(status(environment(other)['LOKET_URL']), 200)
            self.assertEqual(status(environment(self.dir)['LOKET_URL']), 200)
        finally:
            loket('stop', '--dir', str(other))
            shutil.rmtree(pathlib.Path((other / 'servers').read_text().strip()), ignore_errors=True)
            shutil.rmtree(other, ignore_errors=True)

    def test_6_stop_ends_it(self):
        env = environment(self.dir)
        self.assertEqual(loket('stop', '--dir', str(self.dir)).returncode, 0)
        self.assertEqual(status(env['LOKET_URL']), 0)
        self.assertFalse((self.dir / 'demo.env').exists())
        for folder in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                self.assertNotIn(str(self.dir).encode(), (folder / 'cmdline').read_bytes(), folder)
            except OSError:
                pass


if __name__ == '__main__':
    world.main()
