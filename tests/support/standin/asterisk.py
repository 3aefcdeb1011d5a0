"""asterisk.py - Asterisk's REST interface with its WebSocket: channels, bridges, playbacks and music, as far as a call needs them

What callers, agents and the network do is told by methods; requests lists what came in. Events have the shape of captured ones
(docs.asterisk.org: "Asterisk REST data models").
"""
import base64
import datetime
import hashlib
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAGIC = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'


def frame(opcode, data):
    n = len(data)
    return bytes([0x80 | opcode]) + (bytes([n]) if n < 126 else b'\x7e' + n.to_bytes(2, 'big')) + data


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body=None):
        data = b'' if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def play(self):
        u = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(u.query, keep_blank_values=True))
        path = u.path.removeprefix('/ari/')
        user = query.get('api_key') or base64.b64decode(self.headers.get('Authorization', 'Basic ')[6:]).decode()
        if user != self.server.user:
            self.answer(401, {'message': 'Authentication required'})
        elif path == 'events':
            self.follow()
        else:
            answer = self.server.do(self.command, path.split('/'), query)
            if self.server.answers_late and '/play/' in path:
                self.server.finish(path.rpartition('/')[2])
                time.sleep(self.server.answers_late)
            self.answer(*answer)

    do_GET = do_POST = do_DELETE = play

    def follow(self):
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.send_header('Sec-WebSocket-Accept',
                         base64.b64encode(hashlib.sha1(self.headers['Sec-WebSocket-Key'].encode() + MAGIC).digest()).decode())
        self.end_headers()
        self.close_connection = True
        self.server.socket_of_app = self
        try:
            while True:
                head = self.rfile.read(2)
                if len(head) < 2:
                    return
                n = head[1] & 0x7f
                n = int.from_bytes(self.rfile.read(2), 'big') if n == 126 else n
                mask, data = self.rfile.read(4), self.rfile.read(n)
                data = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
                if head[0] & 0xf in (8, 9):          # close is answered with close, ping with pong
                    self.wfile.write(frame(8 if head[0] & 0xf == 8 else 10, data))
        except (OSError, ValueError):
            pass


class Asterisk(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, app='loket', user='loket:geheim-van-asterisk'):
        super().__init__(('127.0.0.1', 0), Handler)
        self.app, self.user = app, user
        self.lock = threading.RLock()
        self.channels, self.bridges, self.stasis, self.requests = {}, {}, [], []
        self.socket_of_app = None
        self.answers_late = 0       # seconds after a prompt was played to its end it is said that it was begun
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}/ari'

    def handle_error(self, request, client_address):
        pass

    def close(self):
        self.shutdown()
        self.server_close()

    # what the forwarder asks

    def do(self, method, path, query):
        with self.lock:
            self.requests.append((method, '/'.join(path), query))
            what, one, more = path[0], path[1] if len(path) > 1 else None, path[2] if len(path) > 2 else None
            if method == 'GET':
                known = {'channels': list(self.channels.values()), 'bridges': list(self.bridges.values()),
                         'applications': {'name': self.app, 'channel_ids': [c for c in self.stasis if c in self.channels]}}
                return 200, known[what]
            if what == 'bridges':
                return self.bridge(method, one, more, query)
            if what == 'playbacks':
                self.finish(one)
                return 204, None
            if method == 'POST' and not more and 'endpoint' in query:
                return 200, self.channel(one, query['callerId'], query['endpoint'], 'Down')
            if one not in self.channels:
                return 404, {'message': 'Channel not found'}
            if method == 'DELETE' and not more:
                self.hang_up(one, 'Normal Clearing')
            if more == 'play':
                self.channels[one]['_playing'] = path[3]
                return 201, {'id': path[3], 'media_uri': query['media'], 'target_uri': f'channel:{one}', 'state': 'queued'}
            if more == 'continue':
                self.stasis.remove(one)
            return 204, None

    def bridge(self, method, one, more, query):
        if method == 'DELETE':
            self.bridges.pop(one, None)
        elif more == 'addChannel':
            self.bridges[one]['channels'] += query['channel'].split(',')
        else:
            self.bridges[one] = {'id': one, 'bridge_type': query['type'], 'channels': []}
            return 200, self.bridges[one]
        return 204, None

    # what happens there

    def channel(self, channel_id, number, exten, state, data=''):
        self.channels[channel_id] = {
            'id': channel_id, 'name': f'PJSIP/trunk-{len(self.channels):08x}', 'state': state, 'caller': {'name': '', 'number': number},
            'connected': {'name': '', 'number': ''}, 'accountcode': '', 'language': 'nl', 'creationtime': self.now(),
            'dialplan': {'context': 'kcc', 'exten': exten, 'priority': 3, 'app_name': 'Stasis', 'app_data': data}}
        return self.channels[channel_id]

    @staticmethod
    def now():
        return datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] + '+0000'

    def emit(self, kind, **more):
        with self.lock:
            event = {'type': kind, 'timestamp': self.now(), 'asterisk_id': '00:11:22:33:44:55', 'application': self.app} | more
            try:
                if self.socket_of_app:
                    self.socket_of_app.wfile.write(frame(1, json.dumps(event).encode()))
                    self.socket_of_app.wfile.flush()
            except (OSError, ValueError):
                self.socket_of_app = None            # nobody hears it

    def of(self, channel_id, kind, **more):
        with self.lock:
            self.emit(kind, channel={k: v for k, v in self.channels[channel_id].items() if k[0] != '_'}, **more)

    def call(self, channel_id, number, inbox, exten='14078'):
        """Somebody calls, and the dial plan says Stasis(app,inbox)."""
        with self.lock:
            self.channel(channel_id, number, exten, 'Ring', f'{self.app},{inbox}')
            self.stasis.append(channel_id)
            self.of(channel_id, 'StasisStart', args=[inbox])

    def pick_up(self, leg):
        self.channels[leg]['state'] = 'Up'
        self.of(leg, 'StasisStart', args=['leg'])

    def press(self, channel_id, digit):
        self.of(channel_id, 'ChannelDtmfReceived', digit=digit, duration_ms=120)

    def hang_up(self, channel_id, why='Normal Clearing'):
        with self.lock:
            if channel_id in self.stasis:
                self.of(channel_id, 'ChannelHangupRequest', cause=16)
                self.of(channel_id, 'StasisEnd')
            self.of(channel_id, 'ChannelDestroyed', cause=16, cause_txt=why)
            del self.channels[channel_id]

    def finish(self, playback):
        """The prompt is over."""
        with self.lock:
            for c in self.channels.values():
                if c.get('_playing') == playback:
                    del c['_playing']
                    self.emit('PlaybackFinished', playback={'id': playback, 'media_uri': '', 'target_uri': f"channel:{c['id']}",
                                                            'language': 'nl', 'state': 'done'})
                    return

    def cut(self):
        """The connection of the events breaks off."""
        if self.socket_of_app:
            self.socket_of_app.connection.shutdown(2)

    # what was asked of a channel

    def asked(self, method, path):
        """The queries of such requests."""
        with self.lock:
            return [q for m, p, q in self.requests if m == method and (p == path or (path.endswith('*') and p.startswith(path[:-1])))]

    def playing(self, channel_id):
        return self.channels.get(channel_id, {}).get('_playing')

    def legs(self):
        with self.lock:
            return [c for c in self.channels if c.startswith('leg-')]
