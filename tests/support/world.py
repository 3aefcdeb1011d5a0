"""world.py - a loketd of one's own for a test: real PostgreSQL, real Redis, the demo world, a provider's stand-in.

    from world import LoketTest

    class Story(LoketTest):
        config = 'dispatch { offer_seconds = 3 }'       # joined to what the harness writes

        def test_hello(self):
            anna = self.world.agent('anna')
            anna.ready()
            self.world.hook_whatsapp('Hoe vraag ik een rijbewijs aan?')
            offer = anna.next_offer()
            case = anna.accept(offer)

One database per class, copied from a migrated template. self.world.psql(sql, params), .redis('ZCARD', …), .kill9(),
.start(), .stop(), .standin (of the providers: .received, .faults). Every request through world.api and world.hook is
written to $LOKET_TRAFFIC for the contract test. A sanitizer report or a bad exit code fails the class.

loketd dies with the thread that started it: start and kill it from threads that live as long as you need it.
"""
import atexit
import datetime
import fcntl
import hashlib
import hmac
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import servers as support  # noqa: E402
from servers import FETCHER, LOKETD, ROOT, Servers, die_with_us, wait_until  # noqa: E402
from standin import StandIn, accounts_of  # noqa: E402
from standin.provider import hub_signature  # noqa: E402

MUNICIPALITIES = ['alblasserdam', 'dordrecht', 'hendrik-ido-ambacht', 'sliedrecht', 'zwijndrecht']
PEOPLE = ['anna', 'bram', 'carla', 'wim', 'ayşe', 'daan', 'eva', 'fatima', 'gijs', 'hanneke', 'ivo', 'joke', 'kees',
          'mehmet', 'oksana', 'piet']
TOKENS = {name: f"token-of-{name.encode('ascii', 'ignore').decode()}-" + hashlib.sha256(name.encode()).hexdigest()[:32]
          for name in ['admin', 'lead', 'integration', *PEOPLE]}
DORDRECHT_WHATSAPP = '106540352242922'      # phone_number_id; the other municipalities follow in alphabetical order
STANDIN_TOKEN = 'standin-token-0123456789abcdef'
ACCOUNTS = json.loads((ROOT / 'config/demo/accounts.json').read_text())
SET_UP = ('blocks', 'municipalities', 'regions', 'products', 'agents', 'inboxes', 'norms', 'tokens')     # in the path of the API
LOADED = re.compile(r' world\.loaded version=(\d+) ')
SANITIZER = re.compile(r'ERROR: (Address|Leak)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer')


def inbox_ids():
    few = ['webform', 'whatsapp', 'phone', 'counter', 'letter']
    more = ['messenger', 'instagram', 'facebook', 'x', 'sms', 'chat', 'email', 'openforms']
    return [f'{m}-{c}' for m in MUNICIPALITIES for c in (few + more if m == 'dordrecht' else few)]


SECRETS = {inbox: f'secret-of-{inbox}' for inbox in inbox_ids()}


# for what measures how much can be taken in
NO_BUDGETS = '''intake {
    sender_contacts_per_minute = 1000000
    inbox_contacts_per_second = 1000000
    municipality_contacts_per_second = 1000000
}'''


class Answer:
    """status, headers (http.client.HTTPMessage), body (bytes); .json parses it."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'<{self.status} {self.body[:300]!r}>'


class Traffic:
    """Every request and answer, one JSON object a line, in the file $LOKET_TRAFFIC (made empty at the start)."""

    def __init__(self):
        self.path = os.environ.get('LOKET_TRAFFIC')
        self.lock = threading.Lock()
        if self.path:
            pathlib.Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(self.path).write_text('')

    def note(self, method, target, headers, body, answer):
        if not self.path:
            return
        u = urllib.parse.urlsplit(target)
        line = json.dumps({
            'method': method, 'path': u.path, 'query': u.query, 'status': answer.status,
            'requestHeaders': {k: v for k, v in headers.items() if k.lower() != 'authorization'},
            'requestBody': body.decode('utf-8', 'replace') if body else None,
            'responseHeaders': dict(answer.headers.items()),
            'responseBody': answer.body.decode('utf-8', 'replace')})
        with self.lock, open(self.path, 'a') as f:
            f.write(line + '\n')


traffic = Traffic()
_servers = {}
_serial = itertools.count(1)


def _prepared():
    """A cluster with the schema and the demo world, which all programs of a build copy: to make it takes longer than many a
    test. None without a build folder. Made anew when something in it changed, and every day."""
    if not support.BUILD.is_dir():
        return None
    of = hashlib.sha256(time.strftime('%F').encode())
    for f in [*sorted((ROOT / 'proto/db').glob('*.sql')), *sorted((ROOT / 'config').glob('**/*.sql')), ROOT / 'config/demo/accounts.json',
              pathlib.Path(__file__), pathlib.Path(support.__file__)]:
        of.update(f.read_bytes())
    folder = support.BUILD / 'prepared' / of.hexdigest()[:16]
    folder.parent.mkdir(exist_ok=True)
    with open(folder.parent / 'lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            for old in folder.parent.glob('*/'):
                if time.time() - old.stat().st_mtime > 3600:        # nobody copies it just now
                    shutil.rmtree(old, ignore_errors=True)
            first = Servers()
            try:
                for empty in (True, False):
                    World(empty=empty, on=first).close()
                first.keep(folder)
            finally:
                first.close()
    return folder


def servers(fsync=False):
    """The servers of this program; started at the first call."""
    if fsync not in _servers:
        _servers[fsync] = Servers(fsync, copy_of=_prepared())
        atexit.register(_servers[fsync].close)
    return _servers[fsync]


def free_port():
    """A port below the range that outgoing connections are given, free just now; no other program of these tests is given it while
    this one runs, also when nobody listens there for a while."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        ours = socket.socket(socket.AF_UNIX)
        with socket.socket() as s:
            try:
                ours.bind(f'\0loketd-tests-{port}')         # no file; it goes with the process
                s.bind(('127.0.0.1', port))
                ours.detach()                       # stays open
                return port
            except OSError:
                ours.close()
    raise AssertionError('no free port')


def whatsapp_body(text=None, wa_id='31612345678', name='Sanne de Vries', message_id=None, account=DORDRECHT_WHATSAPP,
                  timestamp=None, message=None):
    """A webhook as Meta posts it, as bytes. message replaces the text message (id, from and timestamp are added)."""
    item = {'from': wa_id, 'id': message_id or f'wamid.TEST{os.getpid()}.{next(_serial)}',
            'timestamp': str(timestamp or int(time.time()))}
    item |= message or {'type': 'text', 'text': {'body': text}}
    value = {'messaging_product': 'whatsapp',
             'metadata': {'display_phone_number': '31781234567', 'phone_number_id': account},
             'contacts': [{'profile': {'name': name}, 'wa_id': wa_id}], 'messages': [item]}
    return json.dumps({'object': 'whatsapp_business_account',
                       'entry': [{'id': '102290129340398', 'changes': [{'value': value, 'field': 'messages'}]}]},
                      ensure_ascii=False).encode()


class World:
    """One loketd with a database, a Redis database and a stand-in of its own."""

    command = (LOKETD,)     # what becomes loketd, for start; a test may put other words before it

    def __init__(self, config='', fsync=False, empty=False, record=True, environment=None, allow=(), on=None):
        self.servers = on or servers(fsync)
        self.pg_host, self.redis_address = self.servers.pg_host, f'unix:{self.servers.redis_socket}'   # a test may stand between
        self.extra, self.record, self.environment, self.allow = config, record, environment or {}, allow
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.tokens, self.secrets = dict(TOKENS), dict(SECRETS)
        self.dir = self.servers.dir / f'world{next(_serial)}'
        self.dir.mkdir(mode=0o700)
        (self.dir / 'state').mkdir()
        self.log_path = self.dir / 'loketd.log'
        self.process = None
        self.exit_code = None
        self._open = []
        self.standin = StandIn(accounts_of(ACCOUNTS, f'{self.url}/v1/hooks', SECRETS, STANDIN_TOKEN)).start()
        self.database = self.servers.new_database('empty' if empty else 'world',
                                                  self._migrate if empty else self._migrate_and_fill)
        self.psql("update loket.inbox set settings = settings || jsonb_build_object('base_url', "
                  "regexp_replace(regexp_replace(settings ->> 'base_url', '^http://[^/]*', %s), '^smtp://.*', %s)) "
                  "where settings ? 'base_url'", [self.standin.url, self.standin.smtp_url])
        self.servers.redis_command('FLUSHALL')

    # ---- the database and Redis

    def _migrate(self, database):
        self._write_config(database)
        done = subprocess.run([LOKETD, '--config', str(self.dir / 'loketd.conf'), '--migrate'], check=False,
                              capture_output=True, text=True, env=self._env())
        if done.returncode:
            raise AssertionError('loketd --migrate: ' + done.stderr)

    def _migrate_and_fill(self, database):
        self._migrate(database)
        self.servers.psql_file(ROOT / 'config/demo/world.sql', database, tokens=json.dumps(TOKENS),
                               secrets=json.dumps(SECRETS), accounts=json.dumps(ACCOUNTS), standin_token=STANDIN_TOKEN,
                               standin_url=self.standin.url, standin_smtp=self.standin.smtp_url)

    def psql(self, sql, params=None, user='loket'):
        """Rows as tuples. user loket sees everything; loket_api and loket_system see what their policies let."""
        return self.servers.query(sql, params, self.database, user)

    def value(self, sql, params=None):
        return self.psql(sql, params)[0][0]

    def set_clock(self, now):
        """PostgreSQL's clock, in this database: it says now, and goes on from there. Before loketd starts."""
        self._ahead_s = 0
        self.psql('alter function pg_catalog.clock_timestamp() rename to real_clock_timestamp')
        self.pass_time((now - datetime.datetime.now(datetime.timezone.utc)).total_seconds())

    def pass_time(self, seconds):
        """At once, in a world with set_clock."""
        self._ahead_s += seconds
        self.psql('create or replace function pg_catalog.clock_timestamp() returns timestamptz volatile language sql as '
                  f"$$ select pg_catalog.real_clock_timestamp() + interval '{self._ahead_s} s' $$")

    def redis(self, *words):
        return self.servers.redis_command(*words)

    # ---- the process

    def _write_config(self, database):
        allow = [f'127.0.0.1:{s.server_address[1]}' for s in (self.standin, self.standin.smtp)] + [*self.allow]
        extra = self.extra if 'attachments {' in self.extra else self.extra + '\nattachments {\n}'
        if 'fetcher =' not in extra:
            extra = extra.replace('attachments {', f'attachments {{\n\tfetcher = "{FETCHER}"')
        (self.dir / 'loketd.conf').write_text(
            f'listen = {{"127.0.0.1:{self.port}", "unix:{self.dir}/http.sock"}}\n'
            f'public_url = "{self.url}"\n'
            f'database = "host={self.pg_host} dbname={database}"\n'
            f'redis = "{self.redis_address}"\n'
            f'state_dir = "{self.dir}/state"\n'
            f'fetch_allow = {{{", ".join(json.dumps(a) for a in allow)}}}\n'
            + ('' if 'log_level' in self.extra else 'log_level = "debug"\n') + extra + '\n')

    def _env(self):
        return {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8',
                'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0:allocator_may_return_null=1',
                'LSAN_OPTIONS': f'suppressions={ROOT}/tests/support/lsan.supp:print_suppressions=0',
                'UBSAN_OPTIONS': 'print_stacktrace=1:halt_on_error=1', **self.environment}

    def start(self, wait=True):
        """Start loketd (again); returns when /readyz says 200, unless wait is false."""
        self._write_config(self.database)
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(die_with_us([*self.command, '--config', str(self.dir / 'loketd.conf')]), cwd='/',
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env())
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        wait_until(self._is_ready, 60, f'loketd to be ready; its log ends:\n{self.log()[-3000:]}')

    def is_live(self):
        try:
            return self.request('GET', '/livez', record=False).status == 200
        except OSError:
            return False

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f'loketd ended with {self.process.returncode}:\n{self.log()[-5000:]}')
        try:
            return self.request('GET', '/readyz', record=False).status == 200
        except OSError:
            return False

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self, timeout=support.PATIENCE):
        """SIGTERM; the exit code. AssertionError when it had ended by itself, and not well."""
        ended = self.process.poll() if self.process else self.exit_code
        if self.process and ended is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                ended = self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill9()
                raise AssertionError(f'loketd did not stop in {timeout} s:\n{self.log()[-3000:]}') from None
        elif ended:
            raise AssertionError(f'loketd had ended with {ended}:\n{self.sanitizer_report() or self.log()[-5000:]}')
        self.exit_code = ended
        return ended

    def restart(self):
        self.stop()
        return self.start()

    def log(self):
        return self.log_path.read_text('utf-8', 'replace') if self.log_path.exists() else ''

    def sanitizer_report(self):
        """What a sanitizer said, or None."""
        log = self.log()
        found = SANITIZER.search(log)
        return log[max(0, found.start() - 500):found.start() + 6000] if found else None

    def close(self):
        """Stop everything; AssertionError when a sanitizer spoke or loketd did not end well."""
        for thing in self._open:
            thing.close()
        try:
            code = self.stop()
            report = self.sanitizer_report()
            if report:
                raise AssertionError(f'a sanitizer report:\n{report}')
            if code:
                raise AssertionError(f'loketd ended with {code}:\n{self.log()[-5000:]}')
        finally:
            self.standin.close()
            if os.environ.get('LOKET_KEEP_LOGS') and self.log_path.exists():
                shutil.copy(self.log_path, os.environ['LOKET_KEEP_LOGS'])
            shutil.rmtree(self.dir, ignore_errors=True)
            self.servers.forget(self.database)
            self.servers.query(f'drop database if exists {self.database} with (force)')

    # ---- HTTP

    def request(self, method, target, headers=None, body=None, record=None, timeout=support.PATIENCE):
        """One request on a connection of its own; body is bytes or None."""
        headers = dict(headers or {})
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            connection.request(method, target, body, headers)
            raw = connection.getresponse()
            answer = Answer(raw.status, raw.headers, raw.read())
        except http.client.HTTPException as e:
            raise ConnectionError(repr(e)) from e
        finally:
            connection.close()
        if self.record if record is None else record:
            traffic.note(method, target, headers, body, answer)
        return answer

    def api(self, method, path, token=None, body=None, headers=None, timeout=support.PATIENCE):
        """A call of the JSON API. token: a name ('anna') or the token itself; body: anything JSON, or bytes as they are. After a
        change of the set-up it returns when that is in force."""
        headers = dict(headers or {})
        if token:
            headers['Authorization'] = 'Bearer ' + self.tokens.get(token, token)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault('Content-Type', 'application/json')
        answer = self.request(method, path, headers, body, timeout=timeout)
        if method in ('PUT', 'DELETE') and answer.status < 300 and path.split('/')[2] in SET_UP:
            self.wait_set_up()
        return answer

    def wait_set_up(self):
        """Until loketd has the set-up as it is now: it looks after a change, and each second, but not before it answers. At once when
        it does not log that."""
        version = self.value('select version from loket.world_version')

        def loaded():
            found = LOADED.findall(self.log())
            return not found or int(found[-1]) >= version
        wait_until(loaded, what='the set-up to be loaded')

    def hook(self, inbox, body, content_type='application/json', headers=None, secret=None, timeout=support.PATIENCE):
        """POST to an inbox, signed (X-Hub-Signature-256) with its secret. secret='' sends no signature."""
        headers = {'Content-Type': content_type, **(headers or {})}
        secret = self.secrets.get(inbox, 'no such inbox') if secret is None else secret
        if secret:
            headers['X-Hub-Signature-256'] = hub_signature(secret, body)
        return self.request('POST', f'/v1/hooks/{inbox}', headers, body, timeout=timeout)

    def hook_whatsapp(self, text=None, inbox='dordrecht-whatsapp', **more):
        """A WhatsApp message comes in; more as for whatsapp_body. Answers are checked to be 200."""
        if 'account' not in more:
            more['account'] = self.account(inbox)
        answer = self.hook(inbox, whatsapp_body(text, **more))
        assert answer.status == 200, answer
        return answer

    def account(self, inbox):
        """The account of an inbox of the demo world at its provider."""
        return ACCOUNTS[inbox]['account']

    def hook_form(self, fields, inbox='dordrecht-webform', **more):
        """A web form as JSON, signed in our own way (X-Loket-Signature)."""
        body = json.dumps(fields, ensure_ascii=False).encode()
        now = str(int(time.time()))
        mac = hmac.new(self.secrets[inbox].encode(), now.encode() + b'.' + body, hashlib.sha256).hexdigest()
        return self.hook(inbox, body, headers={'X-Loket-Signature': f't={now},v1={mac}'}, secret='', **more)

    # ---- people

    def events(self, token, last_id=None):
        """An open event stream; closed with the world."""
        stream = Events(self, token, last_id)
        self._open.append(stream)
        return stream

    def agent(self, name):
        """An agent with an open event stream."""
        return Agent(self, name)


class Events:
    """GET /v1/me/events, read by a thread. .all: every event so far as (kind, id, data), .times: when each
    came; .last_id: to come back with."""

    def __init__(self, world, token, last_id=None):
        self.all, self.times, self.ended, self._seen, self.last_id = [], [], False, 0, None
        self._changed = threading.Condition()
        headers = {'Authorization': 'Bearer ' + world.tokens.get(token, token), 'Accept': 'text/event-stream'}
        if last_id is not None:
            headers['Last-Event-ID'] = str(last_id)
        self._connection = http.client.HTTPConnection('127.0.0.1', world.port, timeout=60)
        try:
            self._connection.request('GET', '/v1/me/events', None, headers)
            self.socket = self._connection.sock
            self.answer = self._connection.getresponse()
            if self.answer.status != 200:
                raise AssertionError(f'{self.answer.status} {self.answer.read()!r}')
        except BaseException:
            self._connection.close()
            raise
        if world.record:
            traffic.note('GET', '/v1/me/events', headers, None, Answer(200, self.answer.headers, b''))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        fields = {}
        try:
            for line in self.answer:
                line = line.decode().rstrip('\r\n')
                if line.startswith(':'):
                    continue
                if line:
                    key, _, value = line.partition(':')
                    fields[key] = value.removeprefix(' ')
                    continue
                self.last_id = fields.get('id', self.last_id)
                if 'event' in fields:
                    with self._changed:
                        self.times.append(time.time())
                        self.all.append((fields['event'], fields.get('id'), json.loads(fields.get('data') or 'null')))
                        self._changed.notify_all()
                fields = {}
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def within(self, seconds, kind, check=lambda data: True):
        """The data of the next event of this kind for which check says yes, or None; each event is given once."""
        def find():
            for i in range(self._seen, len(self.all)):
                if self.all[i][0] == kind and check(self.all[i][2]):
                    return i
            return None
        with self._changed:
            if not self._changed.wait_for(lambda: find() is not None, seconds):
                return None
            i = find()
            self._seen = i + 1
            return self.all[i][2]

    def wait(self, kind, check=lambda data: True, timeout=0):
        """The same of an event that must come; AssertionError after timeout seconds, PATIENCE at least."""
        timeout = max(timeout, support.PATIENCE)
        data = self.within(timeout, kind, check)
        if data is None:
            raise AssertionError(f'no {kind} in {timeout} s; since the last one: {self.all[self._seen:]}'
                                 + (' (the stream has ended)' if self.ended else ''))
        return data

    def skip(self):
        """What came so far is not waited for any more."""
        with self._changed:
            self._seen = len(self.all)

    def none(self, kind, seconds=0.5):
        """AssertionError when an event of this kind comes within seconds."""
        data = self.within(seconds, kind)
        if data is not None:
            raise AssertionError(f'{kind} came: {data}')

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._connection.close()


class Agent:
    """What an agent's front end does. Every call asserts that it was answered well."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.events = world.events(name)

    def call(self, method, path, body=None, want=(200, 201, 202)):
        answer = self.world.api(method, path, self.name, body)
        assert answer.status in want, f'{self.name} {method} {path}: {answer}'
        return answer.json if answer.body else None

    def ready(self, channels=None):
        return self.call('PUT', '/v1/me/presence', {'state': 'ready'} | ({'channels': channels} if channels else {}))

    def away(self, reason='pauze'):
        return self.call('PUT', '/v1/me/presence', {'state': 'away', 'reason': reason})

    def offline(self):
        return self.call('PUT', '/v1/me/presence', {'state': 'offline'})

    def next_offer(self, timeout=0):
        """The data of the next offer.made."""
        return self.events.wait('offer.made', timeout=timeout)

    def offer_within(self, seconds):
        """The same, or None."""
        return self.events.within(seconds, 'offer.made')

    def accept(self, offer):
        """{"case", "epoch"}"""
        return self.call('POST', f"/v1/offers/{offer['offer']['id']}/accept", {})

    def decline(self, offer):
        return self.call('POST', f"/v1/offers/{offer['offer']['id']}/decline", {})

    def reply(self, taken, text, **more):
        return self.call('POST', f"/v1/cases/{taken['case']['id']}/replies", {'text': text, 'epoch': taken['epoch'], **more})

    def resolve(self, taken, outcome='solved', **more):
        return self.call('POST', f"/v1/cases/{taken['case']['id']}/resolve",
                         {'outcome': outcome, 'epoch': taken['epoch'], **more})

    def case(self, case_id):
        return self.call('GET', f'/v1/cases/{case_id}')


class LoketTest(unittest.TestCase):
    """self.world is running. Class attributes: config (lines of loketd.conf), fsync, empty (no demo world), record, allow
    ("host:port" more for fetch_allow)."""
    config = ''
    fsync = False
    empty = False
    record = True
    environment = None
    allow = ()
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = cls.make_world()
        try:
            cls.world.start()
        except BaseException:
            cls.world.process.kill()
            cls.world.process.wait()
            cls.world.process = None
            cls.world.close()
            raise

    @classmethod
    def make_world(cls):
        """Before loketd starts."""
        return World(cls.config, cls.fsync, cls.empty, cls.record, cls.environment, cls.allow)

    @classmethod
    def tearDownClass(cls):
        cls.world.close()


def main():
    """For the end of a test file: unittest with the number of tests on the last line, as ./loket test counts them."""
    unittest.main(verbosity=2)
