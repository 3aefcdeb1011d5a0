"""proxies.py - nginx and HAProxy from the samples in config/proxy, changed only in where they listen and whom they ask, what
they log to and whom they run as.

    with Nginx(folder, upstream='/run/x.sock', front='127.0.0.1:8081') as proxy: …
front is "address:port" or a path. A line of the sample that is changed here must be in it.
"""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess

from servers import ROOT


class Proxy:
    program = sample = ''

    def __init__(self, folder, upstream, front):
        self.folder, self.upstream, self.front = pathlib.Path(folder), upstream, front
        self.process = None

    @classmethod
    def find(cls):
        return shutil.which(cls.program, path=os.environ['PATH'] + ':/usr/sbin')

    @classmethod
    def text(cls):
        return (ROOT / 'config/proxy' / cls.sample).read_text()

    def start(self):
        config, self.log = self.folder / f'{self.program}.conf', self.folder / f'{self.program}.log'
        config.write_text(self.config(self.text()))
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen(self.command(str(config)), stdout=subprocess.DEVNULL, stderr=log)
        return self

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text, f'the sample changed: so must this ({old})'
        text = text.replace(old, new)
    return text


def without(text, *beginnings):
    return ''.join(line for line in text.splitlines(True) if not line.strip().startswith(beginnings))


class Nginx(Proxy):
    program, sample = 'nginx', 'nginx.conf'

    def config(self, text):
        d = self.folder
        me = pwd.getpwuid(os.getuid()).pw_name
        private = ''.join(f'\t{kind}_temp_path {d}/{kind};\n' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        front = self.front if ':' in self.front else 'unix:' + self.front
        return replaced(without(text, 'ssl_'), ('user www-data;', f'user {me};'), ('/run/loketd/http.sock', self.upstream),
                        ('listen 443 ssl http2;', f'listen {front};'), ('pid /run/nginx.pid;', f'pid {d}/nginx.pid;'),
                        ('/var/log/nginx/error.log', f'{d}/error.log'), ('/var/log/nginx/loket.log', f'{d}/access.log'),
                        ('worker_processes auto;', 'worker_processes 1;'), ('burst=60', 'burst=5000'),
                        ('http {\n', 'http {\n' + private))

    def command(self, config):
        return [self.find(), '-c', config, '-p', str(self.folder), '-e', str(self.folder / 'error.log'), '-g', 'daemon off;']


class HAProxy(Proxy):
    program, sample = 'haproxy', 'haproxy.cfg'

    def config(self, text):
        front = self.front if ':' in self.front else 'unix@' + self.front
        return replaced(without(text, 'user haproxy', 'group haproxy', 'log /dev/log'), ('/run/loketd/http.sock', self.upstream),
                        ('bind :443 ssl crt /etc/ssl/loket/both.pem alpn h2,http/1.1 tcp-ut 20s', f'bind {front}'),
                        ('maxconn 20000', 'maxconn 500'), ('gt 300', 'gt 100000'))

    def command(self, config):
        return [self.find(), '-f', config, '-db']
