#!/usr/bin/env python3
"""durable WhatsApp contacts a second, beside pgbench and beside the same SQL in a bare loop

    ./loket bench ingest [--seconds 5] [--rounds 3] [--connections 64] [--json]

One PostgreSQL (fsync and synchronous_commit on), rounds interleaved, medians. Only the ratios carry over to another
machine. Every contact: one signed post of about 1 kB; half from people who write again, half from new ones.
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
sys.path.insert(0, str(HERE.parent / 'support'))
from measuring import POSTGRES, cpu_seconds, memory_kb, postgres_cpu_seconds, say  # noqa: E402
from servers import LOKETD, Servers  # noqa: E402
from world import NO_BUDGETS, SECRETS, World  # noqa: E402

INBOX = 'dordrecht-whatsapp'
REGULARS = 1000
GATES = {'loketd/pgbench': 3.0, 'loketd/bare': 0.7}


def build():
    folder = pathlib.Path(LOKETD).resolve().parent.parent
    subprocess.run(['ninja', '-C', folder, 'tests/bench/load', 'tests/bench/bare'], check=True, stdout=subprocess.DEVNULL)
    return folder / 'tests/bench'


class Bench:
    def __init__(self, options):
        self.options, self.tools = options, build()
        Servers.settings = POSTGRES
        self.world = World('log_level = "warning"\n' + NO_BUDGETS, fsync=True, record=False)
        self.world.start()
        self.serial = int(time.time()) % 100000

    def seed(self):
        self.serial += 1
        return str(self.serial)

    def run(self, *command):
        done = subprocess.run([str(w) for w in command], check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{command[0]}: {done.stderr}')
        return done.stdout

    def loketd(self, seconds):
        pid = self.world.process.pid
        before = cpu_seconds(pid)
        r = json.loads(self.run(self.tools / 'load', self.world.port, INBOX, 'whatsapp', HERE / 'channels/whatsapp.in', SECRETS[INBOX],
                                self.options.connections, seconds, REGULARS, self.seed()))
        r['cpu_us'] = (cpu_seconds(pid) - before) / max(1, r['n']) * 1e6
        r['rate'] = r['n'] / r['seconds']
        return r

    def pgbench(self, seconds):
        out = self.run(f'{self.world.servers.bin}/pgbench', '-n', '-M', 'prepared', '-c', 32, '-j', 2, '-T', max(1, round(seconds)),
                       '-f', HERE / 'ingest.sql', '-h', self.world.servers.dir, '-U', 'loket_system', self.world.database)
        return {'rate': float(re.search(r'tps = ([\d.]+)', out)[1]),
                'n': int(re.search(r'transactions actually processed: (\d+)', out)[1])}

    def bare(self, seconds):
        r = json.loads(self.run(self.tools / 'bare', self.world.servers.conninfo(self.world.database, 'loket_system'), 64, seconds,
                                REGULARS, self.seed()))
        return {'rate': r['n'] / r['seconds']}

    def with_postgres_cpu(self, measure, seconds):
        postmaster = self.world.servers.pg.pid
        before = postgres_cpu_seconds(postmaster)
        r = measure(seconds)
        time.sleep(0.2)                     # for what has ended to be counted
        r['postgres_us'] = (postgres_cpu_seconds(postmaster) - before) / max(1, r['n']) * 1e6
        return r

    def round(self, seconds):
        return {'loketd': self.with_postgres_cpu(self.loketd, seconds), 'pgbench': self.with_postgres_cpu(self.pgbench, seconds),
                'bare': self.bare(seconds)}

    def measure(self):
        say('warming up (a new cluster fills its WAL) …')
        self.round(3)
        self.world.psql('analyze')
        self.world.servers.query('checkpoint')
        rounds = []
        for i in range(self.options.rounds):
            rounds.append(self.round(self.options.seconds))
            say(f'round {i + 1} of {self.options.rounds}: ' + ', '.join(f'{k} {v["rate"]:,.0f}/s' for k, v in rounds[-1].items()))
        return rounds

    def result(self, rounds):
        def middle(who, what):
            return statistics.median(r[who][what] for r in rounds)

        rates = {who: round(middle(who, 'rate')) for who in ('loketd', 'pgbench', 'bare')}
        ratios = {pair: round(statistics.median(r['loketd']['rate'] / r[pair.split('/')[1]]['rate'] for r in rounds), 2)
                  for pair in GATES}
        pid = self.world.process.pid
        stored = self.world.value("select count(*) from loket.contact where provider_id like 'wamid.%' and provider_id !~ "
                                  "'(bare|pgbench)'")
        return {'contacts_per_second': rates, 'ratios': ratios, 'gates': GATES,
                'passed': all(ratios[k] >= v for k, v in GATES.items()) and not any(r['loketd']['failed'] for r in rounds),
                'failed': sum(r['loketd']['failed'] for r in rounds), 'stored': stored,
                'p50_ms': middle('loketd', 'p50_us') / 1000, 'p99_ms': middle('loketd', 'p99_us') / 1000,
                'cpu_us_per_contact': round(middle('loketd', 'cpu_us'), 1),
                'postgres_cpu_us_per_contact': {who: round(middle(who, 'postgres_us')) for who in ('loketd', 'pgbench')}, 'rss_mb': memory_kb(pid, 'VmRSS') / 1024,
                'rss_peak_mb': memory_kb(pid, 'VmHWM') / 1024, 'connections': self.options.connections,
                'rounds': self.options.rounds, 'seconds': self.options.seconds, 'load': os.getloadavg()[0]}


def show(r):
    rates, ratios = r['contacts_per_second'], r['ratios']
    print(f'durable contacts a second, {r["connections"]} connections, median of {r["rounds"]} rounds of {r["seconds"]} s')
    print(f'  {"loketd: post, signature, case, queue, COMMIT, 200":55} {rates["loketd"]:8,}')
    for who, what in (('pgbench', 'pgbench: BEGIN, 3 statements, COMMIT, 32 clients'), ('bare', 'the same SQL, bare loop, 64 a commit')):
        pair = f'loketd/{who}'
        verdict = 'passed' if ratios[pair] >= GATES[pair] else 'MISSED'
        print(f'  {what:55} {rates[who]:8,}   loketd is {ratios[pair]:.2f} of it, gate {GATES[pair]} {verdict}')
    print(f'  answer p50 {r["p50_ms"]:.1f} ms, p99 {r["p99_ms"]:.1f} ms; not answered 200: {r["failed"]}')
    print(f'  loketd: {r["cpu_us_per_contact"]} µs of CPU a contact, {r["rss_mb"]:.0f} MB (at most {r["rss_peak_mb"]:.0f})')
    print('  PostgreSQL: ' + ', '.join(f'{v} µs with {k}' for k, v in r['postgres_cpu_us_per_contact'].items()) + ' of CPU a contact')
    if r['load'] > os.cpu_count() + 3:
        print(f'  (other work was going on: load {r["load"]:.1f}; measure again when it is quiet)')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--seconds', type=float, default=5)
    p.add_argument('--rounds', type=int, default=3)
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
