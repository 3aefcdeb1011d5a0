"""exchange.py - a telephone exchange and one caller: tells loketd of a call (proto/hooks.md, Calls) and does what it answers

./loket call; by itself: python3 -m standin.exchange --help
"""
import argparse
import http.client
import json
import os
import pathlib
import select
import shlex
import sys
import time
import urllib.parse
import uuid

from .chat import own_signature

KEYS = '0123456789*#'
WAITS = {'queue': 'more than an hour', 'nobody': 'and nobody who may take it is ready', 'unknown': 'how long is not known yet'}


class Refused(Exception):
    pass


class Call:
    """One call. post(event, …) is what the exchange tells, and returns what it hears."""

    def __init__(self, hook, secret, number, to=None):
        self.hook, self.secret = urllib.parse.urlsplit(hook), secret
        self.known = {'call': 'c-' + uuid.uuid4().hex, 'from': number, 'to': to}

    def post(self, event, **more):
        body = {'event': event, 'id': uuid.uuid4().hex, **self.known, **more}
        raw = json.dumps({k: v for k, v in body.items() if v is not None}).encode()
        connection = http.client.HTTPConnection(self.hook.hostname, self.hook.port, timeout=20)
        try:
            connection.request('POST', self.hook.path, raw, {
                'Content-Type': 'application/json', 'X-Loket-Signature': own_signature(self.secret, raw)})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(f'{event} was answered {answer.status} {said[:300].decode("utf-8", "replace")}')
        return json.loads(said) if said.strip() else {'do': 'wait', 'say': []}


class Script:
    """Presses these keys, one after each answer, and hangs up."""

    def __init__(self, keys, hang_up_after):
        self.keys, self.end = [k for k in keys if k in KEYS], None
        self.hang_up_after = hang_up_after

    def key(self, seconds):
        """The next key, or None after so many seconds; EOFError: hangs up."""
        if self.keys:
            return self.keys.pop(0)
        if self.end is None:
            self.end = time.monotonic() + self.hang_up_after
        left = self.end - time.monotonic()
        if left <= 0:
            raise EOFError
        time.sleep(min(seconds, left))
        return None


class Keyboard:
    """Somebody at the terminal. Ctrl-C and Ctrl-D hang up."""

    def __init__(self, hang_up_after):
        self.end = time.monotonic() + hang_up_after if hang_up_after is not None else None

    def __enter__(self):
        import termios
        import tty
        self.was = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin, termios.TCSANOW)         # what was pressed before counts
        return self

    def __exit__(self, *_):
        import termios
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.was)

    def key(self, seconds):
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            if self.end is not None and now >= self.end:
                raise EOFError
            if now >= until:
                return None
            if select.select([sys.stdin], [], [], min(until, self.end or until) - now)[0]:
                key = os.read(sys.stdin.fileno(), 1).decode('ascii', 'replace')
                if key in ('', '\x04'):
                    raise EOFError
                if key in KEYS:
                    return key


def hear(answer, heard):
    """What is new of it, in words."""
    for text in answer.get('say', []):
        yield f"  [{text['language']}] {text['text']}"
    for choice in answer.get('choices', []):
        yield f"       {choice['key']}  {choice['text']}"
    where = (answer.get('position'), answer.get('expectedWaitSeconds'))
    if answer['do'] == 'wait' and where[0] and where != heard.get('where'):
        heard['where'] = where
        expected = f'{where[1]} s or less' if where[1] else WAITS.get(answer.get('basis'), '')
        yield f'  (music; number {where[0]}, {expected})'


def talk(call, caller, out):
    """The whole call, until one of them hangs up."""
    heard, talks = {}, None
    reason = 'the caller hung up'
    out('Ringing.')
    try:
        answer = call.post('ringing')
        while answer['do'] != 'end':
            for line in hear(answer, heard):
                out(line)
            if answer['do'] == 'connect' and talks != answer['agent']:
                talks = answer['agent']
                out(f'You speak with {talks}.')
                call.post('answered', agent=talks)
            key = caller.key(answer.get('askAgainSeconds', 5))
            if key:
                out(f'> {key}')
            answer = call.post('key', key=key) if key else call.post('ask')
        for line in hear(answer, heard):
            out(line)
        reason = 'loketd ended it'
    except (EOFError, KeyboardInterrupt):
        pass
    call.post('ended', reason=reason)
    out(f'The end: {reason}.')


def demo_env(folder, inbox):
    """URL of the hook and secret of the inbox, from what ./loket demo wrote."""
    path = pathlib.Path(folder) / 'demo.env'
    if not path.exists():
        sys.exit(f'{path} is not there: ./loket demo makes it')
    values = dict(shlex.split(line)[0].split('=', 1) for line in path.read_text().splitlines() if '=' in line)
    secret = values.get('LOKET_SECRET_' + inbox.upper().replace('-', '_'))
    if not secret:
        sys.exit(f'{path} has no secret of an inbox {inbox}')
    return f"{values['LOKET_URL']}/v1/hooks/{inbox}", secret


def main():
    parser = argparse.ArgumentParser(prog='./loket call', description='Call the municipality of a running ./loket demo: hear what a caller '
                                     'hears, press keys (0: help by a person), hang up with Ctrl-C.')
    parser.add_argument('--dir', metavar='D', default='var', help='where the state of the demo is (default var/ in the checkout)')
    parser.add_argument('--from', metavar='NUMBER', dest='number', default='+31612345678', help='who calls (default %(default)s)')
    parser.add_argument('--inbox', default='dordrecht-phone', help='which number is called (default %(default)s)')
    parser.add_argument('--keys', metavar='"1 0"', help='press these keys, one after each answer, instead of asking; then hang up')
    parser.add_argument('--hang-up-after', metavar='S', type=float, help='seconds; with --keys: after the last key (default 0)')
    given = parser.parse_args()
    call = Call(*demo_env(given.dir, given.inbox), given.number)
    try:
        if given.keys is not None or not sys.stdin.isatty():
            talk(call, Script(given.keys or '', given.hang_up_after or 0), print)
        else:
            print('Keys 0-9, * and #; Ctrl-C hangs up. Somebody who answers, in another terminal (after key 0: carla, a coach):\n'
                  f'sh config/demo/anna.sh {given.dir}/demo.env anna phone')
            with Keyboard(given.hang_up_after) as caller:
                talk(call, caller, print)
    except ConnectionRefusedError:
        sys.exit('loket: nobody answers there; ./loket demo starts it')
    except (Refused, OSError) as e:
        sys.exit(f'loket: {e}')


if __name__ == '__main__':
    main()
