#!/usr/bin/env python3
"""How loketd starts, is watched and stops: readiness, watchdog, socket activation, credentials, signals."""
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import LOKETD, wait_until  # noqa: E402

PASSWORD = 'a-password-that-nobody-may-see-91'


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = str(folder / 'notify.sock')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)

    def next(self, timeout=60):
        self.socket.settimeout(timeout)
        while (said := self.socket.recv(4096).decode()).startswith('EXTEND_TIMEOUT_USEC='):
            pass                        # the schema is brought up to date
        return said

    def close(self):
        self.socket.close()


class Running(unittest.TestCase):
    def setUp(self):
        self.world = world.World()
        self.addCleanup(self.world.close)

    def test_ready_is_told_once_it_is_true_and_stopping_too(self):
        systemd = Systemd(self.world.dir)
        self.addCleanup(systemd.close)
        self.world.environment = {'NOTIFY_SOCKET': systemd.path}
        self.world.start(wait=False)
        self.assertEqual(systemd.next(), 'READY=1')
        self.assertEqual(self.world.api('GET', '/readyz').status, 200)
        self.world.process.send_signal(signal.SIGTERM)
        self.assertEqual(systemd.next(), 'STOPPING=1')
        self.assertEqual(self.world.stop(), 0)

    def test_watchdog_is_fed_also_when_the_database_is_away(self):
        systemd = Systemd(self.world.dir)
        self.addCleanup(systemd.close)
        self.world.environment = {'NOTIFY_SOCKET': systemd.path, 'WATCHDOG_USEC': '400000'}
        self.world.start()
        self.assertEqual({systemd.next() for _ in range(10)}, {'READY=1', 'WATCHDOG=1'})
        self.world.servers.pg_stop()
        try:
            wait_until(lambda: self.world.api('GET', '/readyz').status == 503, 10, 'readyz to notice')
            for _ in range(3):
                self.assertEqual(systemd.next(2), 'WATCHDOG=1')
        finally:
            self.world.servers.pg_start()
        self.world.wait_ready()

    def test_watchdog_starves_when_nothing_comes_back(self):
        systemd = Systemd(self.world.dir)
        self.addCleanup(systemd.close)
        self.world.environment = {'NOTIFY_SOCKET': systemd.path, 'WATCHDOG_USEC': '400000'}
        self.world.start()
        self.world.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        with self.assertRaises(TimeoutError):
            while True:
                systemd.next(1)
        self.world.process.send_signal(signal.SIGCONT)

    def test_listens_on_the_socket_that_systemd_hands_over(self):
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        self.world._write_config(self.world.database)
        with open(self.world.log_path, 'ab') as log:
            # $$ becomes loketd's own number by exec, as LISTEN_PID wants; bash, because the socket may have two digits
            self.world.process = subprocess.Popen(
                ['bash', '-c', f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --config "$1" 3<&{listener.fileno()}', LOKETD,
                 str(self.world.dir / 'loketd.conf')],
                pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.world._env())
        self.world.port = listener.getsockname()[1]
        self.world.wait_ready()
        self.assertEqual(self.world.hook_whatsapp('Hallo').status, 200)

    def test_a_credential_is_used_and_never_told(self):
        servers, name = self.world.servers, self.world.database
        for role in ['loket_owner', 'loket_system', 'loket_api']:
            self.world.psql(f"alter role {role} password '{PASSWORD}'")
        hba = servers.dir / 'pg/pg_hba.conf'
        before = hba.read_text()
        hba.write_text(f'local {name} loket_owner,loket_system,loket_api scram-sha-256\n' + before)
        self.addCleanup(hba.write_text, before)
        self.world.psql('select pg_reload_conf()')
        time.sleep(0.2)
        config = str(self.world.dir / 'loketd.conf')
        self.world._write_config(name)
        refused = subprocess.run([LOKETD, '--config', config], check=False, capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('cannot reach the database', refused.stderr)
        (self.world.dir / 'database_password').write_text(PASSWORD + '\n')
        self.world.environment = {'CREDENTIALS_DIRECTORY': str(self.world.dir)}
        self.world.start()
        self.assertEqual(self.world.hook_whatsapp('Hallo').status, 200)
        printed = subprocess.run([LOKETD, '--config', config, '--print-config'], check=False, capture_output=True, text=True,
                                 env=self.world._env())
        self.assertEqual(printed.returncode, 0)
        for text in [self.world.log(), printed.stdout, self.world.api('GET', '/metrics').body.decode(),
                     pathlib.Path(f'/proc/{self.world.process.pid}/cmdline').read_text()]:
            self.assertNotIn(PASSWORD, text)

    def test_what_is_under_way_ends_before_the_process(self):
        self.world.start()
        stream = self.world.events('anna')
        statuses = []

        def post(i):
            try:
                statuses.append(self.world.hook('dordrecht-whatsapp', world.whatsapp_body(f'Vraag {i}', wa_id=f'3161{i:07}',
                                                                                          message_id=f'wamid.STOP{i}')).status)
            except OSError:
                statuses.append(0)      # came after the listener was closed
        threads = [threading.Thread(target=post, args=(i,)) for i in range(40)]
        for t in threads:
            t.start()
        time.sleep(0.05)
        self.world.process.send_signal(signal.SIGTERM)
        for t in threads:
            t.join()
        began = time.monotonic()
        self.assertEqual(self.world.stop(), 0)
        self.assertLess(time.monotonic() - began, 30)
        wait_until(lambda: stream.ended, 5, 'the stream to end')
        self.assertEqual(stream.all[-1][0], 'bye')
        stored = self.world.value("select count(*) from loket.contact where provider_id like 'wamid.STOP%%'")
        self.assertGreaterEqual(stored, statuses.count(200))
        self.assertEqual(set(statuses) - {200, 503, 0}, set())

    def test_a_connection_that_idles_does_not_hold_up_the_end(self):
        self.world.start()
        idle = http.client.HTTPConnection('127.0.0.1', self.world.port)
        idle.request('GET', '/livez')
        idle.getresponse().read()
        silent = socket.create_connection(('127.0.0.1', self.world.port))
        began = time.monotonic()
        self.assertEqual(self.world.stop(), 0)
        self.assertLess(time.monotonic() - began, 20)       # an idle one may stay for longer
        idle.close()
        silent.close()

    def test_what_is_on_its_way_when_the_end_comes(self):
        """Over connections that are open: a request is answered, and the last one there; a stream is sent elsewhere, not refused."""
        self.world.start()
        self.world.hook_whatsapp('De eerste')
        idle = [http.client.HTTPConnection('127.0.0.1', self.world.port, timeout=60) for _ in range(2)]
        for one in idle:
            one.request('GET', '/livez')
            one.getresponse().read()
        fresh = socket.create_connection(('127.0.0.1', self.world.port))
        body = world.whatsapp_body('Nog net', message_id='wamid.ONITSWAY')
        self.world.process.send_signal(signal.SIGTERM)
        wait_until(lambda: 'daemon.stopping' in self.world.log(), 5, 'the end to begin')
        idle[0].request('POST', '/v1/hooks/dordrecht-whatsapp', body, {
            'Content-Type': 'application/json',
            'X-Hub-Signature-256': world.hub_signature(self.world.secrets['dordrecht-whatsapp'], body)})
        idle[1].request('GET', '/v1/me/events', None, {'Authorization': 'Bearer ' + self.world.tokens['lead'], 'Last-Event-ID': '1'})
        fresh.sendall(b'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(('127.0.0.1', self.world.port))
        answer = idle[0].getresponse()
        self.assertEqual((answer.status, answer.getheader('Connection')), (200, 'close'))
        answer = idle[1].getresponse()
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.read().decode(), r'retry: \d+\nevent: bye\ndata: \{\}\n\n$')
        self.assertIn(b'200 OK', fresh.recv(4096))
        fresh.close()
        self.assertEqual(self.world.stop(), 0)
        self.assertEqual(self.world.value("select count(*) from loket.contact where provider_id = 'wamid.ONITSWAY'"), 1)

    def test_reload_reads_the_log_level_again(self):
        self.world.start()
        config = self.world.dir / 'loketd.conf'
        config.write_text(config.read_text().replace('"debug"', '"error"'))
        self.world.process.send_signal(signal.SIGHUP)

        def says_nothing():
            before = self.world.log()
            self.world.api('GET', '/livez')
            time.sleep(0.1)
            return self.world.log() == before
        wait_until(says_nothing, what='the new level')
        config.write_text('nonsense\n')
        self.world.process.send_signal(signal.SIGHUP)
        wait_until(lambda: 'outcome=refused' in self.world.log(), 5, 'the refusal')
        self.assertEqual(self.world.api('GET', '/livez').status, 200)

    def test_memory_goes_into_no_core_file(self):
        self.world.extra = ''
        self.world.start()
        config = self.world.dir / 'loketd.conf'
        self.world.stop()
        config.write_text(config.read_text().replace('"debug"', '"info"'))
        with open(self.world.log_path, 'ab') as log:
            self.world.process = subprocess.Popen([LOKETD, '--config', str(config)], stdout=log, stderr=log,
                                                  env=self.world._env())
        self.world.wait_ready()
        limits = pathlib.Path(f'/proc/{self.world.process.pid}/limits').read_text()
        self.assertRegex(limits, r'Max core file size +0 +0')

    def test_an_address_that_is_taken_is_an_error_that_says_so(self):
        self.world.start()
        second = subprocess.run([LOKETD, '--config', str(self.world.dir / 'loketd.conf')], check=False, capture_output=True,
                                text=True, env=self.world._env(), timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn('daemon.start outcome=failed', second.stderr)
        self.assertIn(str(self.world.port), second.stderr)

    def test_a_schema_that_waits_is_refused_when_migrate_is_off(self):
        self.world.extra = 'migrate = false'
        self.world.psql('delete from public.loket_migration')
        self.world._write_config(self.world.database)
        done = subprocess.run([LOKETD, '--config', str(self.world.dir / 'loketd.conf')], check=False, capture_output=True,
                              text=True, env=self.world._env(), timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn('the schema is not up to date', done.stderr)


if __name__ == '__main__':
    world.main()
