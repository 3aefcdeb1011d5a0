"""http_client.py - raw HTTP over a socket, and a private http_probe, for the tests of daemon/http.c."""
import json
import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time


class Probe:
    """http_probe on a unix socket (path) and on a loopback port (port); limits are its NAME=NUMBER arguments."""

    def __init__(self, program, max_files=None, **limits):
        self.folder = tempfile.mkdtemp(prefix='loket-http.')
        self.path = os.path.join(self.folder, 's')
        listener = socket.socket()
        listener.bind(('127.0.0.1', 0))
        listener.listen(1024)
        self.port = listener.getsockname()[1]
        self.log = open(os.path.join(self.folder, 'log'), 'w+')
        args = [f'{k}={v}' for k, v in limits.items()]
        # a child that inherits fewer descriptors than we have ourselves: ulimit is set between fork and exec
        before = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (max_files, max_files))) if max_files else None
        self.process = subprocess.Popen([program, *args, f'unix:{self.path}', f'fd:{listener.fileno()}'],
                                        pass_fds=[listener.fileno()], stdout=subprocess.PIPE, stderr=self.log,
                                        preexec_fn=before)
        listener.close()
        if self.process.stdout.readline() != b'ready\n':
            raise RuntimeError(self.log_text())

    def close(self):
        """Stop it; returns its exit status, which the sanitizers make non-zero for a leak or an error."""
        self.process.terminate()
        status = self.process.wait(60)
        self.process.stdout.close()
        if status != 0:
            print(self.log_text())
        self.log.close()
        shutil.rmtree(self.folder)
        return status

    def log_text(self):
        with open(self.log.name) as f:
            return f.read()

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def connect(self, tcp=False, timeout=60):
        s = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(('127.0.0.1', self.port) if tcp else self.path)
        return Client(s)

    def stats(self):
        with self.connect() as c:
            return json.loads(c.ask(b'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n').body)

    def wait_for(self, key, value):
        end = time.time() + 60
        while time.time() < end:
            if self.stats()[key] == value:
                return True
            time.sleep(0.05)
        return False


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Client:
    def __init__(self, s):
        self.s = s
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def send(self, data):
        try:
            self.s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def more(self):
        try:
            data = self.s.recv(65536)
        except ConnectionResetError:
            data = b''
        self.buffer += data
        return data

    def answer(self):
        """The next answer, or None when the server closed instead."""
        while b'\r\n\r\n' not in self.buffer:
            if not self.more():
                return None
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        lines = head.decode('latin-1').split('\r\n')
        headers = {k.lower(): v for k, v in (line.split(': ', 1) for line in lines[1:])}
        length = int(headers.get('content-length', 0))
        while len(self.buffer) < length:
            if not self.more():
                return None
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(int(lines[0].split(' ')[1]), headers, body)

    def ask(self, data):
        self.send(data)
        return self.answer()

    def all_answers(self):
        """Every answer until the server closes."""
        answers = []
        while (a := self.answer()) is not None:
            answers.append(a)
        return answers

    def closed(self, seconds=60):
        """Does the server close within so many seconds (what it says before does not matter)? It is to: leave them out."""
        self.s.settimeout(seconds)
        try:
            while self.more():
                pass
            return True
        except TimeoutError:
            return False
