#!/usr/bin/env python3
"""The lines of the README work as they are pasted."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import ROOT  # noqa: E402


class Readme(world.LoketTest):
    def test_a_question_pasted(self):
        w = self.world
        (w.dir / 'demo.env').write_text(
            f"LOKET_URL={w.url}\nLOKET_PG='{w.servers.conninfo(w.database, 'loket')}'\nLOKET_REDIS={w.servers.redis_socket}\n"
            f"LOKET_AGENT_ANNA_TOKEN={w.tokens['anna']}\n"
            f"LOKET_SECRET_DORDRECHT_WHATSAPP={w.secrets['dordrecht-whatsapp']}\n")
        lines = re.search(r'^```sh\n(.*?)^```', (ROOT / 'README.md').read_text(), re.M | re.S)[1]
        done = subprocess.run(['sh', '-c', lines.replace('var/demo.env', './demo.env')], cwd=w.dir, check=False, timeout=60,
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
        done = subprocess.run(['sh', '-c', lines], cwd=self.world.dir, check=False, timeout=60, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done


if __name__ == '__main__':
    unittest.main(verbosity=2)
