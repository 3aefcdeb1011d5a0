"""instance.py - a second loketd beside a World's own, on the same PostgreSQL and Redis; and posts to both, many at once."""
import contextlib
import copy
import shutil
import socket
import subprocess
import threading
import urllib.parse

import world as worlds
from http_client import Client
from servers import LOKETD, die_with_us, wait_until


@contextlib.contextmanager
def another_instance(world):
    """As a World to make calls to; told the same public_url, as behind one proxy. It must end well."""
    conf = (world.dir / 'loketd.conf').read_text()
    other = copy.copy(world)
    other.port = worlds.free_port()
    folder = world.dir / 'other'
    (folder / 'state').mkdir(parents=True)
    (folder / 'loketd.conf').write_text(conf.replace(f'"127.0.0.1:{world.port}"', f'"127.0.0.1:{other.port}"')
                                        .replace(f'{world.dir}/', f'{folder}/'))
    with open(folder / 'log', 'ab') as log:
        process = subprocess.Popen(die_with_us([LOKETD, '--config', str(folder / 'loketd.conf')]), stdout=log,
                                   stderr=log, env=world._env())
    try:
        wait_until(lambda: b'daemon.ready' in (folder / 'log').read_bytes(), 20, 'the second instance')
        yield other
    finally:
        process.terminate()
        code = process.wait(30)
        log = (folder / 'log').read_text()
        shutil.rmtree(folder)
    assert code == 0, log[-3000:]


def as_bytes(url, body, headers):
    """A webhook, as a stand-in makes it, whole: what goes over the connection."""
    u = urllib.parse.urlsplit(url)
    lines = [f'POST {u.path}{"?" + u.query if u.query else ""} HTTP/1.1', f'Host: {u.netloc}', f'Content-Length: {len(body)}',
             *(f'{k}: {v}' for k, v in headers.items())]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


def deliver(requests, instances, connections=8):
    """Requests (as_bytes) to instances in turn, over so many connections to each, all at once and each in the order of the
    list. Returns the statuses; None where the connection was closed instead."""
    shares = [requests[i::connections * len(instances)] for i in range(connections * len(instances))]
    statuses, start = [], threading.Barrier(sum(bool(s) for s in shares))

    def send(instance, share):
        with Client(socket.create_connection(('127.0.0.1', instance.port), 60)) as client:
            client.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            start.wait(60)
            for request in share:
                answer = client.ask(request)
                statuses.append(answer and answer.status)

    threads = [threading.Thread(target=send, args=(instances[i % len(instances)], s)) for i, s in enumerate(shares) if s]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return statuses
