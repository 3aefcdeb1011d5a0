"""receiver.py - a system that is told what happens: takes signed webhooks, checks them, and misbehaves when asked to.

    r = Receiver(); r.url; r.secret             # base64, as for PUT /v1/subscriptions
    r.faults += [500, 'hang', 'late', 'cut']    # for the next posts, in turn; r.always = 503 for all
    r.got                                       # what was answered 2xx, as parsed JSON, in order of arrival
    r.posts                                     # every post: (id, headers, body)
"""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time


class Receiver:
    def __init__(self, secret=None):
        self.secret = secret or base64.b64encode(hashlib.sha256(b'receiver').digest()).decode()
        self.faults, self.always, self.got, self.posts, self.wrong = [], None, [], [], []
        self.lock, self.retry_after, self.hangs = threading.Lock(), None, threading.Event()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self.server.daemon_threads = True
        self.address = f'127.0.0.1:{self.server.server_address[1]}'
        self.url = f'http://{self.address}/events'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.hangs.set()
        self.server.shutdown()
        self.server.server_close()

    def signed(self, headers, body, secret=None):
        """As Standard Webhooks says: one of the signatures is that of id, time and body, and the time is now."""
        key = base64.b64decode((secret or self.secret).removeprefix('whsec_'))
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mine = 'v1,' + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
        return mine in headers['webhook-signature'].split() and abs(time.time() - int(headers['webhook-timestamp'])) < 300

    def ids(self):
        with self.lock:
            return [e['id'] for e in self.got]

    def _take(self, headers, body):
        event = json.loads(body)
        with self.lock:
            self.posts.append((headers['webhook-id'], headers, body))
            fault = self.faults.pop(0) if self.faults else self.always
            if not self.signed(headers, body) or headers['webhook-id'] != event['id']:
                self.wrong.append(event)
            if fault in (None, 'late', 'cut'):      # cut: it has it, and we do not hear of that
                self.got.append(event)
        return fault

    def _handler(receiver):     # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                fault = receiver._take(self.headers, body)
                if fault == 'hang':
                    receiver.hangs.wait(30)
                if fault == 'late':
                    time.sleep(0.5)
                if fault in ('hang', 'cut'):
                    self.close_connection = True
                    return
                self.send_response(fault if isinstance(fault, int) else 204)
                if receiver.retry_after:
                    self.send_header('Retry-After', str(receiver.retry_after))
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *args):
                pass
        return Handler
