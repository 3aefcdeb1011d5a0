"""redis_pair.py - two Redis on TCP, one the replica of the other, and the Sentinels that watch them."""
import os
import shutil
import signal
import socket

from servers import _read_reply, wait_until
from world import free_port

SENTINELS = 3


class RedisPair:
    """.address for loketd; .master(): the port of the master as Sentinels see it."""

    def __init__(self, servers):
        self.servers = servers
        self.folder = servers.dir / 'redis-pair'
        self.folder.mkdir()
        shutil.chown(self.folder, servers.dir.owner())
        self.ports = [free_port(), free_port()]
        self.processes = {p: self._start(p, '--replicaof', '127.0.0.1', str(self.ports[0])) if p != self.ports[0] else self._start(p)
                          for p in self.ports}
        self.sentinels = [free_port() for _ in range(SENTINELS)]
        self.watchers = [self._watch(p) for p in self.sentinels]
        self.address = 'sentinel:loket@' + ','.join(f'127.0.0.1:{p}' for p in self.sentinels)
        wait_until(lambda: self._followed(self.ports[0]), 20, 'the replica')
        wait_until(lambda: all(self._knows_all(p) for p in self.sentinels), 30, 'the Sentinels to know each other')

    def _start(self, port, *more):
        return self.servers._spawn(['redis-server', '--port', str(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
                                    '--repl-diskless-sync-delay', '0', '--dir', str(self.folder), *more], 'redis-pair.log')

    def _watch(self, port):
        conf = self.folder / f'sentinel-{port}.conf'
        conf.write_text(f'port {port}\nbind 127.0.0.1\ndir {self.folder}\nsentinel monitor loket 127.0.0.1 {self.ports[0]} 2\n'
                        'sentinel down-after-milliseconds loket 500\nsentinel failover-timeout loket 2000\n')
        shutil.chown(conf, self.servers.dir.owner())
        return self.servers._spawn(['redis-server', str(conf), '--sentinel'], 'redis-pair.log')

    def _followed(self, port):
        return b'state=online' in (self.ask(port, 'INFO', 'replication') or b'')

    def _knows_all(self, port):
        answer = self.ask(port, 'SENTINEL', 'master', 'loket') or []
        facts = dict(zip(answer[::2], answer[1::2]))
        return facts.get(b'num-other-sentinels') == b'%d' % (SENTINELS - 1) and facts.get(b'num-slaves') == b'1'

    def ask(self, port, *words):
        """One command; None when nobody is there, or it does not answer, or says no."""
        try:
            with socket.create_connection(('127.0.0.1', port), 2) as s:
                parts = [str(w).encode() for w in words]
                s.sendall(b'*%d\r\n' % len(parts) + b''.join(b'$%d\r\n%s\r\n' % (len(p), p) for p in parts))
                return _read_reply(s.makefile('rb'))
        except (OSError, ValueError, RuntimeError):
            return None

    def master(self):
        """As at least two of them see it."""
        said = [self.ask(p, 'SENTINEL', 'get-master-addr-by-name', 'loket') for p in self.sentinels]
        ports = [int(a[1]) for a in said if a]
        return next((p for p in self.ports if ports.count(p) >= 2), None)

    def fail_over(self, how):
        """SIGKILL, or SIGSTOP: frozen, and back later with what it believed. Returns the port that is master no more.

        Sentinels that were held up for two seconds, on a busy machine, do nothing for the next thirty (TILT)."""
        old = self.master()
        self.processes[old].send_signal(how)
        wait_until(lambda: self.master() not in (None, old), 120, 'the Sentinels to promote the replica')
        wait_until(lambda: (self.ask(self.master(), 'ROLE') or [b''])[0] == b'master', 20, 'the replica to be a master')
        return old

    def back(self, old, how):
        if how == signal.SIGSTOP:
            self.processes[old].send_signal(signal.SIGCONT)
        else:
            self.processes[old].wait(60)
            self.processes[old] = self._start(old)
        # what an operator does, too: Sentinels that do not answer in time (down-after-milliseconds) may put it off for minutes
        wait_until(lambda: self.ask(old, 'REPLICAOF', '127.0.0.1', self.master() or self.ports[0]) == b'OK'
                   and (self.ask(old, 'ROLE') or [b''])[0] == b'slave', 40, 'the old master to follow the new one')
        wait_until(lambda: self._followed(self.master()), 20, 'the replica')

    def close(self):
        for process in [*self.processes.values(), *self.watchers]:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
            process.wait(60)
        shutil.rmtree(self.folder)
