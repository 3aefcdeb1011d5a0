#!/usr/bin/env python3
"""bad_server.py COMMAND [ARG…] - run COMMAND beside an HTTP server that misbehaves as the path says

LOKET_BAD_PORT is its port on 127.0.0.1; LOKET_CLOSED_PORT one where nobody listens. /count answers how many requests
for other paths came in.
"""
import os
import socket
import subprocess
import sys
import threading

count = 0


def read_request(conn):
    data = b''
    while b'\r\n\r\n' not in data:
        more = conn.recv(65536)
        if not more:
            return None, b''
        data += more
    head, body = data.split(b'\r\n\r\n', 1)
    length = 0
    for line in head.split(b'\r\n')[1:]:
        name, value = line.split(b':', 1)
        if name.lower() == b'content-length':
            length = int(value)
        if name.lower() == b'expect':
            sys.exit('nobody should expect anything')
    while len(body) < length:
        body += conn.recv(65536)
    return head.split(b' ')[1].decode(), body


def answer(conn, body, status='200 OK', more=''):
    conn.sendall(f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n'.encode() + body)


def serve(conn, port):
    global count
    with conn:
        while True:
            path, body = read_request(conn)
            if path is None:
                return
            count += path != '/count'
            if path == '/count':
                answer(conn, str(count).encode())
            elif path == '/echo':
                answer(conn, body)
            elif path == '/once':           # looks as if the connection stayed open, but it does not
                answer(conn, body)
                return
            elif path == '/busy':
                answer(conn, b'', '429 Too Many Requests', 'Retry-After: 7\r\n')
            elif path == '/moved':
                answer(conn, b'', '302 Found', f'Location: http://127.0.0.1:{port}/echo\r\n')
            elif path == '/big':
                answer(conn, b'x' * (2 << 20))
            elif path == '/bigger':
                conn.sendall(b'HTTP/1.1 200 OK\r\n')
                while True:
                    conn.sendall(b'X-More: ' + b'x' * 4000 + b'\r\n')
            elif path == '/cut':
                return
            elif path == '/half':
                conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
                return
            elif path == '/silent':
                threading.Event().wait(60)


def accept(listener, port):
    def one(conn):
        try:
            serve(conn, port)
        except OSError:
            pass

    while True:
        conn, _ = listener.accept()
        threading.Thread(target=one, args=(conn,), daemon=True).start()


def main():
    listener = socket.create_server(('127.0.0.1', 0), backlog=64)
    closed = socket.socket()
    closed.bind(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    threading.Thread(target=accept, args=(listener, port), daemon=True).start()
    env = dict(os.environ, LOKET_BAD_PORT=str(port), LOKET_CLOSED_PORT=str(closed.getsockname()[1]))
    sys.exit(subprocess.run(sys.argv[1:], env=env).returncode)


main()
