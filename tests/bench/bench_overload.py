#!/usr/bin/env python3
"""agents while intake is flooded: the same requests on an idle loketd and under more posts than it stores

    ./loket bench overload [--seconds 6] [--rounds 3] [--connections 64,256] [--json]

Signed posts on so many connections, each sent as soon as the one before was answered (a 503 too), while one agent asks,
accepts, answers and resolves, by one connection, with the next request when the last was answered. The agent has a
higher priority for the processor where we may give one, so that what is measured is loketd. Rounds are interleaved;
medians are shown. Only the ratios carry over to another machine.
"""
import argparse
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
from measuring import POSTGRES, cpu_seconds, memory_kb, say  # noqa: E402
from servers import LOKETD, Servers  # noqa: E402
from world import NO_BUDGETS, SECRETS, TOKENS, Events, World, whatsapp_body  # noqa: E402

INBOX = 'dordrecht-whatsapp'
REGULARS = 1000
PER_ADDRESS = 'http {\n\tmax_per_address = 0\n}\n'


def build():
    folder = pathlib.Path(LOKETD).resolve().parent.parent
    subprocess.run(['ninja', '-C', folder, 'tests/bench/load'], check=True, stdout=subprocess.DEVNULL)
    return folder / 'tests/bench/load'


class Front:
    """An agent's front end on one connection that stays open; how long each answer took, in ms, by what was asked."""

    def __init__(self, world, name):
        self.world, self.name, self.took = world, name, {}
        self.connection = http.client.HTTPConnection('127.0.0.1', world.port, timeout=60)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, what, method, path, body=None):
        began = time.perf_counter()
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {'Authorization': 'Bearer ' + TOKENS[self.name], 'Content-Type': 'application/json'})
        answer = self.connection.getresponse()
        text = answer.read()
        self.took.setdefault(what, []).append((time.perf_counter() - began) * 1000)
        return answer.status, json.loads(text) if text else None


class Bench:
    def __init__(self, options):
        self.options, self.load = options, build()
        Servers.settings = POSTGRES
        self.world = World('log_level = "warning"\n' + PER_ADDRESS + NO_BUDGETS, fsync=True, record=False)
        self.world.start()
        self.serial = int(time.time()) % 100000

    def start_load(self, connections, seconds):
        self.serial += 1
        return subprocess.Popen([str(w) for w in (
            'nice', '-n', 10, self.load, self.world.port, INBOX, 'whatsapp', HERE / 'channels/whatsapp.in', SECRETS[INBOX], connections, seconds,
            REGULARS, self.serial)], stdout=subprocess.PIPE, text=True)

    def work(self, seconds):
        """One agent: looks, takes what is offered, answers, resolves; milliseconds of each by name."""
        front = Front(self.world, 'anna')
        stream = Events(self.world, 'anna')
        offered = []
        front.ask('presence', 'PUT', '/v1/me/presence', {'state': 'ready'})
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()          # free from this moment on
            try:
                offer = stream.wait('offer.made', timeout=5)
            except AssertionError:
                continue
            offered.append((time.perf_counter() - began) * 1000)
            front.ask('me', 'GET', '/v1/me')
            front.ask('queue', 'GET', '/v1/queue?limit=20')
            status, taken = front.ask('accept', 'POST', f"/v1/offers/{offer['offer']['id']}/accept", {})
            if status != 200:
                continue
            case, epoch = taken['case']['id'], taken['epoch']
            front.ask('reply', 'POST', f'/v1/cases/{case}/replies', {'text': 'Dat kan op dordrecht.nl', 'epoch': epoch})
            front.ask('resolve', 'POST', f'/v1/cases/{case}/resolve', {'outcome': 'solved', 'epoch': epoch})
        front.ask('presence', 'PUT', '/v1/me/presence', {'state': 'offline'})
        stream.close()
        front.took['offer'] = offered
        return front.took

    def round(self, connections):
        """Under so many connections of load; 0: idle."""
        seconds = self.options.seconds
        pid, before = self.world.process.pid, cpu_seconds(self.world.process.pid)
        load = self.start_load(connections, seconds + 1) if connections else None
        time.sleep(0.5)
        took = self.work(seconds)
        posted = json.loads(load.communicate()[0]) if load else {'n': 0, 'failed': 0, 'seconds': seconds, 'p50_us': 0, 'p99_us': 0}
        return {'took': took, 'stored': posted['n'] / posted['seconds'], 'refused': posted['failed'] / posted['seconds'],
                'post_p50': posted['p50_us'] / 1000, 'post_p99': posted['p99_us'] / 1000,
                'cpu': (cpu_seconds(pid) - before) / seconds, 'rss_mb': memory_kb(pid, 'VmRSS') / 1024}

    def measure(self):
        for i in range(400):                    # something to take, also while it is idle
            self.world.hook(INBOX, whatsapp_body(f'Vraag {i}', wa_id=f'3160000{i:04}', message_id=f'wamid.bench{self.serial}.{i}'))
        self.world.psql('analyze')
        wanted = [0] + [int(n) for n in self.options.connections.split(',')]
        rounds = {n: [] for n in wanted}
        for i in range(self.options.rounds):
            for n in wanted:
                rounds[n].append(self.round(n))
                say(f'round {i + 1} of {self.options.rounds}, {n} connections: me p50 '
                    f'{statistics.median(rounds[n][-1]["took"]["me"]):.1f} ms')
        return rounds


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p))] if values else float('nan')


def result(rounds):
    out = {}
    for n, all_rounds in rounds.items():
        names = sorted({k for r in all_rounds for k in r['took']})
        out[n] = {k: {'n': sum(len(r['took'].get(k, [])) for r in all_rounds),
                      'p50_ms': round(statistics.median(percentile(r['took'].get(k, []), 0.5) for r in all_rounds), 2),
                      'p99_ms': round(statistics.median(percentile(r['took'].get(k, []), 0.99) for r in all_rounds), 2)}
                  for k in names}
        out[n] |= {k: round(statistics.median(r[k] for r in all_rounds), 2)
                   for k in ('stored', 'refused', 'post_p50', 'post_p99', 'cpu', 'rss_mb')}
    return out


def show(r):
    idle = r[0]
    for n, one in r.items():
        print(f'{n} connections: {one["stored"]:,.0f} stored and {one["refused"]:,.0f} refused a second, answered in '
              f'{one["post_p50"]:.0f} (p99 {one["post_p99"]:.0f}) ms; loketd {one["cpu"]:.2f} of a core, {one["rss_mb"]:.0f} MB')
        for k in ('me', 'queue', 'offer', 'accept', 'reply', 'resolve'):
            v = one[k]
            ratio = f', {v["p50_ms"] / idle[k]["p50_ms"]:.1f} and {v["p99_ms"] / idle[k]["p99_ms"]:.1f} of idle' if n else ''
            print(f'  {k:8} n {v["n"]:5}  p50 {v["p50_ms"]:8.2f} ms  p99 {v["p99_ms"]:8.2f} ms{ratio}')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--seconds', type=float, default=6)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--connections', default='64,256')
    p.add_argument('--json', action='store_true')
    options = p.parse_args()
    bench = Bench(options)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except PermissionError:
        say('(without priority for the agent)')
    try:
        r = result(bench.measure())
    finally:
        bench.world.close()
    print(json.dumps(r, indent=1)) if options.json else show(r)


main()
