"""standin.py - plays the WhatsApp Graph API: takes what loketd sends, checks it, and reports back.

POST /v23.0/{phone_number_id}/messages is answered as Meta documents it (developers.facebook.com, Cloud API,
"Messages", read 2026-11): 200 {"messaging_product","contacts":[{"input","wa_id"}],"messages":[{"id"}]}, or an error
object. Then signed status webhooks follow: sent, delivered, read.
GET /_received lists what came in; POST /_faults [..] says how the next requests fare; POST /_reset forgets.

Faults, one per request, in order:
  "ok"            the default
  "500"           answered 500, not taken
  "429"           answered 429 with Retry-After: 1, not taken
  "400"           answered 400 (a Graph error that no retry cures), not taken
  "timeout"       taken, never answered
  "cut"           taken, connection closed without an answer
  "disorder"      taken; statuses come back as read, delivered, sent
  "slow"          taken; answered only after the statuses were delivered
  "failed"        taken; status failed (131026)
  "silent"        taken; no statuses

By itself:  standin.py CONFIG.json   with {"port", "token", "delay", "accounts": {phone_number_id: {"url", "secret"}}}
"""
import hashlib
import hmac
import http.client
import json
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_KEPT = 10000
STATUSES = {'ok': ['sent', 'delivered', 'read'], 'disorder': ['read', 'delivered', 'sent'],
            'slow': ['sent', 'delivered', 'read'],
            'failed': ['failed'], 'silent': [], 'timeout': ['sent', 'delivered'], 'cut': ['sent', 'delivered']}


def sign(secret, body):
    return 'sha256=' + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(url, body, headers, timeout=10):
    u = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(u.hostname, u.port, timeout=timeout)
    try:
        connection.request('POST', u.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def wrong_with(message):
    """What Meta would refuse in a message, or None. Field names as in the Cloud API reference."""
    known = {'messaging_product', 'recipient_type', 'to', 'recipient', 'type', 'text', 'template', 'context',
             'biz_opaque_callback_data'}
    if not isinstance(message, dict):
        return 'not an object'
    if set(message) - known:
        return f'unexpected keys {sorted(set(message) - known)}'
    if message.get('messaging_product') != 'whatsapp':
        return 'messaging_product must be whatsapp'
    if message.get('recipient_type', 'individual') != 'individual':
        return 'recipient_type must be individual'
    to = message.get('to', message.get('recipient'))
    if not isinstance(to, str) or not re.fullmatch(r'\+?\d{6,15}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}', to):
        return 'to must be a phone number or a user id'
    if len(str(message.get('biz_opaque_callback_data', ''))) > 512:
        return 'biz_opaque_callback_data is too long'
    if 'context' in message and not isinstance(message['context'].get('message_id'), str):
        return 'context.message_id must be a string'
    kind = message.get('type', 'text')
    if kind == 'text':
        body = message.get('text', {}).get('body')
        if not isinstance(body, str) or not 1 <= len(body) <= 4096:
            return 'text.body must have 1 to 4096 characters'
        return None
    if kind == 'template':
        template = message.get('template', {})
        if not isinstance(template.get('name'), str) or not isinstance(template.get('language', {}).get('code'), str):
            return 'template needs name and language.code'
        return None
    return f'type {kind} is not supported here'


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status, code, text, headers=()):
        self.answer(status, {'error': {'message': text, 'type': 'OAuthException', 'code': code, 'fbtrace_id': 'A1b2C3'}}, headers)

    def do_GET(self):
        if self.path == '/_received':
            with self.server.lock:
                self.answer(200, list(self.server.received))
        else:
            self.refuse(404, 100, 'unknown path')

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        if self.path in ('/_faults', '/_reset'):
            with self.server.lock:
                if self.path == '/_faults':
                    self.server.faults.extend(json.loads(raw))
                else:
                    self.server.faults.clear()
                    self.server.received.clear()
            self.answer(200, {})
            return
        self.message(raw)

    def message(self, raw):
        path = re.fullmatch(r'/v\d+\.\d+/(\d+)/messages', self.path)
        if not path or path[1] not in self.server.accounts:
            self.refuse(404, 100, 'Unsupported post request: object does not exist')
            return
        if self.headers.get('Authorization') != 'Bearer ' + self.server.token:
            self.refuse(401, 190, 'Invalid OAuth access token')
            return
        if not self.headers.get('Content-Type', '').startswith('application/json'):
            self.refuse(400, 100, 'Content-Type must be application/json')
            return
        try:
            message = json.loads(raw)
        except ValueError:
            message = None
        wrong = wrong_with(message)
        fault = 'ok'
        with self.server.lock:
            if self.server.faults:
                fault = self.server.faults.pop(0)
        wamid = self.server.note(path[1], message, wrong, fault)
        if wrong:
            self.refuse(400, 100, '(#100) ' + wrong)
        elif fault == '500':
            self.refuse(500, 1, 'An unknown error occurred')
        elif fault == '429':
            self.refuse(429, 130429, 'Rate limit hit', [('Retry-After', '1')])
        elif fault == '400':
            self.refuse(400, 131026, 'Message undeliverable')
        else:
            self.take(path[1], message, wamid, fault)

    def take(self, account, message, wamid, fault):
        reports = self.server.report(account, message, wamid, STATUSES[fault])
        if fault == 'slow':
            reports.join(10)
        if fault == 'timeout':
            self.server.closing.wait(60)
        if fault in ('timeout', 'cut'):
            self.close_connection = True
            return
        to = message.get('to', message.get('recipient'))
        self.answer(200, {'messaging_product': 'whatsapp', 'contacts': [{'input': to, 'wa_id': to.lstrip('+')}],
                          'messages': [{'id': wamid}]})


class StandIn(ThreadingHTTPServer):
    """accounts: {phone_number_id: (hook url, secret)}; delay: seconds between the statuses."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, token, accounts, port=0, delay=0.02):
        super().__init__(('127.0.0.1', port), Handler)
        self.token, self.accounts, self.delay = token, accounts, delay
        self.received, self.faults = [], []
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.n = int(time.time() * 1000)

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}/v23.0'

    def start(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def close(self):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass    # a client that went away

    def note(self, account, message, wrong, fault):
        with self.lock:
            self.n += 1
            wamid = f'wamid.STANDIN{self.n}'
            self.received.append({'account': account, 'id': wamid, 'fault': fault, 'wrong': wrong, 'at': time.time(),
                                  'taken': not wrong and fault in STATUSES, 'message': message})
            del self.received[:-MAX_KEPT]
        return wamid

    def report(self, account, message, wamid, statuses):
        thread = threading.Thread(target=self._report, args=(account, message, wamid, statuses), daemon=True)
        thread.start()
        return thread

    def _report(self, account, message, wamid, statuses):
        for status in statuses:
            if self.closing.wait(self.delay):
                return
            item = {'id': wamid, 'status': status, 'timestamp': str(int(time.time())),
                    'recipient_id': message.get('to', message.get('recipient'))}
            if 'biz_opaque_callback_data' in message:
                item['biz_opaque_callback_data'] = message['biz_opaque_callback_data']
            if status == 'failed':
                item['errors'] = [{'code': 131026, 'title': 'Message undeliverable'}]
            self.deliver(account, {'statuses': [item]})

    def deliver(self, account, value):
        """Post a signed webhook; again until it is answered 2xx, as Meta does (but sooner)."""
        url, secret = self.accounts[account]
        value = {'messaging_product': 'whatsapp',
                 'metadata': {'display_phone_number': '31781234567', 'phone_number_id': account}} | value
        body = json.dumps({'object': 'whatsapp_business_account',
                           'entry': [{'id': '102290129340398', 'changes': [{'field': 'messages', 'value': value}]}]}).encode()
        for attempt in range(20):
            try:
                status = post(url, body, {'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(secret, body)})
                if 200 <= status < 300:
                    return
            except OSError:
                pass
            except http.client.HTTPException:
                pass
            if self.closing.wait(min(0.1 * 2 ** attempt, 5)):
                return


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1]) as f:
        config = json.load(f)
    accounts = {k: (v['url'], v['secret']) for k, v in config['accounts'].items()}
    StandIn(config['token'], accounts, config['port'], config.get('delay', 0.5)).serve_forever()


if __name__ == '__main__':
    main()
