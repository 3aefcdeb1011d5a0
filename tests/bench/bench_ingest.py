#!/usr/bin/env python3
"""durable WhatsApp contacts a second, beside Node, pgbench and the same SQL in a bare loop

    ./loket bench ingest [--seconds 5] [--rounds 3] [--connections 64] [--paced 1500] [--no-peers] [--json]

One PostgreSQL (fsync and synchronous_commit on), rounds interleaved, medians. Only the ratios carry over to another
machine. Every contact: one signed post of about 1 kB; half from people who write again, half from new ones. What loketd makes of them
afterwards (figures: daemon/bulk.h) is waited for and shown by itself; words of cases are left out, since nobody writes hundreds of
messages a minute as the regulars here do. The peers in Node (peer/README.md) get the same posts. "paced": so many a second, beside the commit of one row; "hello" is what a request costs
libevent's own HTTP server (hello.c).
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
import peers  # noqa: E402
from measuring import (POSTGRES, Gate, build, finish, memory_kb, pgbench, postgres_cpu_seconds, run, say,  # noqa: E402
                       with_cpu)
from servers import Servers, die_with_us, wait_until  # noqa: E402
from world import NO_BUDGETS, SECRETS, World, free_port  # noqa: E402

INBOX = 'dordrecht-whatsapp'
REGULARS = 1000
WHAT = {'loketd': 'loketd: post, signature, case, queue, COMMIT, 200', 'ordinary': 'ordinary Node: fastify, pg, ioredis',
        'tuned': 'tuned Node: lean tables, one statement', 'pgbench': 'pgbench: BEGIN, 3 statements, COMMIT, 32 clients',
        'bare': 'the same SQL, bare loop, 64 a commit'}
GATES = {'ordinary': 8, 'tuned': 4, 'pgbench': 3, 'bare': 0.7}


class Bench:
    def __init__(self, options):
        self.options, self.tools = options, build('load', 'bare', 'ask', 'hello')
        Servers.settings = POSTGRES
        self.world = World('log_level = "warning"\n' + NO_BUDGETS, fsync=True, record=False)
        self.world.start()
        self.world.psql("update loket.case_words_cursor set last = 9223372036854775807, back = '00000000-0000-0000-0000-000000000000'")
        self.serial = int(time.time()) % 100000
        self.folder = tempfile.TemporaryDirectory()
        self.skipped = 'asked not to' if options.no_peers else peers.missing(self.tools.parent.parent)
        self.peers = {} if self.skipped else {
            kind: peers.Peer(kind, self.world.servers, self.tools.parent.parent, INBOX, SECRETS[INBOX]) for kind in peers.KINDS}
        if self.skipped:
            say(f'no peers in Node: {self.skipped}')
        self.who = ['loketd', *self.peers, 'pgbench', 'bare']
        self.hello = self.start_hello()

    def start_hello(self):
        port = free_port()
        process = subprocess.Popen(die_with_us([str(self.tools / 'hello'), str(port)]), stdin=subprocess.DEVNULL)
        (pathlib.Path(self.folder.name) / 'hello').write_text('GET\t/\n')
        time.sleep(0.2)
        return port, process

    def close(self):
        for peer in self.peers.values():
            peer.close()
        self.hello[1].kill()
        self.world.close()
        self.folder.cleanup()

    def load(self, port, pid, seconds, per_second=0):
        self.serial += 1
        return with_cpu(lambda: run(self.tools / 'load', port, INBOX, 'whatsapp', HERE / 'channels/whatsapp.in', SECRETS[INBOX],
                                    self.options.connections, seconds, REGULARS, self.serial, per_second), pid)

    def loketd(self, seconds):
        return self.load(self.world.port, self.world.process.pid, seconds)

    def peer(self, kind, seconds):
        r = self.load(self.peers[kind].port, self.peers[kind].pid, seconds)
        return r | {'rss_mb': memory_kb(self.peers[kind].pid, 'VmRSS') / 1024}

    def pgbench(self, seconds):
        return pgbench(self.world.servers, self.world.database, HERE / 'ingest.sql', 32, seconds, 'loket_system')

    def bare(self, seconds):
        self.serial += 1
        r = json.loads(run(self.tools / 'bare', self.world.servers.conninfo(self.world.database, 'loket_system'), 64, seconds, REGULARS,
                           self.serial))
        return {'rate': r['n'] / r['seconds'], 'n': r['n']}

    def with_postgres_cpu(self, who, seconds):
        postmaster = self.world.servers.pg.pid
        measure = getattr(self, who, None) or (lambda s: self.peer(who, s))
        before = postgres_cpu_seconds(postmaster)
        r = measure(seconds)
        time.sleep(0.2)                     # for what has ended to be counted
        after = postgres_cpu_seconds(postmaster)
        r['postgres_us'] = (after - before) / max(1, r['n']) * 1e6
        if who == 'loketd':
            self.fold()
            r['folding_us'] = (postgres_cpu_seconds(postmaster) - after) / max(1, r['n']) * 1e6
        return r

    def fold(self):
        """Figures are made afterwards: not at the cost of who is measured next."""
        wait_until(lambda: self.world.value("""select f.last >= coalesce((select max(id) from loket.notice), 0)
            from loket.figure_cursor f"""), 600, 'figures', 0.2)

    def say_hello(self, seconds):
        return with_cpu(lambda: run(self.tools / 'ask', self.hello[0], f'{self.folder.name}/hello', self.options.connections, seconds),
                        self.hello[1].pid)

    def round(self, seconds):
        short = min(2, seconds)
        r = {who: self.with_postgres_cpu(who, seconds) for who in self.who}
        r['hello'] = self.say_hello(short)
        if self.options.paced:
            r['commit'] = pgbench(self.world.servers, self.world.database, HERE / 'commit.sql', 1, short, log=self.folder.name)
            r['paced'] = self.load(self.world.port, self.world.process.pid, seconds, self.options.paced)
            self.fold()
        return r

    def measure(self):
        say('warming up (a new cluster fills its WAL) …')
        self.world.psql('create table public.bench_commit (at timestamptz)')
        self.round(min(3, self.options.seconds))
        for name in (self.world.database, *(p.database for p in self.peers.values())):
            self.world.servers.query('vacuum analyze', database=name)
        self.world.servers.query('checkpoint')
        rounds = []
        for i in range(self.options.rounds):
            rounds.append(self.round(self.options.seconds))
            say(f'round {i + 1} of {self.options.rounds}: ' + ', '.join(f'{who} {rounds[-1][who]["rate"]:,.0f}/s' for who in self.who))
        return rounds

    def result(self, rounds):
        o, pid = self.options, self.world.process.pid

        def middle(who, what):
            return statistics.median(r[who][what] for r in rounds)

        def ratio(other, what='rate'):
            return statistics.median(r['loketd'][what] / max(r[other][what], 1e-9) for r in rounds)

        def latency(who):
            return {'p50_ms': middle(who, 'p50_us') / 1000, 'p99_ms': middle(who, 'p99_us') / 1000}

        rows = {who: {'rate': round(middle(who, 'rate')), 'postgres_us': round(middle(who, 'postgres_us'))} for who in self.who}
        for who in ('loketd', *self.peers):
            rows[who] |= latency(who) | {'cpu_us': round(middle(who, 'cpu_us'), 1)}
        rows['loketd'] |= {'folding_us': round(middle('loketd', 'folding_us')), 'rss_mb': memory_kb(pid, 'VmRSS') / 1024, 'rss_peak_mb': memory_kb(pid, 'VmHWM') / 1024}
        gates = {f'rate, loketd / {WHAT[who].split(":")[0]}': Gate(ratio(who), least=GATES[who]) for who in self.who[1:]}
        hello = middle('hello', 'cpu_us')
        gates[f'CPU of loketd a contact / a hello of evhttp ({hello:.1f} µs)'] = Gate(
            statistics.median(r['loketd']['cpu_us'] / max(r['hello']['cpu_us'], 0.1) for r in rounds), most=2)
        for kind in self.peers:
            rows[kind]['rss_mb'] = middle(kind, 'rss_mb')
        if self.peers:
            gates['p99 of an answer, loketd / ordinary Node'] = Gate(ratio('ordinary', 'p99_us'), most=0.167)
            gates['memory, loketd / ordinary Node'] = Gate(rows['loketd']['rss_mb'] / rows['ordinary']['rss_mb'], most=0.25)
        r = {'who': rows, 'hello_us': hello, 'skipped': self.skipped, 'failed': sum(x[who].get('failed', 0) for x in rounds for who in self.who),
             'stored': self.world.value("select count(*) from loket.contact where provider_id ~ '^wamid[.][0-9]'"),
             'connections': o.connections, 'rounds': o.rounds, 'seconds': o.seconds}
        if o.paced:
            r |= {'paced': latency('paced') | {'per_second': o.paced}, 'commit': latency('commit')}
            gates[f'p99 at {o.paced} a second / p99 of one commit'] = Gate(
                statistics.median(x['paced']['p99_us'] / x['commit']['p99_us'] for x in rounds), most=4)
        gates['posts not answered 200'] = Gate(r['failed'], most=0)
        return r, gates


def show(r):
    print(f'durable contacts a second, {r["connections"]} connections, median of {r["rounds"]} rounds of {r["seconds"]:g} s\n')
    print(f'  {"":55}{"a second":>9}{"p50 ms":>9}{"p99 ms":>9}{"CPU µs":>9}{"PostgreSQL µs":>15}{"MB":>6}')
    for who, row in r['who'].items():
        print(f'  {WHAT[who]:55}{row["rate"]:9,}' + ''.join(f'{row[k]:9.1f}' if k in row else f'{"":9}' for k in ('p50_ms', 'p99_ms', 'cpu_us'))
              + f'{row["postgres_us"]:15}' + (f'{row["rss_mb"]:6.0f}' if 'rss_mb' in row else ''))
    print(f'  figures of loketd, afterwards: {r["who"]["loketd"]["folding_us"]} µs of PostgreSQL a contact')
    if 'paced' in r:
        print(f'  loketd at {r["paced"]["per_second"]} a second: p50 {r["paced"]["p50_ms"]:.2f} ms, p99 {r["paced"]["p99_ms"]:.2f} ms; '
              f'one commit p50 {r["commit"]["p50_ms"]:.2f} ms, p99 {r["commit"]["p99_ms"]:.2f} ms')
    if r['skipped']:
        print(f'  skipped, the peers in Node: {r["skipped"]}')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--seconds', type=float, default=5)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--connections', type=int, default=64)
    p.add_argument('--paced', type=int, default=1500, help='0: not')
    p.add_argument('--no-peers', action='store_true')
    p.add_argument('--json', action='store_true')
    bench = Bench(p.parse_args())
    try:
        r, gates = bench.result(bench.measure())
    finally:
        bench.close()
    return finish(bench.options, r, gates, show)


if __name__ == '__main__':
    sys.exit(main())
