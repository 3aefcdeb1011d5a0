#!/usr/bin/env python3
"""contacts a second where a flush takes long: batches that share one, beside batches that each wait for their own

    ./loket bench flush [--ms 2] [--seconds 4] [--rounds 3] [--connections 256] [--json]

The disk is that of this machine, and each flush takes so many milliseconds more (tests/support/slow_flush.c). loketd with
commit_barrier off and on in turn, then auto, which has to find out; medians of the ratios.
"""
import argparse
import statistics
import sys
import pathlib
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
from measuring import POSTGRES, Gate, build, finish, run, say, with_cpu  # noqa: E402
import servers  # noqa: E402
from world import NO_BUDGETS, SECRETS, World  # noqa: E402

INBOX = 'dordrecht-whatsapp'
KINDS = ('off', 'on', 'auto')


class Bench:
    def __init__(self, options):
        self.options, self.tools = options, build('load', 'libslow_flush.so')
        servers.Servers.settings, servers.Servers.slow_flush = POSTGRES, True
        self.world = World(fsync=True, record=False)
        self.world.servers.flush_takes(options.ms)
        self.serial = int(time.time()) % 100000

    def load(self, seconds):
        self.serial += 1
        return with_cpu(lambda: run(self.tools / 'load', self.world.port, INBOX, 'whatsapp', HERE / 'channels/whatsapp.in',
                                    SECRETS[INBOX], self.options.connections, seconds, 1000, self.serial, 0), self.world.process.pid)

    def measure(self, kind, seconds):
        self.world.extra = 'log_level = "warning"\n' + NO_BUDGETS.replace('{', f'{{\n    commit_barrier = {kind}', 1)
        self.world.start()
        self.load(1)
        r = self.load(seconds)
        self.world.stop()
        return r

    def rounds(self):
        found = []
        for i in range(self.options.rounds):
            found.append({kind: self.measure(kind, self.options.seconds) for kind in (KINDS if i % 2 == 0 else KINDS[::-1])})
            say(f'round {i + 1} of {self.options.rounds}: ' + ', '.join(f'{k} {found[-1][k]["rate"]:,.0f}/s' for k in KINDS))
        return found


def show(r):
    print(f'contacts a second, a flush takes {r["ms"]} ms more, {r["connections"]} connections\n')
    for kind in KINDS:
        print(f'  commit_barrier {kind:6}{r["rate"][kind]:8,}   p50 {r["p50_ms"][kind]:6.1f} ms, p99 {r["p99_ms"][kind]:6.1f} ms')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--ms', type=int, default=2)
    p.add_argument('--seconds', type=float, default=4)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--connections', type=int, default=256)
    p.add_argument('--json', action='store_true')
    bench = Bench(p.parse_args())
    try:
        rounds = bench.rounds()
    finally:
        bench.world.close()

    def middle(kind, what, unit=1):
        return statistics.median(r[kind][what] for r in rounds) / unit

    o = bench.options
    r = {'ms': o.ms, 'connections': o.connections, 'rounds': o.rounds, 'seconds': o.seconds,
         'rate': {k: round(middle(k, 'rate')) for k in KINDS}, 'p50_ms': {k: middle(k, 'p50_us', 1000) for k in KINDS},
         'p99_ms': {k: middle(k, 'p99_us', 1000) for k in KINDS}}
    gates = {f'rate, {k} / off': Gate(statistics.median(x[k]['rate'] / x['off']['rate'] for x in rounds), least=1.2) for k in KINDS[1:]}
    gates['posts not answered 200'] = Gate(sum(x[k].get('failed', 0) for x in rounds for k in KINDS), most=0)
    return finish(o, r, gates, show)


if __name__ == '__main__':
    sys.exit(main())
