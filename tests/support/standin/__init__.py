"""standin - plays the APIs of the providers: takes what loketd sends, checks it, and reports back.

One file a provider (provider.py says what it has to say); its base_url is URL/<provider><version>, that of mail a port of its
own that speaks SMTP. A request is checked
whole; what was taken is answered as the provider documents it, and its reports follow as signed webhooks.
GET /_received lists what came in; POST /_faults [..] says how the next requests fare; POST /_reset forgets.

Faults, one per request, in order:
  "ok"            the default
  "500"           answered 500, not taken
  "429"           answered 429 with Retry-After: 1, not taken
  "400"           answered 400 (an error that no retry cures), not taken
  "lost"          lost on its way: not taken, never answered
  "timeout"       taken, never answered
  "cut"           taken, connection closed without an answer
  "disorder"      taken; reports come back last first
  "slow"          taken; answered only after the reports were delivered
  "failed"        taken; reported as failed
  "silent"        taken; no reports

By itself:  python3 standin CONFIG.json   {"port", "smtp_port", "delay", "token", "hooks": URL, "secrets": {inbox: secret},
                                           "accounts": config/demo/accounts.json}
"""
import http.client
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import bird, chat, cm, mail, mastodon, messagebird, meta, postmark, telegram, twilio, whatsapp, x
from .provider import Refused

PROVIDERS = [
    bird.Bird, chat.Chat, cm.Cm, mail.Email, mastodon.Mastodon, messagebird.MessageBird,
    meta.Facebook, meta.Instagram, meta.Messenger,
    postmark.Postmark, telegram.Telegram, twilio.Twilio, whatsapp.WhatsApp, x.X,
]
MAX_KEPT = 10000
TAKEN = ('ok', 'disorder', 'slow', 'failed', 'silent', 'timeout', 'cut')


def post(url, body, headers, timeout=10):
    """The status. No body: a GET."""
    u = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(u.hostname, u.port, timeout=timeout)
    try:
        connection.request('POST' if body is not None else 'GET', u.path + ('?' + u.query if u.query else ''), body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == '/_received':
            with self.server.lock:
                self.answer(200, list(self.server.received))
        else:
            self.play('GET')

    def do_POST(self):
        if self.path not in ('/_faults', '/_reset'):
            self.play('POST')
            return
        raw = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        with self.server.lock:
            if self.path == '/_faults':
                self.server.faults.extend(json.loads(raw))
            else:
                self.server.faults.clear()
                self.server.received.clear()
        self.answer(200, {})

    def do_PUT(self):
        self.play('PUT')

    def play(self, method):
        raw = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        name, _, path = self.path[1:].partition('/')
        provider = self.server.providers.get(name)
        if not provider:
            self.answer(404, {'error': f'no provider {name}'})
            return
        fault = self.server.next_fault()
        if fault == 'lost':
            self.server.closing.wait(60)
            self.close_connection = True
            return
        account, message, wrong, refused = None, None, None, None
        try:
            account, message = provider.take(method, '/' + path, self.headers, raw)
        except Refused as e:
            wrong, refused = str(e), e
        made_id = self.server.note(provider, account, message, wrong, fault)
        if refused:
            self.answer(refused.status, refused.body)
        elif fault in TAKEN:
            self.taken(provider, account, message, made_id, fault)
        else:
            self.answer(int(fault), provider.refusal(int(fault)), [('Retry-After', '1')] if fault == '429' else [])

    def taken(self, provider, account, message, made_id, fault):
        reports = self.server.report(provider, account, message, made_id, fault)
        if fault == 'slow':
            reports.join(10)
        if fault == 'timeout':
            self.server.closing.wait(60)
        if fault in ('timeout', 'cut'):
            self.close_connection = True
            return
        self.answer(*provider.answer(account, message, made_id))


class StandIn(ThreadingHTTPServer):
    """accounts: {provider: {account: {"inbox", "url", "secret", "token"}}}; delay: seconds between the reports."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, accounts, port=0, delay=0.02, smtp_port=0):
        super().__init__(('127.0.0.1', port), Handler)
        self.providers = {p.name: p(self, accounts.get(p.name, {})) for p in PROVIDERS}
        self.delay = delay
        self.received, self.faults = [], []
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.n = int(time.time() * 1000)
        self.smtp = mail.Server(self, accounts.get('email', {}), smtp_port)

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}'

    def start(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    @property
    def smtp_url(self):
        return f'smtp://127.0.0.1:{self.smtp.server_address[1]}'

    def close(self):
        self.closing.set()
        self.smtp.shutdown()
        self.smtp.server_close()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass    # a client that went away

    def next_fault(self):
        with self.lock:
            return self.faults.pop(0) if self.faults else 'ok'

    def note(self, provider, account, message, wrong, fault):
        with self.lock:
            self.n += 1
            made_id = provider.new_id(self.n)
            self.received.append({'provider': provider.name, 'account': account, 'id': made_id, 'fault': fault, 'wrong': wrong,
                                  'at': time.time(), 'taken': not wrong and fault in TAKEN, 'message': message})
            del self.received[:-MAX_KEPT]
        return made_id

    def report(self, provider, account, message, made_id, fault):
        statuses = {'failed': ['failed'], 'silent': [], 'timeout': provider.statuses[:2], 'cut': provider.statuses[:2],
                    'disorder': provider.statuses[::-1]}.get(fault, provider.statuses)
        thread = threading.Thread(target=self._report, args=(provider, account, message, made_id, statuses), daemon=True)
        thread.start()
        return thread

    def _report(self, provider, account, message, made_id, statuses):
        for status in statuses:
            webhook = provider.report(account, message, made_id, status)
            if webhook is None or self.closing.wait(self.delay):
                return
            self.deliver(*webhook)

    def deliver(self, url, body, headers):
        """Post a webhook; again until it is answered 2xx, as the providers do (but sooner)."""
        for attempt in range(20):
            try:
                if 200 <= post(url, body, headers) < 300:
                    return
            except (OSError, http.client.HTTPException):
                pass
            if self.closing.wait(min(0.1 * 2 ** attempt, 5)):
                return


def accounts_of(accounts, hooks, secrets, token):
    """What StandIn wants, from config/demo/accounts.json, the URL of the hooks, the inboxes' secrets and our token."""
    out = {}
    for inbox, a in accounts.items():
        out.setdefault(a['provider'], {})[a['account']] = {'inbox': inbox, 'url': f'{hooks}/{inbox}',
                                                           'secret': secrets[inbox], 'token': token}
    return out
