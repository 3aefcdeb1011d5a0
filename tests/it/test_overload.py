#!/usr/bin/env python3
"""More than fits: agents and who is on the line go first, the rest is refused early, and memory, descriptors and the log
stay within their limits (daemon/README.md). test_flood has the budgets, test_http the front door alone."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import resource
import select
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from http_client import Client  # noqa: E402
from servers import LOKETD, wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402
from test_intake import Intake, envelope, message, new_number  # noqa: E402

LARGE = 3 << 20            # a large signed body: it stays in memory
BODIES = 64 << 20          # HTTP_BODIES_BYTES


class Overload(Intake):
    def metric(self, name):
        text = self.world.request('GET', '/metrics').body.decode()
        return int(float(next(line.rsplit(' ', 1)[1] for line in text.splitlines() if line.startswith(name + ' '))))

    def refused(self, limit):
        return self.metric(f'loket_refused_total{{limit="{limit}"}}')

    def cpu_seconds(self):
        fields = pathlib.Path(f'/proc/{self.world.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Order(Overload):
    config = 'intake {\n\tbatch_max = 4\n\tinbox_contacts_per_second = 100000\n}'

    @contextlib.contextmanager
    def slow_to_store(self):
        self.world.psql("""create function loket.slow() returns trigger language plpgsql as
            $$ begin perform pg_sleep(0.2); return null; end $$""")
        self.world.psql('create trigger slow after insert on loket.contact for each statement execute function loket.slow()')
        try:
            yield
        finally:
            self.world.psql('drop function loket.slow() cascade')

    def send(self, m):
        return m['id'], self.world.hook('dordrecht-whatsapp', envelope([m]), timeout=60)

    def chat(self, text):
        body = json.dumps({'conversation': 'druk', 'id': f'druk-{time.time_ns()}', 'from': {'id': 'v-1'}, 'text': text}).encode()
        return self.world.hook('dordrecht-chat', body, secret='', headers={
            'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-chat'], body)})

    def test_people_before_what_is_bulk(self):
        """PostgreSQL stores twenty posts a second and many more come: agents are answered before posts that came earlier,
        a chat is stored before them, and a post that would wait long hears at once that it has to come again."""
        self.world.api('GET', '/v1/me', 'anna')
        before = self.refused('intake')
        with self.slow_to_store(), concurrent.futures.ThreadPoolExecutor(200) as pool:
            posts = [pool.submit(self.send, message('Een vraag', new_number())) for _ in range(100)]

            def waiting():
                return sum(not f.done() for f in posts)

            def many_are_there():           # however slowly we send
                posts.append(pool.submit(self.send, message('En een vraag', new_number())))
                return self.metric('loket_operations') > 60

            wait_until(many_are_there, what='the posts to be there')
            for path in ('/v1/me', '/v1/queue', '/v1/cases', '/v1/me'):
                self.assertEqual(200, self.world.api('GET', path, 'anna').status)
            self.assertGreater(waiting(), 0, 'posts that came before the agent')

            def one_is_refused():
                posts.append(pool.submit(self.send, message('Nog een', new_number())))
                return any(f.done() and f.result()[1].status == 503 for f in posts)

            wait_until(one_is_refused, 30, 'a post that is refused', every=0.1)
            self.assertGreater(waiting(), 0, 'posts that came before who was refused')
            self.assertEqual(200, self.chat('Is daar iemand?').status)
            self.assertGreater(waiting(), 0, 'posts that came before the chat')
            answers = [f.result() for f in posts]
        self.assertEqual({200, 503}, {a.status for _, a in answers})
        self.assertTrue(all('Retry-After' in a.headers for _, a in answers if a.status == 503))
        stored = self.world.psql('select provider_id from loket.contact where provider_id = any(%s)', [[i for i, _ in answers]])
        self.assertEqual({i for i, a in answers if a.status == 200}, {i for i, in stored})
        self.assertEqual(before + sum(a.status == 503 for _, a in answers), self.refused('intake'))
        self.assertEqual(200, self.send(message('Later', new_number()))[1].status)


class Bodies(Overload):
    def begin_large(self, length=LARGE):
        s = socket.create_connection(('127.0.0.1', self.world.port), 60)
        client = Client(s)
        client.send(b'POST /v1/hooks/dordrecht-whatsapp HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\n'
                    b'Content-Length: %d\r\n\r\n' % length)
        return client

    def refused_at_once(self, client):
        client.s.settimeout(0.3)
        try:
            answer = client.answer()
        except TimeoutError:
            return False
        self.assertEqual(503, answer.status)
        self.assertIn('retry-after', answer.headers)
        return True

    def test_bodies_that_are_not_complete(self):
        """They may take so much memory together; who comes then has to come again, and small posts notice nothing."""
        clients, before = [], self.refused('bodies')
        for _ in range(2 * BODIES // LARGE):
            clients.append(self.begin_large())
            clients[-1].send(b' ' * (LARGE - 1))

        def held():
            return len(clients) - (self.refused('bodies') - before)

        wait_until(lambda: (held() - 1) * LARGE <= BODIES, what='those who come then to be refused')
        self.post(envelope([message('Klein', self.wa)]))
        self.assertGreater(held() * LARGE, BODIES // 2)
        heard, _, _ = select.select([client.s for client in clients], [], [], 60)
        self.assertTrue(heard)
        self.assertTrue(all(self.refused_at_once(client) for client in clients if client.s in heard))
        for client in clients:
            client.s.close()

        def there_is_room():
            client = self.begin_large()
            with client:
                return not self.refused_at_once(client)

        wait_until(there_is_room, 10, 'room')


class SlowClients(Overload):
    config = 'http {\n\theader_ms = 3000\n}'

    def test_a_thousand_heads_that_do_not_end(self):
        """Through the proxy's socket, where addresses are not counted: posts go on, and each is cut off."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        before, many = self.refused('slow'), []
        for _ in range(1000):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(60)
            s.connect(str(self.world.dir / 'http.sock'))
            s.sendall(b'POST /v1/hooks/dordrecht-whatsapp HTTP/1.1\r\nHost: x\r\nX-Slow: ')
            many.append(s)
        while self.refused('slow') < before + 1000:
            self.post(envelope([message('Gewoon', self.wa)]))
            for s in many:
                with contextlib.suppress(OSError):
                    s.send(b'a', socket.MSG_DONTWAIT)
        self.assertTrue(all(s.recv(12) == b'HTTP/1.1 408' for s in many))
        for s in many:
            s.close()


class Descriptors(Overload):
    @classmethod
    def make_world(cls):
        w = super().make_world()
        w.command = ['prlimit', '--nofile=64', LOKETD]
        return w

    def ask(self, connection):
        connection.request('GET', '/readyz')
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def log_lines(self):
        return sum(' api.done ' not in line for line in self.world.log().splitlines())     # those are our own questions

    def test_sixty_four(self):
        """Two hundred clients take what is there for clients, and not what we need ourselves: who is in is served, and
        connections to PostgreSQL come back."""
        held = http.client.HTTPConnection('127.0.0.1', self.world.port)
        self.assertEqual(200, self.ask(held))
        many = [socket.create_connection(('127.0.0.1', self.world.port), 60) for _ in range(200)]
        lines = self.log_lines()
        self.world.psql("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'loketd %'")
        wait_until(lambda: self.ask(held) == 503, 10, 'the loss to be noticed', every=0)
        wait_until(lambda: self.ask(held) == 200, 20, 'PostgreSQL again', every=0.1)
        cpu = self.cpu_seconds()
        time.sleep(2)
        self.assertLess(self.log_lines() - lines, 100)
        self.assertLess(self.cpu_seconds() - cpu, 0.5)      # a busy loop would take most of that, and log it
        held.close()
        for s in many:
            s.close()
        self.post(envelope([message('Weer ruimte', self.wa)]))


class BlockedLog(Overload):
    @classmethod
    def make_world(cls):
        w = super().make_world()
        fifo = w.dir / 'fifo'
        os.mkfifo(fifo)
        cls.pipe = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        w.command = ['sh', '-c', f'exec "$0" "$@" 2>{fifo}', LOKETD]
        return w

    def read(self):
        """All that is in the pipe, into the log where the harness looks for reports of sanitizers."""
        text = b''
        with contextlib.suppress(BlockingIOError):
            while True:
                text += os.read(self.pipe, 65536)
        with open(self.world.log_path, 'ab') as log:
            log.write(text)
        return text

    @classmethod
    def tearDownClass(cls):
        cls.read(cls('test_nobody_reads'))
        super().tearDownClass()
        os.close(cls.pipe)

    def test_nobody_reads(self):
        """Everything goes on, lines are dropped and counted; when somebody reads again, lines come again."""
        def says_so():
            self.post(envelope([message('Een vraag', new_number())]))
            return b'api.done' in self.read()

        wait_until(says_so, what='a line, also when the pipe was full by the start')
        dropped = self.metric('loket_log_dropped_total')
        wait_until(lambda: self.post(envelope([message('Een vraag', new_number())])) and
                   self.metric('loket_log_dropped_total') > dropped + 20, 60, 'the pipe to be full', every=0)
        self.assertIn(b'api.done', self.read())
        wait_until(says_so, what='a line again')


if __name__ == '__main__':
    world.main()
