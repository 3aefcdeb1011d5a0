"""proxy.py - stands between loketd and a server (or a client and loketd), and is a bad line when told.

    line = Proxy('/tmp/x/redis.sock', upstream='/tmp/y/redis.sock')     # unix sockets; ('127.0.0.1', port) is TCP
    line.delay = 0.5        # seconds later, in each direction
    line.stall()            # nothing goes through, nothing is closed: a cable pulled, or packets dropped
    line.heal()             # what was held back goes on, as TCP does
    line.cut()              # all connections end; line.refuse(): and no new ones either, until heal()

PgLine knows PostgreSQL's protocol well enough to lose the answer to a COMMIT:

    line.lose('work_reply')         # the next unit with this statement commits, and nobody hears of it
    line.lost                       # how often that happened
"""
import collections
import os
import queue
import random
import socket
import struct
import threading
import time

CHUNK = 1 << 16


def _dial(where):
    s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET, socket.SOCK_STREAM)
    s.connect(where)
    return s


class _Pair:
    """A connection through the proxy: two sockets, and for each direction what is on its way."""

    def __init__(self, proxy, client, server):
        self.proxy, self.sockets = proxy, {'up': (client, server), 'down': (server, client)}
        self.on_its_way = {'up': queue.Queue(), 'down': queue.Queue()}
        self.closed = False
        for direction in ('up', 'down'):
            for work in (self._read, self._write):
                threading.Thread(target=work, args=(direction,), daemon=True).start()

    def _read(self, direction):
        source, way = self.sockets[direction][0], self.on_its_way[direction]
        with source:
            try:
                while data := source.recv(CHUNK):
                    way.put((time.monotonic() + self.proxy.delay, data))
            except OSError:
                pass
        way.put((time.monotonic() + self.proxy.delay, b''))

    def _write(self, direction):
        target, way = self.sockets[direction][1], self.on_its_way[direction]
        while True:
            due, data = way.get()
            time.sleep(max(0, due - time.monotonic()))
            while not self.proxy.flows.wait(1) and not self.closed:
                pass
            try:
                if data:
                    data, goes_on = self.proxy.look(self, direction, data)
                    target.sendall(data)
                    if goes_on:
                        continue
            except OSError:
                pass
            self.close()
            return

    def close(self):
        self.closed = True
        self.proxy.pairs.discard(self)
        for s in self.sockets['up']:
            try:
                s.shutdown(socket.SHUT_RDWR)        # wakes who reads; closed when nobody does
            except OSError:
                pass
        for way in self.on_its_way.values():
            way.put((0, b''))


class Proxy:
    def __init__(self, listen, upstream):
        self.upstream, self.delay, self.pairs, self.refusing = upstream, 0, set(), False
        self.flows = threading.Event()
        self.flows.set()
        self.listener = socket.socket(socket.AF_UNIX if isinstance(listen, str) else socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if isinstance(listen, str) and os.path.exists(listen):
            os.unlink(listen)
        self.listener.bind(listen)
        if isinstance(listen, str):
            os.chmod(listen, 0o777)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.refusing:
                    raise ConnectionRefusedError
                self.pairs.add(self.pair(client, _dial(self.upstream)))
            except OSError:
                client.close()

    def pair(self, client, server):
        return _Pair(self, client, server)

    def look(self, pair, direction, data):
        """What goes on of data, and whether the connection does."""
        return data, True

    def stall(self):
        self.flows.clear()

    def cut(self):
        for pair in list(self.pairs):
            pair.close()

    def refuse(self):
        self.refusing = True
        self.cut()

    def heal(self):
        self.refusing = False
        self.flows.set()

    def close(self):
        self.listener.close()
        self.flows.set()
        self.cut()


class _Messages:
    """Cuts a stream into PostgreSQL's messages: (type, payload). The first of a client has no type."""

    def __init__(self, untyped=0):
        self.rest, self.untyped = b'', untyped

    def feed(self, data):
        """(message as bytes, type, payload) of each that is complete now."""
        self.rest += data
        while True:
            head = 0 if self.untyped else 1
            if len(self.rest) < head + 4:
                return
            size = head + struct.unpack_from('!I', self.rest, head)[0]
            if len(self.rest) < size:
                return
            whole, self.rest = self.rest[:size], self.rest[size:]
            self.untyped = max(0, self.untyped - 1)
            yield whole, whole[:head], whole[head + 4:]


class _PgPair(_Pair):
    def __init__(self, *args):
        self.asked, self.answers = _Messages(untyped=1), _Messages()
        self.statements = []                          # of the unit that is being asked
        self.units = collections.deque([[]])          # asked and not answered; the first is the login
        self.losing, self.failed, self.held = False, False, b''
        super().__init__(*args)


class PgLine(Proxy):
    """A Proxy before a PostgreSQL, on a unix socket (no TLS): listen is the folder, as in host=."""

    def __init__(self, listen, upstream):
        self.lock, self.wanted, self.chance, self.lost = threading.Lock(), None, 0, 0
        self.random = random.Random(20261122)
        super().__init__(f'{listen}/.s.PGSQL.5432', f'{upstream}/.s.PGSQL.5432')

    @classmethod
    def before(cls, world):
        """Between this world and its PostgreSQL; from now on."""
        folder = world.dir / 'line'
        folder.mkdir()
        world.pg_host = str(folder)
        return cls(str(folder), str(world.servers.dir))

    def pair(self, client, server):
        return _PgPair(self, client, server)

    def lose(self, statement):
        """The answer to the next unit with this statement; to lose again and again: often()."""
        with self.lock:
            self.wanted = statement

    def often(self, chance):
        """The answer to any unit that writes contacts or cases, one time in 1 / chance; 0: never."""
        self.chance = chance

    WRITES = {'intake_contact_insert', 'offer_accept', 'work_reply', 'work_resolve', 'dispatch_claim', 'outbox_claim', 'outbox_sent'}

    def _loses(self, statements):
        with self.lock:
            if self.wanted in statements:
                self.wanted = None
                return True
        return bool(self.WRITES & set(statements)) and self.random.random() < self.chance

    def look(self, pair, direction, data):
        if direction == 'up':
            for _, kind, payload in pair.asked.feed(data):
                if kind == b'B':
                    pair.statements.append(payload.split(b'\0')[1].decode())
                elif kind in (b'S', b'Q'):
                    pair.units.append(pair.statements)
                    pair.statements = []
            return data, True
        goes_on = b''
        for whole, kind, _ in pair.answers.feed(data):
            if not pair.held and not pair.losing:
                pair.losing = bool(pair.units) and self._loses(pair.units[0])
            pair.failed = pair.failed or (kind == b'E' and pair.losing)
            if kind == b'Z':
                if pair.losing and not pair.failed:
                    self.lost += 1
                    return goes_on, False
                goes_on += pair.held + whole
                pair.units.popleft()
                pair.losing, pair.failed, pair.held = False, False, b''
            elif pair.losing:
                pair.held += whole
            else:
                goes_on += whole
        return goes_on, True
