import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import standin  # noqa: E402

if len(sys.argv) != 2:
    sys.exit(standin.__doc__)
with open(sys.argv[1]) as f:
    c = json.load(f)
standin.StandIn(standin.accounts_of(c['accounts'], c['hooks'], c['secrets'], c['token']), c['port'],
                c.get('delay', 0.5), c['smtp_port']).serve_forever()
