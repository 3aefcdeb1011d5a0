#!/usr/bin/env python3
"""No personal data where it does not belong: values that occur nowhere else go in on every path, wrong ones included,
and then none of them stands in the log (level debug), in /metrics, in a process title, or in Redis."""
import itertools
import json
import pathlib
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

FIRST = ['Willemijn', 'Bartholomeus', 'Quirina', 'Ferdinand', 'Appolonia']
LAST = ['Zwaluwenburg', 'Kruidenier', 'Ossewaarde', 'Vlasblom', 'Hogenbirk']


def bsn(n):
    """A number that passes the eleven-test and belongs to nobody: it begins with 9999."""
    for last in range(10):
        digits = f'9999{n:04d}{last}'
        if (sum(int(d) * w for d, w in zip(digits, [9, 8, 7, 6, 5, 4, 3, 2])) - last) % 11 == 0:
            return digits
    return bsn(n + 1)


class Canaries:
    """Each call gives a value that was never given before, and remembers it."""

    def __init__(self):
        self.all = []
        self.n = itertools.count(1)

    def keep(self, value):
        self.all.append(value)
        return value

    def name(self):
        i = next(self.n)
        return self.keep(f'{FIRST[i % 5]} {LAST[i // 5 % 5]}{chr(97 + i % 26)}{chr(97 + i // 26)}')

    def phone(self):
        return self.keep(f'3168{next(self.n):03d}7391')

    def bsn(self):
        return self.keep(bsn(next(self.n) * 7))

    def email(self):
        return self.keep(f'kanarie{next(self.n)}.vogel@voorbeeld{next(self.n)}.nl')

    def sentence(self):
        return self.keep(f'Mijn kanarie nummer{next(self.n)} is weggevlogen uit de Steegoversloot')

    def token(self):
        return self.keep(f'lk_kanarie{next(self.n):04d}' + 'Q' * 32)

    def word(self):
        return self.keep(f'kanariewoord{next(self.n)}x')


class Privacy(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.c = Canaries()
        cls.anna = cls.world.agent('anna')
        cls.anna.ready(['whatsapp'])
        cls.in_through_the_door(cls.world, cls.c)
        cls.work(cls.world, cls.c)
        cls.mistakes(cls.world, cls.c)
        cls.without_servers(cls.world, cls.c)
        time.sleep(1)

    @staticmethod
    def in_through_the_door(w, c):
        w.hook_whatsapp(f'{c.sentence()} en mijn bsn is {c.bsn()}, bel {c.phone()}', wa_id=c.phone(), name=c.name())
        w.hook_whatsapp(c.sentence(), wa_id=c.phone(), name=c.name(), inbox='sliedrecht-whatsapp')
        for kind, more in [('image', {'image': {'id': c.word(), 'mime_type': 'image/jpeg', 'caption': c.sentence()}}),
                           ('location', {'location': {'latitude': 51.8, 'longitude': 4.6, 'name': c.word(), 'address': c.sentence()}}),
                           ('contacts', {'contacts': [{'name': {'formatted_name': c.name()}, 'phones': [{'phone': c.phone()}]}]}),
                           ('unheard-of', {'unheard-of': {'text': c.sentence()}})]:
            w.hook_whatsapp(wa_id=c.phone(), name=c.name(), message={'type': kind, **more})
        w.hook_form({'name': c.name(), 'email': c.email(), 'phone': '+' + c.phone(), 'fields': {'bsn': c.bsn(), 'toelichting': c.sentence()}})
        form = {'name': c.name(), 'email': c.email(), 'toelichting': c.sentence(), c.word(): c.word()}
        w.hook('dordrecht-webform', urllib.parse.urlencode(form).encode(), 'application/x-www-form-urlencoded')
        boundary = 'grens'
        parts = ''.join(f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form.items())
        parts += (f'--{boundary}\r\nContent-Disposition: form-data; name="bijlage"; filename="{c.word()}.txt"\r\n'
                  f'Content-Type: text/plain\r\n\r\n{c.sentence()}\r\n--{boundary}--\r\n')
        w.hook('dordrecht-webform', parts.encode(), f'multipart/form-data; boundary={boundary}')

    @classmethod
    def work(cls, w, c):
        offer = cls.anna.next_offer()
        taken = cls.anna.accept(offer)
        case = taken['case']['id']
        w.standin.faults[:] = ['500', '400']
        cls.anna.reply(taken, c.sentence())
        cls.anna.reply(taken, c.sentence())
        cls.anna.reply(taken, c.sentence())
        w.api('POST', f'/v1/cases/{case}/notes', 'anna', {'text': c.sentence() + c.bsn()}, {'Idempotency-Key': c.word()})
        cls.anna.call('POST', f'/v1/cases/{case}/tasks', {'department': 'Team parkeren', 'action': c.sentence(), 'due': '2036-01-01',
                                                          'note': c.sentence(), 'epoch': taken['epoch']})
        w.api('POST', '/v1/contacts', 'anna', {'inbox': 'dordrecht-phone', 'kind': 'call', 'text': c.sentence(),
                                               'from': {'name': c.name(), 'addresses': [{'kind': 'phone', 'value': '+' + c.phone()}]}})
        w.api('GET', f'/v1/cases/{case}', 'anna')
        w.api('POST', '/v1/parties/search', 'anna', {'address': {'kind': 'phone', 'value': '+' + c.phone()}})
        w.api('POST', '/v1/parties/search', 'anna', {'name': c.name(), 'municipality': 'dordrecht'})
        cls.anna.call('PUT', '/v1/me/presence', {'state': 'away', 'reason': 'pauze'})
        cls.anna.resolve(taken, 'promised', note=c.sentence())
        w.api('PUT', '/v1/inboxes/dordrecht-kanarie', 'admin', {'municipality': 'dordrecht', 'channel': 'webform',
                                                               'secrets': {'secret': [c.token(), c.token()]}})
        made = w.api('PUT', '/v1/tokens', 'admin', {'name': c.word(), 'role': 'integration', 'municipalities': ['dordrecht']}).json
        c.keep(made['secret'])
        w.api('GET', '/v1/me', made['secret'])

    @staticmethod
    def mistakes(w, c):
        # signed, and not to be read: a dead letter
        w.hook('dordrecht-whatsapp', f'{{"entry": "{c.sentence()} {c.bsn()}'.encode())
        w.hook('dordrecht-whatsapp', json.dumps({'object': c.word(), 'entry': [{'changes': [{'value': {'messages': c.sentence()}}]}]}).encode())
        # not signed, or wrongly
        w.hook('dordrecht-whatsapp', world.whatsapp_body(c.sentence(), wa_id=c.phone()), secret=c.token())
        w.hook(c.word(), c.sentence().encode())
        w.hook('dordrecht-webform', c.sentence().encode(), c.word())
        w.hook('dordrecht-webform', f'{c.word()}=%zz&{c.word()}=%00'.encode(), 'application/x-www-form-urlencoded')
        # a path, a query, a header, a token with what does not belong there
        quoted = urllib.parse.quote(c.email())
        w.api('GET', f'/v1/cases/{c.bsn()}', 'anna')
        w.api('GET', f'/v1/{c.word()}/{quoted}', 'anna')
        w.api('GET', f'/v1/cases?address={quoted}&{c.word()}={c.bsn()}', 'anna')
        w.api('GET', f'/v1/cases?cursor={c.word()}', 'anna')
        w.api('GET', '/v1/cases', c.token())
        w.request('GET', '/v1/cases', {'Authorization': c.word(), 'User-Agent': c.word(), 'Referer': f'https://{c.word()}/'})
        w.request('GET', '/v1/hooks/dordrecht-whatsapp?' + urllib.parse.urlencode({
            'hub.mode': 'subscribe', 'hub.verify_token': c.token(), 'hub.challenge': c.word()}))
        # a body that is not what the route takes
        for body in [c.sentence().encode(), f'{{"{c.word()}": "{c.bsn()}"}}'.encode(), f'{{"text": "{c.sentence()}\\u0000"}}'.encode(),
                     json.dumps({'text': [c.name()], 'epoch': c.bsn()}).encode()]:
            w.api('POST', '/v1/cases/01900000-0000-7000-8000-0000000000ff/replies', 'anna', body)
        w.api('PUT', '/v1/norms', 'admin', {'municipality': c.word(), 'norms': {c.word(): 1}})
        # what no parser takes
        for raw in [f'GET /{c.word()} HTTP/1.1\r\nHost: x\r\n{c.word()} : {c.word()}\r\n\r\n',
                    f'{c.word()} /x HTTP/1.1\r\nHost: x\r\n\r\n', f'POST /v1/contacts HTTP/1.1\r\nHost: {c.word()}\r\nContent-Length: +3\r\n\r\nabc']:
            import socket
            with socket.create_connection(('127.0.0.1', w.port), 5) as s:
                s.sendall(raw.encode())
                s.settimeout(2)
                try:
                    s.recv(1000)
                except OSError:
                    pass

    @staticmethod
    def without_servers(w, c):
        w.servers.redis_stop()
        w.hook_whatsapp(c.sentence(), wa_id=c.phone(), name=c.name())
        w.servers.redis_start()
        w.servers.pg_stop()
        try:
            w.hook('dordrecht-whatsapp', world.whatsapp_body(c.sentence(), wa_id=c.phone(), name=c.name()))
            w.api('POST', '/v1/contacts', 'anna', {'inbox': 'dordrecht-phone', 'text': c.sentence(), 'from': {'name': c.name()}})
        finally:
            w.servers.pg_start()
        w.wait_ready()
        wait_until(lambda: w.redis('DBSIZE') > 0, 20, 'the queue to be rebuilt')

    def found_in(self, text):
        """Canaries in a text, also as they look when a log escapes them or a URL quotes them."""
        return [v for v in self.c.all if v in text or urllib.parse.quote(v) in text or v.replace(' ', '+') in text]

    def test_there_are_enough_of_them(self):
        self.assertGreaterEqual(len(self.c.all), 50)
        self.assertEqual(len(set(self.c.all)), len(self.c.all))
        # they did go in
        stored = ' '.join(r[0] for r in self.world.psql('select coalesce(text, %s) || coalesce(name, %s) from loket.contact', ['', '']))
        self.assertGreater(len(self.found_in(stored)), 15)

    def test_not_in_the_log(self):
        log = self.world.log()
        self.assertIn('api.done', log)
        self.assertEqual(self.found_in(log), [])

    def test_not_in_the_metrics(self):
        metrics = self.world.request('GET', '/metrics').body.decode()
        self.assertIn('loket_contacts_stored_total', metrics)
        self.assertEqual(self.found_in(metrics), [])

    def test_not_in_the_process_title(self):
        proc = pathlib.Path('/proc') / str(self.world.process.pid)
        titles = (proc / 'cmdline').read_text() + (proc / 'comm').read_text()
        for task in (proc / 'task').iterdir():
            titles += (task / 'comm').read_text()
        titles += ' '.join(r[0] for r in self.world.psql("select application_name || ' ' || query from pg_stat_activity where datname = %s",
                                                         [self.world.database]))
        self.assertEqual(self.found_in(titles), [])

    def test_not_in_redis(self):
        read = {b'zset': ('ZRANGE', 0, -1), b'hash': ('HGETALL',), b'string': ('GET',), b'set': ('SMEMBERS',), b'list': ('LRANGE', 0, -1),
                b'stream': ('XRANGE', '-', '+')}
        everything = ''
        for key in self.world.redis('KEYS', '*'):
            word, *more = read[self.world.redis('TYPE', key)]
            everything += repr(key) + repr(self.world.redis(word, key, *more))
        self.assertIn('loket:queue', everything)
        self.assertEqual(self.found_in(everything), [])

    def test_not_in_notices(self):
        rows = self.world.psql('select payload::text from loket.notice')
        self.assertGreater(len(rows), 5)
        self.assertEqual(self.found_in(' '.join(r[0] for r in rows)), [])


if __name__ == '__main__':
    world.main()
