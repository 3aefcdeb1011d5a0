#!/usr/bin/env python3
"""reading and writing through the API, beside prepared selects of the same rows and beside Node

    ./loket bench api [--contacts 100000] [--seconds 4] [--rounds 3] [--connections 64] [--articles 20000] [--no-peers] [--json]

One PostgreSQL, with history, a queue, and agents with a token each; rounds interleaved, medians. Reads: a case with all that hangs
on it (each look is recorded, durably), a page of the queue, a party, and what an agent has (GET /v1/me); alone, by one connection: somebody
with a thousand contacts, a question to twenty thousand articles, and words in all cases (lookups.sql). Writes: each offer is
accepted, answered, and resolved, once. "the same rows": case_read.sql, by pgbench, 8 clients. A peer in Node reads a case with its contacts and
history, and records the look too (peer/README.md).
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
import peers  # noqa: E402
from history import HOLD, PER_CASE, History  # noqa: E402
from measuring import POSTGRES, Gate, build, finish, memory_kb, pgbench, postgres_cpu_seconds, run, say, with_cpu  # noqa: E402
from servers import Servers, wait_until  # noqa: E402
from world import SECRETS, World  # noqa: E402

CONFIG = 'log_level = "warning"\ndispatch {\npresence_seconds = 3600\n}\noutbox {\noutbox_parallel = 1\n}\nhttp {\nmax_per_address = 0\n}\n'
AGENTS, WAITING, ASKED = 100, 2000, 2000
READS = {'case': 'GET /v1/cases/{id}', 'queue': 'GET /v1/queue', 'party': 'GET /v1/parties/{id}', 'me': 'GET /v1/me'}
WRITES = {'accept': 'POST /v1/offers/{id}/accept', 'reply': 'POST /v1/cases/{id}/replies', 'resolve': 'POST /v1/cases/{id}/resolve'}
SELECTS = {'same rows': 'the same rows as a case, pgbench, 8 clients', 'one row': 'one row by its key, pgbench, 8 clients'}
ALONE = {'person': 'GET /v1/parties/{id}, 1,000 contacts, alone', 'found': 'GET /v1/articles?q=, alone',
         'words': 'POST /v1/cases/search by words, alone'}     # one connection
PERSON = 'bbbbbbbb-0000-7000-8000-000000000001'
WORDS = ['rijbewijs', 'vraag rijbewijs', 'rijbewijs laatst', 'paspoort', 'trampoline']
QUESTIONS = ['paspoort+aanvragen', 'paspoortaanvraag', 'paspoord', 'parkeervergunning', 'rijbewijsverlenging', 'verhuising', 'container+kwijt']
NODE = {'ordinary': 'a case, ordinary Node', 'tuned': 'a case, tuned Node'}
WHAT = READS | ALONE | WRITES | SELECTS | NODE


class Bench:
    def __init__(self, options):
        self.options, self.tools = options, build('ask')
        Servers.settings = POSTGRES
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(CONFIG, fsync=True, record=False)
        self.history = History(self.world)
        self.history.grow(options.contacts, say)
        self.history.work(AGENTS, WAITING)
        self.world.servers.psql_file(HERE / 'lookups.sql', self.world.database, party=PERSON, articles=options.articles)
        self.start()
        self.skipped = 'asked not to' if options.no_peers else peers.missing(self.tools.parent.parent)
        self.peers = {}
        for kind in () if self.skipped else peers.KINDS:
            self.peers[kind] = peers.Peer(kind, self.world.servers, self.tools.parent.parent, 'dordrecht-whatsapp', SECRETS['dordrecht-whatsapp'])
            self.peers[kind].fill(options.contacts // PER_CASE)
        if self.skipped:
            say(f'no peers in Node: {self.skipped}')
        self.write_reads()

    def start(self):
        """Nobody leads while we measure: offers stay as they are put there. What waits is in Redis before that."""
        self.world.start()
        wait_until(lambda: self.world.redis('EXISTS', 'loket:queue:whole'), 60, 'the queue in Redis', 0.1)
        self.world.stop()
        self.world.psql(HOLD)
        self.world.start()

    def close(self):
        for peer in self.peers.values():
            peer.close()
        self.world.close()
        self.folder.cleanup()

    def requests(self, name, lines):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(''.join('\t'.join(line) + '\n' for line in lines))
        return path

    def write_reads(self):
        h, some = self.history, self.history.some(ASKED, 1)
        self.requests('case', [('GET', f'/v1/cases/{h.case_id(c)}', h.token(c)) for c in some])
        self.requests('party', [('GET', f'/v1/parties/{h.party_id(c)}', h.token(c)) for c in some])
        self.requests('person', [('GET', f'/v1/parties/{PERSON}', h.token(0))])
        self.requests('found', [('GET', f'/v1/articles?q={q}', h.token(0)) for q in QUESTIONS])
        self.requests('words', [('POST', '/v1/cases/search', h.token(0), json.dumps({'words': w})) for w in WORDS])
        self.requests('queue', [('GET', '/v1/queue', h.token(c)) for c in range(AGENTS)])
        self.requests('me', [('GET', '/v1/me', h.token(c)) for c in range(AGENTS)])
        for kind, peer in self.peers.items():
            self.requests(kind, [('GET', f'/v1/cases/{peer.case_id(c)}', peers.TOKEN) for c in some])

    def ask(self, name, port, pid, seconds):
        connections = 1 if name in ALONE else self.options.connections
        postmaster = self.world.servers.pg.pid
        before = postgres_cpu_seconds(postmaster)
        r = with_cpu(lambda: run(self.tools / 'ask', port, f'{self.folder.name}/{name}', connections, seconds), pid)
        if r['failed']:
            say(f'{name}: {r["failed"]} of {r["n"]} not 2xx, the first: {r["why"][:100]}')
        return r | {'postgres_us': (postgres_cpu_seconds(postmaster) - before) / max(1, r['n']) * 1e6}

    def loketd(self, name, seconds):
        return self.ask(name, self.world.port, self.world.process.pid, seconds)

    def writes(self, n):
        h, numbers = self.history, self.history.offer(n)
        self.requests('accept', [('POST', f'/v1/offers/{h.offer_id(i)}/accept', h.token(i)) for i in numbers])
        self.requests('reply', [('POST', f'/v1/cases/{h.offered_id(i)}/replies', h.token(i), '{"text": "Dat kan op dordrecht.nl", "epoch": 1}')
                                for i in numbers])
        self.requests('resolve', [('POST', f'/v1/cases/{h.offered_id(i)}/resolve', h.token(i), '{"outcome": "solved", "epoch": 1}')
                                  for i in numbers])
        return {name: self.loketd(name, 'once') for name in WRITES}

    def round(self, seconds):
        r = {name: self.loketd(name, seconds) for name in READS | ALONE}
        for name, script in (('same rows', 'case_read.sql'), ('one row', 'row_read.sql')):
            r[name] = pgbench(self.world.servers, self.world.database, HERE / script, 8, seconds, log=self.folder.name,
                              now_ms=self.history.now_ms, cases=self.history.cases - 1)
        for kind, peer in self.peers.items():
            r[kind] = self.ask(kind, peer.port, peer.pid, seconds)
        return r | self.writes(self.options.writes)

    def measure(self):
        say('warming up …')
        self.round(min(2, self.options.seconds))
        rounds = []
        for i in range(self.options.rounds):
            rounds.append(self.round(self.options.seconds))
            say(f'round {i + 1} of {self.options.rounds}: ' + ', '.join(f'{name} {x["rate"]:,.0f}/s' for name, x in rounds[-1].items()))
        return rounds

    def result(self, rounds):
        def ratio(other):
            return statistics.median(r['case']['rate'] / r[other]['rate'] for r in rounds)

        rows = {}
        for name in rounds[0]:
            rows[name] = {key: round(statistics.median(r[name][key] for r in rounds), 1)
                          for key in ('rate', 'p50_us', 'p99_us', 'cpu_us', 'postgres_us') if key in rounds[0][name]}
        gates = {'a case, loketd / the same rows, prepared': Gate(ratio('same rows'), least=1)}
        if self.peers:
            gates['a case, loketd / ordinary Node'] = Gate(ratio('ordinary'), least=5)
        gates['somebody with 1,000 contacts, p50 ms'] = Gate(rows['person']['p50_us'] / 1000, most=10)
        gates[f'a question to {self.options.articles:,} articles, p50 ms'] = Gate(rows['found']['p50_us'] / 1000, most=20)
        gates[f'words in cases of {self.options.contacts:,} contacts, p50 ms'] = Gate(rows['words']['p50_us'] / 1000, most=50)
        failed = sum(x.get('failed', 0) for r in rounds for x in r.values())
        gates['requests not answered 2xx'] = Gate(failed, most=0)
        return {'rows': rows, 'tuned_ratio': ratio('tuned') if self.peers else None, 'skipped': self.skipped, 'contacts': self.options.contacts,
                'connections': self.options.connections, 'rounds': self.options.rounds, 'seconds': self.options.seconds,
                'rss_mb': memory_kb(self.world.process.pid, 'VmRSS') / 1024,
                'node_rss_mb': {k: memory_kb(p.pid, 'VmRSS') / 1024 for k, p in self.peers.items()}}, gates


def show(r):
    print(f'requests a second, {r["connections"]} connections, {r["contacts"]:,} contacts of history, median of {r["rounds"]} rounds\n')
    print(f'  {"":50}{"a second":>9}{"p50 ms":>9}{"p99 ms":>9}{"CPU µs":>9}{"PostgreSQL µs":>15}')
    for name, row in r['rows'].items():
        print(f'  {WHAT[name]:50}{row["rate"]:9,.0f}' + ''.join(f'{row[k] / 1000:9.2f}' if k in row else f'{"":9}' for k in ('p50_us', 'p99_us'))
              + ''.join(f'{row[k]:{n}.0f}' for k, n in (('cpu_us', 9), ('postgres_us', 15)) if k in row))
    print(f'  memory of loketd {r["rss_mb"]:.0f} MB' + ''.join(f', {k} Node {v:.0f} MB' for k, v in r['node_rss_mb'].items())
          + (f'; a case, loketd / tuned Node {r["tuned_ratio"]:.1f}' if r['tuned_ratio'] else ''))
    if r['skipped']:
        print(f'  skipped, the peers in Node: {r["skipped"]}')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--contacts', type=int, default=100000, help='of history')
    p.add_argument('--seconds', type=float, default=4)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--connections', type=int, default=64)
    p.add_argument('--writes', type=int, default=2000, help='offers accepted, answered and resolved in a round')
    p.add_argument('--articles', type=int, default=20000)
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
