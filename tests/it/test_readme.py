#!/usr/bin/env python3
"""The lines of the README work as they are pasted."""
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


if __name__ == '__main__':
    unittest.main(verbosity=2)
