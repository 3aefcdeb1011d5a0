"""hostile.py - a provider's media server that misbehaves as the media id says; a trap; a small clamd.

    media = Media().start()         GET /v23.0/{id} tells the URL of the file, GET /file/{id} gives it (or worse)
    media.files[id] = (type, bytes) an honest one
    with Trap(...) as trap: …       trap.connections: how many came
    with Stranger(folder) as s: …   https with a certificate of its own making
    clamd = Clamd(path).start()     speaks zINSTREAM, finds EICAR
"""
import gzip
import json
import socket
import ssl
import struct
import subprocess
import threading

# the test file of virus scanners (eicar.org), in two halves, so that no scanner takes this one for it
EICAR = (r'X5O!P%@AP[4\PZX54(P^)7CC)7}$' + 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*').encode()
PDF = b'%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n'
PNG = b'\x89PNG\r\n\x1a\n' + struct.pack('>I', 13) + b'IHDR' + struct.pack('>IIBBBBB', 1, 1, 8, 2, 0, 0, 0) + b'\x90wS\xde'


class Listener:
    """One thread a connection; self.serve(connection) in it."""

    def __init__(self, sock):
        self.sock, self.connections, self.closing = sock, 0, threading.Event()

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:
                pass

    def serve(self, connection):
        pass

    def close(self):
        self.closing.set()
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


class Trap(Listener):
    """Nobody may come here."""

    def __init__(self, address='127.0.0.1', port=0):
        super().__init__(socket.create_server((address, port), family=socket.AF_INET6 if ':' in address else socket.AF_INET))
        self.port = self.sock.getsockname()[1]


class Stranger(Listener):
    """https with a certificate that nobody knows; errors: what its clients said about that."""

    def __init__(self, folder):
        super().__init__(socket.create_server(('127.0.0.1', 0)))
        self.address, self.errors = '127.0.0.1:%d' % self.sock.getsockname()[1], []
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'key.pem',
                        '-out', 'cert.pem', '-addext', 'subjectAltName=IP:127.0.0.1'], cwd=folder, check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f'{folder}/cert.pem', f'{folder}/key.pem')

    def serve(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as c:
                c.recv(1)
        except ssl.SSLError as e:
            self.errors.append(e.reason)


class Media(Listener):
    def __init__(self, token):
        super().__init__(socket.create_server(('127.0.0.1', 0), backlog=64))
        self.address = '127.0.0.1:%d' % self.sock.getsockname()[1]
        self.url = f'http://{self.address}'
        self.token, self.files, self.asked, self.elsewhere = token, {}, [], {}
        self.held, self.hold = threading.Event(), threading.Event()

    def serve(self, connection):
        data = b''
        while b'\r\n\r\n' not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        lines = data.decode('latin-1').split('\r\n')
        path = lines[0].split(' ')[1]
        headers = dict(line.lower().split(': ', 1) for line in lines[1:] if ': ' in line)
        self.asked.append((path, headers))
        wanted = f'bearer {self.token}'.lower()
        if headers.get('authorization') != wanted:
            self.answer(connection, b'', '401 Unauthorized')
        elif path.startswith('/v23.0/'):
            name = path.removeprefix('/v23.0/')
            url = self.elsewhere.get(name, f'{self.url}/file/{name}')
            self.answer(connection, json.dumps({'url': url, 'id': name}).encode())
        else:
            self.file(connection, path.removeprefix('/file/'))

    @staticmethod
    def answer(connection, body, status='200 OK', more=''):
        connection.sendall(f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n'.encode() + body)

    def file(self, connection, name):
        if name in self.files:
            self.answer(connection, self.files[name])
        else:
            getattr(self, 'do_' + name.split('-')[0], self.do_gone)(connection)

    def do_gone(self, connection):
        self.answer(connection, b'', '404 Not Found')

    def do_broken(self, connection):
        self.answer(connection, b'', '500 Internal Server Error')

    def do_endless(self, connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        chunk = b'10000\r\n' + bytes(65536) + b'\r\n'
        while not self.closing.is_set():
            connection.sendall(chunk)

    def do_lies(self, connection):
        """Far more than it may be, announced."""
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n')
        connection.sendall(bytes(65536))
        self.closing.wait(30)

    def do_drip(self, connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
        while not self.closing.wait(0.1):
            connection.sendall(b'%')

    def do_gzipped(self, connection):
        self.answer(connection, gzip.compress(bytes(20 << 20)), more='Content-Encoding: gzip\r\n')

    def do_transfer(self, connection):
        body = gzip.compress(bytes(20 << 20))
        connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%x\r\n' % len(body) + body + b'\r\n0\r\n\r\n')

    def do_loop(self, connection):
        self.answer(connection, b'', '302 Found', f'Location: {self.url}/file/loop\r\n')

    def do_headers(self, connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\n')
        while not self.closing.is_set():
            connection.sendall(b'X-More: ' + b'x' * 4000 + b'\r\n')

    def do_cut(self, connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n' + PDF)

    def do_held(self, connection):
        """The first time it stops halfway; then it is fine."""
        connection.sendall(f'HTTP/1.1 200 OK\r\nContent-Length: {len(PDF)}\r\nConnection: close\r\n\r\n'.encode() + PDF[:10])
        if not self.hold.is_set():
            self.held.set()
            self.hold.wait(60)
            return
        connection.sendall(PDF[10:])

    def redirect(self, name, location):
        """The file of this id is somewhere else."""
        setattr(self, 'do_' + name, lambda connection: self.answer(connection, b'', '302 Found', f'Location: {location}\r\n'))


class Clamd(Listener):
    def __init__(self, path):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(path)
        sock.listen(16)
        super().__init__(sock)
        self.scanned = []

    def serve(self, connection):
        f = connection.makefile('rb')
        if f.read(10) != b'zINSTREAM\0':
            connection.sendall(b'UNKNOWN COMMAND\0')
            return
        body = b''
        while (n := struct.unpack('>I', f.read(4))[0]) > 0:
            body += f.read(n)
        self.scanned.append(len(body))
        connection.sendall(b'stream: Eicar-Signature FOUND\0' if EICAR in body else b'stream: OK\0')


