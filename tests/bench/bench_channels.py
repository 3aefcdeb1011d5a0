#!/usr/bin/env python3
"""contacts stored a second for every provider that posts, beside WhatsApp

    ./loket bench channels [NAME…] [--seconds 1] [--rounds 5] [--connections 64] [--json]

Each provider's posts are tests/bench/channels/NAME.in, signed as it signs, all with the same text. WhatsApp runs again after
each; a provider's ratio is to the WhatsApp before and after it, and the median of the rounds is shown. Gate: no provider
below half of WhatsApp's rate. All answers must be 2xx and every post one contact, or the run fails.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / 'support'))
from measuring import POSTGRES, cpu_seconds, say  # noqa: E402
from servers import LOKETD, Servers  # noqa: E402
from world import NO_BUDGETS, World  # noqa: E402

EXAMPLES = HERE / 'channels'
LEFT_OUT = {'mastodon', 'phone'}  # nobody posts, we ask; a call is no message
SECRET = 'geheim-van-de-meting'
BASE, GATE, REGULARS = 'whatsapp', 0.5, 1000


def providers():
    known = set(re.findall(r'^CHANNEL\((\w+)\)', (ROOT / 'lib/channel/channels.def').read_text(), re.M)) - LEFT_OUT
    missing = sorted(p for p in known if not (EXAMPLES / f'{p}.in').exists())
    if missing:
        sys.exit(f'no example to measure with: {", ".join(f"tests/bench/channels/{p}.in" for p in missing)}')
    return sorted(known)


def directives(provider):
    head = (EXAMPLES / f'{provider}.in').read_text().split('\n\n', 1)[0]
    return dict(re.findall(r'^@(\w+): (.*)$', head, re.M))


class Bench:
    def __init__(self, options):
        self.options = options
        folder = pathlib.Path(LOKETD).resolve().parent.parent
        subprocess.run(['ninja', '-C', folder, 'tests/bench/load'], check=True, stdout=subprocess.DEVNULL)
        self.load = folder / 'tests/bench/load'
        self.measured = [p for p in providers() if p != BASE and (not options.names or p in options.names)]
        Servers.settings = POSTGRES
        self.world = World('log_level = "warning"\n' + NO_BUDGETS, fsync=True, record=False)
        for provider in (*self.measured, BASE):
            self.set_up(provider)
        self.world.start()
        self.serial = int(time.time()) % 80000

    def set_up(self, provider):
        """An inbox of its own."""
        d = directives(provider)
        self.world.psql("insert into loket.inbox (id, municipality, channel, provider, account, settings) "
                        "values (%s, 'dordrecht', %s, %s, %s, %s)",
                        [f'bench-{provider}', d.get('channel', provider), provider, d.get('account'), d.get('settings', '{}')])
        self.world.psql("insert into loket.inbox_secret (inbox, kind, value) values (%s, 'secret', %s)", [f'bench-{provider}', SECRET])

    def stored(self, provider):
        return self.world.value("select count(*) from loket.contact where inbox = %s and direction = 'in'", [f'bench-{provider}'])

    def run(self, provider, seconds):
        self.serial += 1
        before, cpu = self.stored(provider), cpu_seconds(self.world.process.pid)
        words = [self.load, self.world.port, f'bench-{provider}', provider, EXAMPLES / f'{provider}.in', SECRET,
                 self.options.connections, seconds, REGULARS, self.serial]
        done = subprocess.run([str(w) for w in words], check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{provider}: {done.stderr}\n{self.world.log()[-2000:]}')
        r = json.loads(done.stdout)
        cpu = cpu_seconds(self.world.process.pid) - cpu
        stored = self.stored(provider) - before
        if r['failed'] or stored != r['n']:
            sys.exit(f'{provider}: {r["n"]} answered 2xx, {r["failed"]} otherwise, but {stored} contacts stored')
        return {'rate': stored / r['seconds'], 'cpu_us': cpu / max(1, stored) * 1e6, 'p99_ms': r['p99_us'] / 1000}

    def round(self):
        """{provider: what was measured}, with its ratios to WhatsApp's before and after it."""
        out, around = {}, [self.run(BASE, self.options.seconds)]
        for provider in self.measured:
            r = out[provider] = self.run(provider, self.options.seconds)
            around.append(self.run(BASE, self.options.seconds))
            before, after = around[-2:]
            r['ratio'] = r['rate'] * 2 / (before['rate'] + after['rate'])
            r['cpu_ratio'] = r['cpu_us'] * 2 / (before['cpu_us'] + after['cpu_us'])
            say(f'  {provider:12} {r["rate"]:6,.0f}/s, {BASE} {before["rate"]:6,.0f} and {after["rate"]:6,.0f}/s: {r["ratio"]:.2f}')
        out[BASE] = {k: statistics.mean(r[k] for r in around) for k in around[0]} | {'ratio': 1.0, 'cpu_ratio': 1.0}
        return out

    def measure(self):
        say('warming up (a new cluster fills its WAL, every inbox its first cases) …')
        for provider in (*self.measured, BASE):
            self.run(provider, self.options.seconds)
        self.world.psql('analyze')
        self.world.servers.query('checkpoint')
        rounds = []
        for i in range(self.options.rounds):
            say(f'round {i + 1} of {self.options.rounds}')
            rounds.append(self.round())
        return rounds

    def result(self, rounds):
        rows = {p: {k: round(statistics.median(r[p][k] for r in rounds), 2) for k in rounds[0][p]} for p in rounds[0]}
        slow = sorted(p for p, r in rows.items() if r['ratio'] < GATE)
        return {'channels': rows, 'gate': GATE, 'passed': not slow, 'slow': slow, 'not_posted': sorted(LEFT_OUT),
                'connections': self.options.connections, 'rounds': self.options.rounds, 'seconds': self.options.seconds,
                'load': os.getloadavg()[0]}


def show(r):
    print(f'durable contacts a second, {r["connections"]} connections, median of {r["rounds"]} rounds of {r["seconds"]} s')
    print(f'  {"":14}{"contacts/s":>11}{"of WhatsApp":>13}{"CPU, µs each":>14}{"of WhatsApp":>13}{"p99, ms":>9}')
    for name, row in sorted(r['channels'].items(), key=lambda i: -i[1]['ratio']):
        print(f'  {name:14}{row["rate"]:11,.0f}{row["ratio"]:13.2f}{row["cpu_us"]:14,.0f}{row["cpu_ratio"]:13.2f}{row["p99_ms"]:9.1f}'
              + ('  MISSED' if name in r['slow'] else ''))
    print(f'  gate: no channel below {r["gate"]} of WhatsApp\'s rate: ' + ('passed' if r['passed'] else 'MISSED'))
    print(f'  no messages are posted there, so not measured: {", ".join(r["not_posted"])}')
    if r['load'] > os.cpu_count() + 3:
        print(f'  (other work was going on: load {r["load"]:.1f}; measure again when it is quiet)')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('names', nargs='*', metavar='NAME', help='only these providers (and WhatsApp)')
    p.add_argument('--seconds', type=float, default=1)
    p.add_argument('--rounds', type=int, default=5)
    p.add_argument('--connections', type=int, default=64)
    p.add_argument('--json', action='store_true')
    bench = Bench(p.parse_args())
    try:
        r = bench.result(bench.measure())
    finally:
        bench.world.close()
    print(json.dumps(r, indent=1)) if bench.options.json else show(r)
    sys.exit(0 if r['passed'] else 1)


main()
