"""peers.py - the same job in Node (peer/): built where the release is, each with a database of its own in the same PostgreSQL

What cannot be had (node, npm or its packages) is skipped, and why is said.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

from servers import die_with_us, wait_until
from world import free_port

HERE = pathlib.Path(__file__).resolve().parent / 'peer'
KINDS = ('ordinary', 'tuned')
TOKEN = 'peer-token-0123456789abcdef'
# closed cases with four contacts and five events each, as history.sql makes them
FILL = {
    'ordinary': """
insert into case_file (id, municipality, reference, product, inbox, channel, sender, state, opened_at, due_at, last_contact_at, closed_at)
select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'dordrecht', 'HIS-' || n, 'rijbewijs', 'dordrecht-whatsapp', 'whatsapp',
       '316' || n / 2, 'closed', now(), now(), now(), now() from generate_series(1, {cases}) n;
insert into contact (id, municipality, inbox, channel, kind, provider_id, provider_time, received_at, case_id, sender, name, text)
select gen_random_uuid(), 'dordrecht', 'dordrecht-whatsapp', 'whatsapp', 'text', 'wamid.history' || n || '.' || k, now(), now(),
       ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '316' || n / 2, 'Inwoner',
       repeat('Goedemiddag, hoe vraag ik een rijbewijs aan? ', 5) from generate_series(1, {cases}) n, generate_series(0, 3) k;
insert into event (at, municipality, kind, case_id, payload)
select now(), 'dordrecht', 'contact.received', ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{{"contact": {{"kind": "text"}}}}'
  from generate_series(1, {cases}) n, generate_series(0, 4) k;
vacuum analyze""",
    'tuned': """
insert into case_file (reference, product, inbox, sender, state, opened_at, due_at, last_contact_at, closed_at)
select 'HIS-' || n, 'rijbewijs', 'dordrecht-whatsapp', '316' || n / 2, 'closed', now(), now(), now(), now() from generate_series(1, {cases}) n;
insert into contact (provider_id, inbox, kind, provider_time, received_at, case_id, name, text)
select 'wamid.history' || n || '.' || k, 'dordrecht-whatsapp', 'text', now(), now(), n, 'Inwoner',
       repeat('Goedemiddag, hoe vraag ik een rijbewijs aan? ', 5) from generate_series(1, {cases}) n, generate_series(0, 3) k;
insert into event (at, kind, case_id, contact)
select now(), 'contact.received', n, 'wamid.history' || n || '.' || k from generate_series(1, {cases}) n, generate_series(0, 4) k;
vacuum analyze""",
}


def missing(build):
    """Why there can be no peers, or None; the first time their packages are fetched, into the build folder."""
    if not shutil.which('node'):
        return 'node is not there (Debian: nodejs, npm)'
    folder = build / 'peer'
    lock = (HERE / 'package-lock.json').read_bytes()
    done = folder / hashlib.sha256(lock).hexdigest()[:16]
    if done.exists():
        return None
    if not shutil.which('npm'):
        return 'npm is not there (Debian: npm)'
    folder.mkdir(exist_ok=True)
    for name in ('package.json', 'package-lock.json'):
        shutil.copy(HERE / name, folder)
    try:
        got = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=folder, check=False, capture_output=True,
                             text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return 'npm ci took too long'
    if got.returncode:
        return 'npm ci: ' + (got.stderr.strip().splitlines() or ['?'])[-1]
    done.touch()
    return None


class Peer:
    """One of KINDS, running; .port, .pid, .database."""

    def __init__(self, kind, servers, build, inbox, secret):
        self.servers, self.kind, self.database, self.port = servers, kind, f'peer_{kind}', free_port()
        servers.query(f'drop database if exists {self.database}')
        servers.query(f'create database {self.database}')
        servers.psql_file(HERE / f'{kind}.sql', self.database)
        self.query('insert into token values (%s, %s, %s)', [hashlib.sha256(TOKEN.encode()).hexdigest(), 'bench', ['dordrecht']])
        env = {'PATH': os.environ['PATH'], 'NODE_ENV': 'production', 'NODE_PATH': str(build / 'peer/node_modules'), 'PORT': str(self.port),
               'PGHOST': str(servers.dir), 'PGDATABASE': self.database, 'PGUSER': 'loket', 'REDIS_SOCKET': servers.redis_socket,
               'INBOX': inbox, 'SECRET': secret}
        self.process = subprocess.Popen(die_with_us(['node', str(HERE / f'{kind}.js')]), stdin=subprocess.DEVNULL, env=env)
        self.pid = self.process.pid
        wait_until(self._listens, 30, f'peer/{kind}.js')

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f'node ended with {self.process.returncode}')
        import socket
        with socket.socket() as s:
            return s.connect_ex(('127.0.0.1', self.port)) == 0

    def fill(self, cases):
        """Once: cases 1 to cases."""
        for statement in FILL[self.kind].format(cases=cases).split(';'):
            self.query(statement)

    def case_id(self, n):
        return str(n) if self.kind == 'tuned' else f'01900000-0000-7000-8000-{n:012}'

    def query(self, sql, params=None):
        return self.servers.query(sql, params, self.database)

    def close(self):
        self.process.kill()
        self.process.wait()
