#!/usr/bin/env python3
"""do reads and intake stay as fast with years of history? 100,000 contacts against 1,000,000 and 10,000,000

    ./loket bench growth [--sizes 100000,1000000] [--seconds 3] [--rounds 3] [--json]

History is written straight into the tables (history.sql): a million contacts take minutes and 1 GB, ten million (--sizes
100000,10000000) half an hour and 12 GB. At each size the same requests are measured, with the same queue and the same agents at work.
"rate" is against the first size, and against what pgbench reads of one small table at that moment, because a neighbour's work changes
the machine in between. "pages" is what PostgreSQL touched for a request: that says the same on a busy machine.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
from history import History  # noqa: E402
from measuring import POSTGRES, Gate, build, finish, memory_kb, pgbench, run, say, with_cpu  # noqa: E402
from servers import Servers, wait_until  # noqa: E402
from world import NO_BUDGETS, SECRETS, World  # noqa: E402

INBOX = 'dordrecht-whatsapp'
CONFIG = 'log_level = "warning"\ndispatch {\npresence_seconds = 3600\n}\nhttp {\nmax_per_address = 0\n}\n' + NO_BUDGETS
AGENTS, WAITING, ASKED, CONNECTIONS = 100, 2000, 1000, 32
GATED = ('case', 'queue', 'intake')
LIMIT = 0.5
WHAT = {'case': 'a case', 'queue': 'a page of the queue', 'channel': '… of one channel', 'party': 'a party', 'me': 'what an agent has',
        'cases': 'cases of a party', 'open': 'cases that somebody holds', 'old': 'cases of a day long ago', 'address': 'a party by address',
        'intake': 'contacts stored'}


class Bench:
    def __init__(self, options):
        self.options, self.tools = options, build('ask', 'load')
        Servers.settings = POSTGRES | {'shared_preload_libraries': 'pg_stat_statements'}
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(CONFIG, fsync=True, record=False)
        self.world.psql('create extension pg_stat_statements')
        self.history, self.serial = History(self.world), int(time.time()) % 100000
        (pathlib.Path(self.folder.name) / 'anchor.sql').write_text('select * from loket.lease where name = \'dispatch\';\n')

    def close(self):
        self.world.close()
        self.folder.cleanup()

    def grow(self, contacts):
        """With loketd stopped; what the last load left in the queue is closed."""
        first = not self.history.cases
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() "
                        "where state = 'queued' and reference not like 'QUE-%%'")
        self.history.grow(contacts, say)
        if first:
            self.history.work(AGENTS, WAITING)
        self.world.psql('vacuum analyze')
        self.world.start()
        wait_until(lambda: self.world.redis('EXISTS', 'loket:queue:whole'), 60, 'the queue in Redis', 0.1)

    def requests(self):
        h, some = self.history, self.history.some(ASKED, 1)
        old = time.strftime('%Y-%m-%dT00:00:00Z', time.gmtime(h.now_ms / 1000 - h.cases * 25))
        lines = {
            'case': [('GET', f'/v1/cases/{h.case_id(c)}', h.token(c)) for c in some],
            'queue': [('GET', '/v1/queue', h.token(c)) for c in some[:AGENTS]],
            'channel': [('GET', '/v1/queue?channel=webform&municipality=sliedrecht', h.token(c)) for c in some[:AGENTS]],
            'party': [('GET', f'/v1/parties/{h.party_id(c)}', h.token(c)) for c in some],
            'me': [('GET', '/v1/me', h.token(c)) for c in some[:AGENTS]],
            'cases': [('GET', f'/v1/cases?party={h.party_id(c)}', h.token(c)) for c in some],
            'open': [('GET', '/v1/cases?state=assigned&limit=100', h.token(c)) for c in some[:AGENTS]],
            'old': [('GET', f'/v1/cases?to={old}', h.token(c)) for c in some[:AGENTS]],
            'address': [('POST', '/v1/parties/search', h.token(c), f'{{"address": {{"kind": "phone", "value": "+316{c // 2:09}"}}}}') for c in some],
        }
        for name, rows in lines.items():
            (pathlib.Path(self.folder.name) / name).write_text(''.join('\t'.join(row) + '\n' for row in rows))
        return list(lines)

    def pages(self):
        return self.world.value('select sum(shared_blks_hit + shared_blks_read) from pg_stat_statements s join pg_database d '
                                'on d.oid = s.dbid where datname = current_database()') or 0

    def measured(self, name, measure):
        before = self.pages()
        r = with_cpu(measure, self.world.process.pid)
        if r['failed']:
            sys.exit(f'{name}: {r["failed"]} of {r["n"]} not 2xx: {r["why"]}')
        return r | {'pages': (self.pages() - before) / max(1, r['n'])}

    def intake(self, seconds):
        self.serial += 1
        return run(self.tools / 'load', self.world.port, INBOX, 'whatsapp', HERE / 'channels/whatsapp.in', SECRETS[INBOX], 64, seconds,
                   1000, self.serial)

    def round(self, names, seconds):
        anchor = pgbench(self.world.servers, self.world.database, f'{self.folder.name}/anchor.sql', 8, 2)
        r = {name: self.measured(name, lambda name=name: run(
            self.tools / 'ask', self.world.port, f'{self.folder.name}/{name}', CONNECTIONS, seconds)) for name in names}
        r['intake'] = self.measured('intake', lambda: self.intake(seconds))
        for x in r.values():
            x['beside'] = x['rate'] / anchor['rate']
        return r

    def measure(self, contacts):
        self.grow(contacts)
        names = self.requests()
        self.round(names, min(1, self.options.seconds))
        rounds = [self.round(names, self.options.seconds) for _ in range(self.options.rounds)]
        rows = {name: {key: statistics.median(r[name][key] for r in rounds)
                       for key in ('rate', 'beside', 'p50_us', 'p99_us', 'pages', 'cpu_us')} for name in rounds[0]}
        say(f'{contacts:,}: ' + ', '.join(f'{name} {row["rate"]:,.0f}/s' for name, row in rows.items()))
        size = self.world.value('select pg_database_size(current_database())')
        rss = memory_kb(self.world.process.pid, 'VmRSS') / 1024
        self.world.stop()
        return {'contacts': contacts, 'rows': rows, 'database_gb': size / 2 ** 30, 'rss_mb': rss}


def result(options, sizes):
    first, gates = sizes[0]['rows'], {}
    for size in sizes[1:]:
        for name, row in size['rows'].items():
            row['rate_ratio'] = row['beside'] / first[name]['beside']
            row['pages_ratio'] = row['pages'] / first[name]['pages']
        for name in GATED:
            gates[f'{WHAT[name]}: rate at {size["contacts"]:,} / at {sizes[0]["contacts"]:,}'] = Gate(size['rows'][name]['rate_ratio'], least=LIMIT)
            gates[f'{WHAT[name]}: pages at {size["contacts"]:,} / at {sizes[0]["contacts"]:,}'] = Gate(size['rows'][name]['pages_ratio'], most=2)
    return {'sizes': sizes, 'rounds': options.rounds, 'seconds': options.seconds}, gates


def show(r):
    for size in r['sizes']:
        print(f'{size["contacts"]:,} contacts of history, {size["database_gb"]:.1f} GB; loketd {size["rss_mb"]:.0f} MB')
        print(f'  {"":28}{"a second":>10}{"p50 ms":>9}{"p99 ms":>9}{"pages":>8}{"rate":>8}{"pages":>8}')
        for name, row in size['rows'].items():
            print(f'  {WHAT[name]:28}{row["rate"]:10,.0f}{row["p50_us"] / 1000:9.2f}{row["p99_us"] / 1000:9.2f}{row["pages"]:8.0f}'
                  + (f'{row["rate_ratio"]:8.2f}{row["pages_ratio"]:8.2f}' if 'rate_ratio' in row else ''))
        print()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--sizes', default='100000,1000000', type=lambda s: [int(n) for n in s.split(',')], help='contacts, ascending')
    p.add_argument('--seconds', type=float, default=3)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--json', action='store_true')
    options = p.parse_args()
    bench = Bench(options)
    try:
        r, gates = result(options, [bench.measure(n) for n in options.sizes])
    finally:
        bench.close()
    return finish(options, r, gates, show)


if __name__ == '__main__':
    sys.exit(main())
