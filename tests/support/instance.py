"""instance.py - more loketd beside a World's own, on the same PostgreSQL, Redis and state_dir, as behind one proxy; posts to all of
them, many at once; two on the same sockets, as systemd keeps them."""
import contextlib
import copy
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import world as worlds
from http_client import Client
from servers import LOKETD, die_with_us, wait_until


def beside(world, name='other'):
    """A World to make calls to and to kill, not started; told the same public_url. end_beside ends it."""
    other = copy.copy(world)
    other.port, other.dir, other._open, other.process, other.exit_code = worlds.free_port(), world.dir / name, [], None, None
    other.log_path = other.dir / 'loketd.log'
    other.dir.mkdir(mode=0o700)
    (other.dir / 'state').symlink_to(world.dir / 'state')
    return other


def end_beside(other):
    """It must end well."""
    for thing in other._open:
        thing.close()
    code, report = other.stop(), other.sanitizer_report()
    assert not code and not report, report or other.log()[-3000:]


@contextlib.contextmanager
def another_instance(world):
    """A second one that is ready."""
    other = beside(world).start()
    try:
        yield other
    finally:
        end_beside(other)
        shutil.rmtree(other.dir)


def leader(instances):
    """(who dispatches, the others)."""
    def find():
        held = instances[0].psql("select holder from loket.lease where name = 'dispatch' and until > clock_timestamp()")
        for w in instances:
            started = re.findall(r'daemon\.ready instance=(\S+)', w.log())
            if held and started and started[-1] == held[0][0] and w.process:
                return w, [other for other in instances if other is not w]
        return None
    return wait_until(find, 20, 'somebody to lead')


def as_bytes(url, body, headers):
    """A webhook, as a stand-in makes it, whole: what goes over the connection."""
    u = urllib.parse.urlsplit(url)
    lines = [f'POST {u.path}{"?" + u.query if u.query else ""} HTTP/1.1', f'Host: {u.netloc}', f'Content-Length: {len(body)}',
             *(f'{k}: {v}' for k, v in headers.items())]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


def deliver(requests, instances, connections=8):
    """Requests (as_bytes) to instances in turn, over so many connections to each, all at once and each in the order of the
    list. Returns the statuses; None where the connection was closed instead."""
    shares = [requests[i::connections * len(instances)] for i in range(connections * len(instances))]
    statuses, start = [], threading.Barrier(sum(bool(s) for s in shares))

    def send(instance, share):
        with Client(socket.create_connection(('127.0.0.1', instance.port), 60)) as client:
            client.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            start.wait(60)
            for request in share:
                answer = client.ask(request)
                while answer and answer.status == 503:       # as a provider does
                    time.sleep(0.2)
                    answer = client.ask(request)
                statuses.append(answer and answer.status)

    threads = [threading.Thread(target=send, args=(instances[i % len(instances)], s)) for i, s in enumerate(shares) if s]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return statuses


class Machine:
    """What systemd makes of loketd.socket, loketd@1 and loketd@2: it listens, and hands the sockets to each instance.

    The world is not started itself; its port and the socket world.dir/http.sock are the machine's.
    """
    SLOTS = (1, 2)
    STOP_S = 30                     # TimeoutStopSec

    def __init__(self, world):
        self.world, self.running, self.stops = world, {}, []
        world._write_config(world.database)
        tcp = socket.create_server(('127.0.0.1', world.port), backlog=4096)     # loketd.socket has as many
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(world.dir / 'http.sock'))
        os.chmod(world.dir / 'http.sock', 0o777)
        unix.listen(4096)
        # out of the way of 3 and 4, where loketd gets them
        self.sockets = [socket.socket(fileno=fcntl.fcntl(s.detach(), fcntl.F_DUPFD_CLOEXEC, 10)) for s in (tcp, unix)]

    def start(self, slot, program=LOKETD):
        """Returns when it says that it is ready, as systemctl start does."""
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = str(self.world.dir / f'notify{slot}.sock')
        told.bind(path)
        told.settimeout(60)
        # $$ becomes loketd's own number by exec, as LISTEN_PID wants; bash, because the sockets have two digits
        line = 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$0" --config "$1" ' + ' '.join(
            f'{3 + i}<&{s.fileno()}' for i, s in enumerate(self.sockets))
        with open(self.world.log_path, 'ab') as log:
            self.running[slot] = subprocess.Popen(
                die_with_us(['bash', '-c', line, str(program), str(self.world.dir / 'loketd.conf')]), cwd='/', stdin=subprocess.DEVNULL,
                pass_fds=[s.fileno() for s in self.sockets], stdout=log, stderr=log, env=self.world._env() | {'NOTIFY_SOCKET': path})
        try:
            wait_until(lambda: self._heard(slot, told), 90, f'instance {slot}; the log ends:\n{self.world.log()[-3000:]}')
        finally:
            told.close()
            os.unlink(path)

    def _heard(self, slot, told):
        if self.running[slot].poll() is not None:
            raise AssertionError(f'instance {slot} ended with {self.running[slot].returncode}:\n{self.world.log()[-5000:]}')
        told.settimeout(0.2)
        try:
            return told.recv(4096) == b'READY=1'
        except TimeoutError:
            return False

    def stop(self, slot):
        """SIGTERM; it must end well and in time. Seconds it took."""
        began = time.monotonic()
        process = self.running.pop(slot)
        process.send_signal(signal.SIGTERM)
        code = process.wait(self.STOP_S)
        assert code == 0, f'instance {slot} ended with {code}:\n{self.world.log()[-5000:]}'
        self.stops.append(time.monotonic() - began)

    def restart(self, slot, program=LOKETD):
        self.stop(slot)
        self.start(slot, program)

    def roll(self, program=LOKETD):
        """One after the other, as the operator does (OPERATING.md)."""
        for slot in self.SLOTS:
            self.restart(slot, program)

    def close(self):
        try:
            for slot in list(self.running):
                self.stop(slot)
        finally:
            for process in self.running.values():
                process.kill()
            for s in self.sockets:
                s.close()
