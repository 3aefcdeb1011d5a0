#!/usr/bin/env python3
"""event streams: what an idle one takes, one event to all of them or to one, and from a webhook to the offer

    ./loket bench sse [--streams 10000] [--events 1000] [--offers 300] [--rounds 3] [--json]

Memory: a loketd with so many open streams, and without. One event: a server that is daemon/http.c and daemon/sse.c alone
(tests/support/sse_probe.c) is asked to publish; the time is from the request until the event is read on its stream, or on the last of
all. Offer: loketd with one agent; from the first byte of a signed post until offer.made is read on the agent's stream; between two of
them the agent takes the case and resolves it. Beside it one commit of one row (pgbench, one client).
"""
import argparse
import json
import pathlib
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
from http_client import Client  # noqa: E402
from instance import as_bytes  # noqa: E402
from measuring import POSTGRES, Gate, build, finish, memory_kb, pgbench, say  # noqa: E402
from servers import Servers, die_with_us, wait_until  # noqa: E402
from world import NO_BUDGETS, World, free_port, hub_signature, whatsapp_body  # noqa: E402

INBOX = 'dordrecht-whatsapp'
CONFIG = '''log_level = "warning"
http {
    max_connections = 100000
    max_per_address = 0
    max_streams = 100000
}
''' + NO_BUDGETS


class Streams:
    """tests/bench/streams.c: so many streams of one server."""

    def __init__(self, tools, folder, port, lines):
        path = pathlib.Path(folder) / 'streams'
        path.write_text(''.join('\t'.join(line) + '\n' for line in lines))
        self.process = subprocess.Popen(die_with_us([str(tools / 'streams'), str(port), str(path)]), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        said = self.process.stdout.readline()
        if not said.startswith('open'):
            sys.exit('streams: they did not open')

    def expect(self, n):
        self.process.stdin.write(f'{n}\n')
        self.process.stdin.flush()
        time.sleep(0.2)

    def event(self, seconds=10):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            sys.exit(f'no event in {seconds} s')
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()


def quantiles(us):
    us = sorted(us)
    return {'n': len(us), 'p50_us': us[len(us) // 2], 'p99_us': us[len(us) * 99 // 100]}


def memory(tools, folder, n):
    """Bytes of loketd for each of n idle streams; the same token for all, of an agent whom nothing is offered to."""
    world = World(CONFIG, record=False)
    try:
        world.start()
        Streams(tools, folder, world.port, [('/v1/me/events', world.tokens['daan'])] * min(100, n)).close()
        time.sleep(1)
        before = memory_kb(world.process.pid, 'VmRSS')
        streams = Streams(tools, folder, world.port, [('/v1/me/events', world.tokens['daan'])] * n)
        time.sleep(1)
        after = memory_kb(world.process.pid, 'VmRSS')
        streams.close()
        return (after - before) * 1024 / n
    finally:
        world.close()


class Probe:
    """sse_probe with n streams of leads, each of an agent of their own."""

    def __init__(self, tools, folder, n):
        self.port, self.agents, self.serial = free_port(), [str(uuid.uuid4()) for _ in range(n)], 0
        self.process = subprocess.Popen(die_with_us([str(tools / 'sse_probe'), f'127.0.0.1:{self.port}', '100000']),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.streams = Streams(tools, folder, self.port, [(f'/events?lead&{a}&dordrecht', '') for a in self.agents])
        self.client = Client(socket.create_connection(('127.0.0.1', self.port), 10))
        self.client.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(self, kind, agent):
        """Microseconds until it is read on the last stream that was expected."""
        self.serial += 1
        body = f'{self.serial} {kind} dordrecht {agent} 1 {{"case": {{"id": "{uuid.uuid4()}", "state": "queued"}}}}'.encode()
        request = as_bytes(f'http://127.0.0.1:{self.port}/publish', body, {})
        began = time.monotonic()
        self.client.ask(request)
        return self.streams.event()['last_us'] - began * 1e6

    def to_one(self, n):
        self.streams.expect(1)
        return quantiles([self.publish('offer.made', self.agents[i * 7919 % len(self.agents)]) for i in range(n)])

    def to_all(self, n):
        self.streams.expect(len(self.agents))
        return quantiles([self.publish('case.changed', '-') for _ in range(n)])

    def close(self):
        self.streams.close()
        self.process.kill()
        self.process.wait()


class Offers:
    """A loketd that is idle but for one agent and one post at a time."""

    def __init__(self, folder):
        Servers.settings = POSTGRES
        self.world, self.folder = World(CONFIG, fsync=True, record=False), folder
        self.world.start()
        self.world.psql('create table public.bench_commit (at timestamptz)')
        self.posts = Client(socket.create_connection(('127.0.0.1', self.world.port), 10))
        self.posts.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.agent = self.world.agent('fatima')
        self.agent.ready()
        self.stream = socket.create_connection(('127.0.0.1', self.world.port), 10)
        self.stream.sendall(f'GET /v1/me/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.world.tokens["fatima"]}\r\n\r\n'.encode())
        self.serial = 0

    def one(self):
        """Microseconds from a post to its offer; then the agent is free again."""
        self.serial += 1
        body = whatsapp_body('Hoe vraag ik een rijbewijs aan?', wa_id=f'3165{self.serial:08}', account=self.world.account(INBOX))
        request = as_bytes(f'{self.world.url}/v1/hooks/{INBOX}', body, {
            'Content-Type': 'application/json', 'X-Hub-Signature-256': hub_signature(self.world.secrets[INBOX], body)})
        began, seen = time.monotonic(), b''
        self.posts.s.sendall(request)
        while b'event: offer.made' not in seen or not seen.endswith(b'\n\n'):
            if not select.select([self.stream], [], [], 10)[0]:
                sys.exit('no offer in 10 s')
            seen = seen[-4000:] + self.stream.recv(65536)
        took = (time.monotonic() - began) * 1e6
        self.posts.answer()
        taken = self.agent.accept(self.agent.next_offer())
        self.agent.resolve(taken)
        while select.select([self.stream], [], [], 0)[0]:
            self.stream.recv(65536)
        return took

    def round(self, n):
        commit = pgbench(self.world.servers, self.world.database, HERE / 'commit.sql', 1, 2, log=self.folder)
        return quantiles([self.one() for _ in range(n)]), commit

    def close(self):
        self.world.close()


def measure(options, folder):
    tools = build('streams', 'sse_probe')
    r = {'streams': options.streams}
    say(f'{options.streams:,} idle streams of a loketd …')
    r['bytes'] = memory(tools, folder, options.streams)
    say(f'events to {options.streams:,} streams …')
    probe = Probe(tools, folder, options.streams)
    try:
        rounds = []
        for i in range(options.rounds):
            rounds.append((probe.to_one(options.events), probe.to_all(max(3, options.events // 100))))
            say(f'round {i + 1} of {options.rounds}: to one {rounds[-1][0]["p50_us"]:.0f} µs, to all {rounds[-1][1]["p50_us"] / 1000:.0f} ms')
    finally:
        probe.close()
    for k, name in enumerate(('to_one', 'to_all')):
        r[name] = {q: statistics.median(x[k][q] for x in rounds) for q in ('n', 'p50_us', 'p99_us')}
    say('from a post to its offer …')
    offers = Offers(folder)
    try:
        offers.round(min(20, options.offers))
        rounds = [offers.round(options.offers) for _ in range(options.rounds)]
    finally:
        offers.close()
    r['offer'] = {q: statistics.median(o[q] for o, _ in rounds) for q in ('n', 'p50_us', 'p99_us')}
    r['commit'] = {q: statistics.median(c[q] for _, c in rounds) for q in ('p50_us', 'p99_us')}
    r['commits'] = statistics.median(o['p50_us'] / c['p50_us'] for o, c in rounds)
    gates = {
        'bytes of loketd for an idle stream': Gate(r['bytes'], most=1024),
        f'one event to all {options.streams:,}, ms, p50': Gate(r['to_all']['p50_us'] / 1000, most=150),
        'one event to one agent, ms, p99': Gate(r['to_one']['p99_us'] / 1000, most=1),
        'post to offer, p50 / p50 of one commit': Gate(r['commits'], most=3),
        'post to offer, ms, p99': Gate(r['offer']['p99_us'] / 1000, most=10),
    }
    return r, gates


def show(r):
    print(f'{r["streams"]:,} event streams, {r["bytes"]:,.0f} bytes each\n')
    print(f'  {"":40}{"p50 ms":>9}{"p99 ms":>9}')
    for name, what in (('to_one', 'one event to one agent'), ('to_all', 'one event to all'), ('offer', 'post to offer, idle'),
                       ('commit', 'one commit')):
        print(f'  {what:40}{r[name]["p50_us"] / 1000:9.3f}{r[name]["p99_us"] / 1000:9.3f}')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--streams', type=int, default=10000)
    p.add_argument('--events', type=int, default=1000)
    p.add_argument('--offers', type=int, default=300)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--json', action='store_true')
    options = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        r, gates = measure(options, folder)
    return finish(options, r, gates, show)


if __name__ == '__main__':
    sys.exit(main())
