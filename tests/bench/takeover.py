"""takeover.py - another instance begins to dispatch: from the lease to the first offer, with all that waits in PostgreSQL

A loketd takes contacts in while somebody else holds the lease; then it gets it, reads what waits and who is there, and offers.
Posts go on all the time, at a fixed pace over a few connections: what they wait is measured before and meanwhile.
"""
import itertools
import os
import pathlib
import re
import socket
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
from http_client import Client  # noqa: E402
from instance import as_bytes  # noqa: E402
from measuring import POSTGRES, cpu_seconds, memory_kb, postgres_cpu_seconds, say  # noqa: E402
from servers import Servers, wait_until  # noqa: E402
from world import NO_BUDGETS, World, hub_signature, whatsapp_body  # noqa: E402

INBOX = 'dordrecht-whatsapp'
CONFIG = 'log_level = "notice"\ndispatch {\npresence_seconds = 3600\n}\n' + NO_BUDGETS      # nobody has a stream here
HOLD = "update loket.lease set holder = 'bench', epoch = epoch + 1, until = 'infinity' where name = 'dispatch'"
LET_GO = "update loket.lease set until = clock_timestamp() where name = 'dispatch' returning until"

# one case in twenty was offered before; of the agents 15 % have nothing in hand, and the others one case
CASES = '''
insert into loket.case_file (id, municipality, reference, product, inbox, channel, language, state, option0, opened_at, arrived_at,
                             due_at, last_contact_at, epoch)
select gen_random_uuid(), m, 'T-' || n, p, m || '-' || c, c, case when n %% 20 = 0 then 'en' else 'nl' end, 'queued', false,
       at, at, at + interval '1 hour', at, (n %% 20 = 1)::int
  from (select n, ms[1 + n %% array_length(ms, 1)] as m, ps[1 + n / 7 %% array_length(ps, 1)] as p,
               cs[1 + n / 11 %% array_length(cs, 1)] as c, now() - n * interval '28800 seconds' / %(waiting)s as at
          from generate_series(1, %(waiting)s) n,
               (select array_agg(id order by id) as ms from loket.municipality) m,
               (select array_agg(id order by id) as ps from loket.product) p,
               (values ('{whatsapp,webform,email}'::text[])) c (cs)) w;
insert into loket.offer (id, case_id, municipality, agent, epoch, channel, state, made_at, expires_at, ended_at)
select gen_random_uuid(), id, municipality, gen_random_uuid(), 1, channel, 'expired', arrived_at, arrived_at, arrived_at
  from loket.case_file where epoch = 1;
'''
AGENTS = '''
insert into loket.agent (id, name, role, municipalities, products, languages, channels, room_total)
select gen_random_uuid(), 'Agent ' || n, 'agent', ms, array(select p from unnest(ps) with ordinality x (p, i) where (i * 7 + n) %% 11 < 5),
       case when n %% 3 = 0 then '{nl}' else '{nl,en}' end::text[], '{whatsapp,webform,email,phone}', 1
  from generate_series(1, %(agents)s - (select count(*) from loket.agent)) n,
       (select array_agg(id order by id) as ms from loket.municipality) m,
       (select array_agg(id order by id) as ps from loket.product) p;
insert into loket.presence (agent, municipalities, state, since, idle_since)
select id, municipalities, 'ready', now(), now() from loket.agent where name like 'Agent %%';
insert into loket.case_file (id, municipality, reference, product, inbox, channel, state, opened_at, arrived_at, due_at, last_contact_at,
                             epoch, owner)
select gen_random_uuid(), 'dordrecht', 'A-' || id, products[1], 'dordrecht-email', 'email', 'assigned', now(), now(), now(), now(), 1, id
  from loket.agent where name like 'Agent %%' and split_part(name, ' ', 2)::int %% 20 >= 3;
'''


class Posts:
    """Signed posts at a fixed pace; .answers: (when it was due, seconds until it was answered, status)."""

    def __init__(self, world, per_second, connections=16):
        self.world, self.answers, self.stopping, self.serial = world, [], threading.Event(), itertools.count(1)
        self.threads = [threading.Thread(target=self._run, args=[i / per_second, connections / per_second],
                                         daemon=True) for i in range(connections)]
        for t in self.threads:
            t.start()

    def _request(self):
        n = next(self.serial)
        body = whatsapp_body(f'Vraag {n}', wa_id=str(31600000000 + n), account=self.world.account(INBOX))
        return as_bytes(f'{self.world.url}/v1/hooks/{INBOX}', body, {
            'Content-Type': 'application/json', 'X-Hub-Signature-256': hub_signature(self.world.secrets[INBOX], body)})

    def _run(self, offset, every):
        due = time.monotonic() + offset
        with Client(socket.create_connection(('127.0.0.1', self.world.port), 60)) as client:
            client.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self.stopping.is_set():
                request = self._request()
                time.sleep(max(0, due - time.monotonic()))
                answer = client.ask(request)
                self.answers.append((due, time.monotonic() - due, answer and answer.status))
                due += every

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join()

    def between(self, begin, end):
        """What was due in that time: how many, not answered 200, milliseconds."""
        some = [a for a in self.answers if begin <= a[0] < end]
        ms = sorted(1000 * a[1] for a in some) or [0]
        return {'n': len(some), 'failed': sum(a[2] != 200 for a in some), 'p50_ms': round(ms[len(ms) // 2], 1),
                'p99_ms': round(ms[int(len(ms) * 0.99)], 1), 'max_ms': round(ms[-1], 1)}


def fill(world, waiting, agents):
    began = time.monotonic()
    world.psql(CASES, {'waiting': waiting})
    world.psql('analyze')
    world.start()                           # nobody is there yet: what waits goes to Redis, where a takeover finds it
    wait_until(lambda: world.redis('EXISTS', 'loket:queue:whole'), 300, 'the queue in Redis', 0.2)
    world.stop()
    world.psql(HOLD)
    world.psql(AGENTS, {'agents': agents})
    world.psql('vacuum analyze')
    world.servers.query('checkpoint')
    say(f'{waiting:,} waiting and {agents:,} agents are in PostgreSQL, and the queue in Redis ({time.monotonic() - began:.0f} s)')


def loaded(world):
    """How many were read, and in how many ms; the last time."""
    found = re.findall(r'dispatch\.loaded epoch=\d+ n=(\d+) ms=(\d+)', world.log())
    return found and [int(n) for n in found[-1]]


def measure(waiting, agents, per_second=100):
    Servers.settings = POSTGRES
    world = World(CONFIG, fsync=True, record=False)
    try:
        fill(world, waiting, agents)
        world.start()
        return takeover(world, waiting, agents, per_second)
    finally:
        world.close()


def takeover(world, waiting, agents, per_second):
    pid, postmaster = world.process.pid, world.servers.pg.pid
    known = len(re.findall('dispatch.loaded', world.log()))
    posts, began = Posts(world, per_second), time.monotonic()
    time.sleep(4)
    before, cpu, pg_cpu, memory = time.monotonic(), cpu_seconds(pid), postgres_cpu_seconds(postmaster), memory_kb(pid, 'VmRSS')
    world.psql(LET_GO)
    lease = wait_until(lambda: world.psql("select clock_timestamp() from loket.lease where holder <> 'bench'"), 5, 'the lease', 0.01)
    took = time.monotonic()
    wait_until(lambda: len(re.findall('dispatch.loaded', world.log())) > known, 300, 'what waits to be read', 0.05)
    first = wait_until(lambda: world.value('select min(made_at) from loket.offer where made_at > %s', lease[0]), 60, 'an offer', 0.05)
    end, cpu, pg_cpu = time.monotonic(), cpu_seconds(pid) - cpu, postgres_cpu_seconds(postmaster) - pg_cpu
    posts.stop()
    n, ms = loaded(world)
    return {'waiting': waiting, 'agents': agents, 'read': n, 'loaded_s': ms / 1000,
            'first_offer_s': round((first - lease[0][0]).total_seconds(), 2), 'lease_s': round(took - before, 2),
            'cpu_s': round(cpu, 2), 'postgres_cpu_s': round(pg_cpu, 2), 'memory_mb': round(memory / 1024), 'memory_after_mb': round(memory_kb(pid, 'VmRSS') / 1024),
            'memory_peak_mb': round(memory_kb(pid, 'VmHWM') / 1024), 'posts_per_second': per_second, 'load': os.getloadavg()[0],
            'intake_before': posts.between(began + 1, before), 'intake_meanwhile': posts.between(took, end)}
