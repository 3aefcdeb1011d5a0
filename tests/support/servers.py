"""servers.py - a private PostgreSQL and Redis for one test program, on unix sockets only.

They die with the program (PR_SET_PDEATHSIG by setpriv), also when it is killed; what a killed program left in
/tmp is removed by the next one. As root the servers run under the account postgres.
"""
import glob
import json
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('LOKET_BUILD', ROOT / 'build')).resolve()
LOKETD = os.environ.get('LOKETD', str(BUILD / 'daemon' / 'loketd'))
SLOW_FLUSH = os.environ.get('LOKET_SLOW_FLUSH_SO', str(BUILD / 'tests/bench/libslow_flush.so'))
CLOCK = os.environ.get('LOKET_CLOCK_SO', str(BUILD / 'tests/bench/libclock.so'))
FETCHER = os.environ.get('LOKETD_FETCH', str(BUILD / 'fetcher' / 'loketd-fetch'))
LEAVES_BEHIND = re.compile(r'\s*(begin|set|lock|prepare|listen)\b', re.I)


def die_with_us(argv, account=None):
    """argv as a command that ends when the calling thread does; as another account when we are root."""
    pre = ['setpriv', '--pdeathsig', 'KILL']
    if account and os.getuid() == 0:
        who = pwd.getpwnam(account)
        pre += [f'--reuid={who.pw_uid}', f'--regid={who.pw_gid}', '--clear-groups', '--inh-caps=-all']
    return pre + ['--'] + argv


PATIENCE = 60   # seconds; what is to come may take so long on a slow and busy machine, and costs nothing when it comes


def wait_until(check, timeout=0, what='a condition', every=0.02):
    """The first true value of check(); AssertionError after timeout seconds, PATIENCE at least."""
    timeout = max(timeout, PATIENCE)
    value = within(timeout, check, every)
    if not value:
        raise AssertionError(f'waited {timeout} s in vain for {what}')
    return value


def within(seconds, check, every=0.02):
    """The same of what need not come: the last value when it did not."""
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(every)
    return value


def at_once(calls):
    """What these functions return, in their order, all of them called at once; what one of them raised is raised here, which a thread
    of one's own would keep to itself."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def remove_leftovers():
    for folder in glob.glob('/tmp/lokt-*-*'):
        pid = folder.split('-')[1]
        if pid.isdigit() and not os.path.exists(f'/proc/{pid}'):
            shutil.rmtree(folder, ignore_errors=True)


class Servers:
    """PostgreSQL (superuser loket) and Redis in one folder; fsync=True for tests of crashes."""

    slow_flush = False  # for flush_takes(): set it before the first one starts
    ahead_s = None      # of the clock of PostgreSQL, in self.clock, for whoever else is to have it (clock.c): set it before the first one starts
    keeps_connections = True
    settings = {}       # of PostgreSQL, for a program that wants others than a test: set it before the first one starts

    def __init__(self, fsync=False, within='/tmp', copy_of=None):
        """copy_of: a folder that keep() made."""
        remove_leftovers()
        self.fsync = fsync
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f'lokt-{os.getpid()}-', dir=within))
        if os.getuid() == 0:
            who = pwd.getpwnam('postgres')
            os.chown(self.dir, who.pw_uid, who.pw_gid)
        self.dir.chmod(0o755)
        self.bin = sorted(glob.glob('/usr/lib/postgresql/*/bin'))[-1]
        self.redis_socket = str(self.dir / 'redis.sock')
        self.pg_host = str(self.dir)
        self.pg = self.redis = None
        self.clock = self.dir / 'clock'
        self.set_ahead(self.ahead_s or 0)
        self._databases, self._connections = 0, threading.local()
        self._templates = {}
        if copy_of:
            subprocess.run(['cp', '-a', copy_of / 'pg', self.dir / 'pg'], check=True)
            self._templates = json.loads((copy_of / 'templates.json').read_text())
        else:
            self._run_as_postgres([f'{self.bin}/initdb', '-D', str(self.dir / 'pg'), '-U', 'loket', '-A', 'trust', '-E', 'UTF8',
                                   '--locale=C.UTF-8', '--no-sync', '--no-instructions'])
        self.pg_start()
        self.redis_start()

    def _run_as_postgres(self, argv):
        subprocess.run(die_with_us(argv, 'postgres'), cwd='/', check=True, stdout=subprocess.DEVNULL)

    def _spawn(self, argv, log):
        with open(self.dir / log, 'ab') as out:
            return subprocess.Popen(die_with_us(argv, 'postgres'), cwd='/', stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    # ---- PostgreSQL

    def conninfo(self, database='postgres', user=None):
        return f'host={self.pg_host} dbname={database}' + (f' user={user}' if user else '')

    def set_ahead(self, seconds):
        """How far the clock of whoever looks at it is ahead."""
        with open(self.clock, 'r+b' if self.clock.exists() else 'wb') as f:
            f.write(struct.pack('=q', int(seconds)))

    def pg_start(self):
        self.pg = self._start_postgres(self.dir)

    def _start_postgres(self, folder):
        """The process; its data in folder/pg, its socket in folder."""
        options = {'listen_addresses': '', 'unix_socket_directories': str(folder), 'max_connections': '100',
                   'shared_buffers': '64MB', 'jit': 'off', 'log_min_messages': 'warning',
                   'log_min_error_statement': 'error', 'autovacuum_naptime': '10s'}
        if self.fsync:      # after a crash one sync of the file system instead of one for each file; and what did not
            # wait for the disk is lost in it, not saved by the luck of a background writer who just came by
            options |= {'recovery_init_sync_method': 'syncfs', 'wal_writer_delay': '10s'}
        else:
            options |= {'fsync': 'off', 'synchronous_commit': 'off', 'full_page_writes': 'off'}
        options |= self.settings
        argv = [f'{self.bin}/postgres', '-D', str(folder / 'pg')]
        for key, value in options.items():
            argv += ['-c', f'{key}={value}']
        if self.ahead_s is not None:
            argv = ['env', f'LD_PRELOAD={CLOCK}', f'LOKET_CLOCK={self.clock}', *argv]
        if self.slow_flush:
            argv = ['env', f'LD_PRELOAD={SLOW_FLUSH}', f'LOKET_SLOW_FLUSH={self.dir}/flush_ms', *argv]
        process = self._spawn(argv, 'pg.log')
        wait_until(lambda: self._pg_answers(process, folder), 30, 'PostgreSQL')
        return process

    def _pg_answers(self, process, folder):
        if process.poll() is not None:
            raise AssertionError('PostgreSQL ended: ' + (self.dir / 'pg.log').read_text()[-2000:])
        import psycopg2
        try:
            psycopg2.connect(f'host={folder} dbname=postgres user=loket').close()
        except psycopg2.OperationalError:
            return False
        return True

    def flush_takes(self, ms):
        """From now on a flush takes so long; 0: no time at all; None: as long as it does."""
        path = self.dir / 'flush_ms'
        if ms is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(str(ms))

    def pg_stop(self, how=signal.SIGQUIT):
        """SIGQUIT: immediate (a crash); SIGINT: fast."""
        if self.pg and self.pg.poll() is None:
            self.pg.send_signal(how)
            self.pg.wait(PATIENCE)

    def query(self, sql, params=None, database='postgres', user='loket'):
        """Rows as tuples; autocommit. The superuser's connections are kept, by thread: to make one costs more than most queries,
        and tests ask again and again. Not after what leaves something behind in its session."""
        kept = self._connections.__dict__
        connection = kept.pop(database, None) if user == 'loket' else None
        if connection is None or select.select([connection], [], [], 0)[0]:     # it ended
            connection = self._connect(database, user)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
                rows = cursor.fetchall() if cursor.description else []
        except BaseException:
            connection.close()
            raise
        if self.keeps_connections and user == 'loket' and not LEAVES_BEHIND.match(sql):
            kept[database] = connection
        else:
            connection.close()
        return rows

    def _connect(self, database, user):
        import psycopg2
        connection = psycopg2.connect(self.conninfo(database, user))
        connection.autocommit = True
        return connection

    def forget(self, database):
        """Before it goes."""
        connection = self._connections.__dict__.pop(database, None)
        if connection:
            connection.close()

    def psql_file(self, path, on, **variables):
        argv = ['psql', '-X', '-q', '-h', self.pg_host, '-U', 'loket', '-d', on, '-f', str(path)]
        for key, value in variables.items():
            argv += ['-v', f'{key}={value}']
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f'{path}: {done.stderr}')

    def new_database(self, key, fill):
        """A fresh database: a copy of the template that fill(name) made the first time key was asked for."""
        if key not in self._templates:
            name = f'template_{len(self._templates)}'
            self.psql_file(ROOT / 'config/roles.sql', 'postgres', database=name)
            fill(name)
            self._templates[key] = name
        self._databases += 1
        name = f'loket_{self._databases}'
        self.query(f'create database {name} owner loket_owner template {self._templates[key]}')
        return name

    def keep(self, folder):
        """Ends PostgreSQL; its data and the templates made so far go to this folder, from which others begin."""
        self.pg_stop(signal.SIGINT)
        new = folder.with_suffix('.new')
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        subprocess.run(['cp', '-a', self.dir / 'pg', new / 'pg'], check=True)
        (new / 'templates.json').write_text(json.dumps(self._templates))
        new.rename(folder)

    # ---- Redis

    def redis_start(self):
        self.redis = self._spawn(['redis-server', '--port', '0', '--unixsocket', self.redis_socket, '--unixsocketperm', '777',
                                  '--save', '', '--appendonly', 'no', '--dir', str(self.dir), '--databases', '64'], 'redis.log')
        wait_until(lambda: self.redis_command('PING', quiet=True) == b'PONG', 10, 'Redis')

    def redis_stop(self, how=signal.SIGKILL):
        if self.redis and self.redis.poll() is None:
            self.redis.send_signal(how)
            self.redis.wait(PATIENCE)

    def redis_command(self, *words, quiet=False):
        """One command; bytes, int, None or a list. quiet: None when Redis cannot be reached."""
        import socket
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
                s.settimeout(20)
                s.connect(self.redis_socket)
                parts = [str(w).encode() if not isinstance(w, bytes) else w for w in words]
                s.sendall(b'*%d\r\n' % len(parts) + b''.join(b'$%d\r\n%s\r\n' % (len(p), p) for p in parts))
                return _read_reply(s.makefile('rb'))
        except OSError:
            if quiet:
                return None
            raise

    def close(self):
        self.redis_stop()
        self.pg_stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def _read_reply(f):
    line = f.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b'+':
        return rest
    if kind == b'-':
        raise RuntimeError(rest.decode())
    if kind == b':':
        return int(rest)
    n = int(rest)
    if n < 0:
        return None
    if kind == b'$':
        return f.read(n + 2)[:-2]
    return [_read_reply(f) for _ in range(n)]


if __name__ == '__main__':
    sys.exit('servers.py is for import; see world.py')
