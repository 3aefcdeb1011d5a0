#!/usr/bin/env python3
"""The lines of README.md and OPERATING.md work as they are pasted."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import LOKETD, ROOT  # noqa: E402


def lines_of(page):
    return re.findall(r'^```sh\n(.*?)^```', (ROOT / page).read_text(), re.M | re.S)


class Operating(world.LoketTest):
    """OPERATING.md, each block by itself; systemctl only says what it was asked."""

    def paste(self, w, lines, **more):
        bin_ = w.dir / 'bin'
        if not bin_.exists():
            bin_.mkdir()
            (bin_ / 'loketd').symlink_to(LOKETD)
            (bin_ / 'systemctl').write_text('#!/bin/sh\necho "systemctl $*"; [ "$2" != "$FAILS" ]\n')
            (bin_ / 'systemctl').chmod(0o755)
        lines = lines.replace('db=loket', f'db={w.database}')
        env = os.environ | {'PATH': f'{bin_}:{os.environ["PATH"]}', 'PGHOST': str(w.servers.dir), 'PGUSER': 'loket', 'LOKET_URL': w.url,
                            'LOKET_PG': w.servers.conninfo(w.database, 'loket'), 'LOKET_CONF': str(w.dir / 'loketd.conf'),
                            'LOKET_STATE': str(w.dir / 'state'), 'LOKET_LEAD_TOKEN': w.tokens['lead']} | more
        done = subprocess.run(['sh', '-e', '-c', lines], cwd=w.dir, check=False, timeout=100, capture_output=True, text=True, env=env)
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        return done.stdout

    def test_each_block(self):
        first, upgrade, *backup, watch = lines_of('OPERATING.md')
        empty = world.World(empty=True).start()
        self.addCleanup(empty.close)
        self.assertEqual(json.loads(self.paste(empty, first))['name'], 'Dordrecht')

        self.assertEqual(self.paste(self.world, upgrade), 'systemctl restart loketd@1\nsystemctl restart loketd@2\n')
        self.assertEqual(self.paste(self.world, upgrade, FAILS='loketd@1'), 'systemctl restart loketd@1\n')

        self.world.hook_whatsapp('Staat dit in de back-up?')
        said = self.paste(self.world, ''.join(backup)).splitlines()
        self.assertEqual(said[:len(said) // 2], said[len(said) // 2:])
        self.assertRegex(said[0], r'^[1-9]\d*\|[0-9a-f-]{36}$')

        said = self.paste(self.world, watch)
        self.assertIn('"status":"ready"', said)
        self.assertIn('loket_dispatching 1', said)
        self.assertIn('"balanced":true', said)

    def test_what_to_watch_exists(self):
        figures = self.world.api('GET', '/metrics').body.decode()
        for name in set(re.findall(r'`(loket_[a-z0-9_]+)`', (ROOT / 'OPERATING.md').read_text())) - {'loket_owner'}:
            self.assertRegex(figures, f'(?m)^# TYPE {name} ', name)


class Readme(world.LoketTest):
    def test_a_question_pasted(self):
        w = self.world
        (w.dir / 'demo.env').write_text(
            f"LOKET_URL={w.url}\nLOKET_PG='{w.servers.conninfo(w.database, 'loket')}'\nLOKET_REDIS={w.servers.redis_socket}\n"
            f"LOKET_AGENT_ANNA_TOKEN={w.tokens['anna']}\n"
            f"LOKET_SECRET_DORDRECHT_WHATSAPP={w.secrets['dordrecht-whatsapp']}\n")
        lines = re.search(r'^```sh\n(.*?)^```', (ROOT / 'README.md').read_text(), re.M | re.S)[1]
        done = subprocess.run(['sh', '-c', lines.replace('var/demo.env', './demo.env')], cwd=w.dir, check=False, timeout=100,
                              capture_output=True, text=True)
        self.assertEqual(done.stderr, '')
        self.assertRegex(done.stdout, r'(?s)"state":"ready".*\n200\n.*parkeervergunning.*"delivery":"queued"')
        self.assertIn(done.stdout.split()[-1], ('delivered', 'read'))

    def test_does_it_help(self):
        w = self.world
        report, replay = re.findall(r'^```sh\n(.*?)^```', (ROOT / 'README.md').read_text(), re.M | re.S)[1:3]
        done = self.paste(f"LOKET_URL={w.url} LOKET_LEAD_TOKEN={w.tokens['lead']}\n{report}")
        self.assertLessEqual({'ftf', 'control', 'firstTimeFix'}, set(json.loads(done.stdout)['total']))
        done = self.paste(replay.replace('./loket replay', f'{world.LOKETD} --config {w.dir}/loketd.conf --replay'))
        self.assertIn('decisions', done.stdout)

    def paste(self, lines):
        done = subprocess.run(['sh', '-c', lines], cwd=self.world.dir, check=False, timeout=100, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done


if __name__ == '__main__':
    unittest.main(verbosity=2)
