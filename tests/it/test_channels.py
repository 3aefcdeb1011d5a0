"""Every example of every channel (tests/channel), posted over HTTP to an inbox of its own: the answer, and what is stored,
are what the example says that the channel makes of it. The same bytes later change nothing (reliability.md F19)."""
import base64
import hashlib
import hmac
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from standin import bird, messagebird, twilio  # noqa: E402
from wrong_clock import WrongClock  # noqa: E402

FOLDER = world.ROOT / 'tests/channel'
SECRET = 'geheim-van-de-inbox'
SIGN = {'bird': 'bird', 'cm': 'query', 'messagebird': 'messagebird', 'twilio': 'twilio'}
HUB = {'facebook', 'instagram', 'messenger', 'whatsapp'}       # sign as Meta does
SIGN_THE_TIME = {'bird', 'messagebird'}
OWN = {'telegram', 'x'}      # prove themselves in a way of their own
STATUS = {'ok': {200, 201}, 'unreadable': {200}, 'invalid': {422}, 'too large': {413}}


class Example:
    """An .in file with its .out file; format in tests/channel/bench.h."""

    def __init__(self, path):
        self.channel, self.name = path.parent.name, path.stem
        self.inbox = f'x-{self.channel}-{self.name}'.lower()[:80]
        head, _, self.body = path.read_bytes().partition(b'\n\n')
        self.directives, self.headers = {}, {}
        if head.startswith(b'\n'):
            head, self.body = b'', path.read_bytes()[1:]
        for line in head.decode().split('\n'):
            key, _, value = line.partition(': ')
            if key.startswith('@'):
                self.directives[key[1:]] = value
            elif key and not key.startswith('#'):
                self.headers[key] = value
        self.body = self.body.removesuffix(b'\n')
        how = self.directives.get('body', 'raw')
        if how == 'base64':
            self.body = base64.b64decode(self.body)
        elif how == 'crlf':
            self.body = self.body.replace(b'\n', b'\r\n')
        self.expected = json.loads(path.with_suffix('.out').read_text())

    @property
    def is_post(self):
        d = self.directives
        signed_already = d.get('sign') == 'none' and self.expected['verify'] == 'ok' and '"public"' not in d.get('settings', '')
        return d.get('do', 'parse') == 'parse' and not {'now', 'peer'} & set(d) and not signed_already

    @property
    def method(self):
        return self.directives.get('method', 'POST')

    def target(self):
        query = self.directives.get('query', '')
        if self.how == 'query':
            query += '&' * bool(query) + 'secret=' + SECRET
        if self.how == 'twilio' and self.headers.get('Content-Type') == 'application/json':
            query = 'bodySHA256=' + hashlib.sha256(self.body).hexdigest()
        return f'/v1/hooks/{self.inbox}' + '?' * bool(query) + query

    @property
    def how(self):
        return self.directives.get('sign', SIGN.get(self.channel, 'hub' if self.channel in HUB else self.channel if self.channel in OWN else 'own'))

    def proof(self, url):
        how, form = self.how, self.headers.get('Content-Type') != 'application/json'
        if how == 'twilio':
            return {'X-Twilio-Signature': twilio.signature(SECRET, url, self.body if form else b'')}
        if how == 'messagebird':
            return {'MessageBird-Signature-JWT': messagebird.signature(SECRET, url, self.body)}
        if how == 'bird':
            return bird.signature(SECRET, url, self.body)
        if how == 'hub':
            return {'X-Hub-Signature-256': world.hub_signature(SECRET, self.body)}
        if how == 'x':
            mac = hmac.new(SECRET.encode(), self.body, hashlib.sha256).digest()
            return {'x-twitter-webhooks-signature': 'sha256=' + base64.b64encode(mac).decode()}
        if how == 'telegram':
            return {'X-Telegram-Bot-Api-Secret-Token': SECRET}
        if how == 'bearer':
            return {'Authorization': 'Bearer ' + SECRET}
        if how == 'basic':
            return {'Authorization': 'Basic ' + base64.b64encode(b'postmark:' + SECRET.encode()).decode()}
        if how == 'own':
            now = str(int(time.time()))
            mac = hmac.new(SECRET.encode(), now.encode() + b'.' + self.body, hashlib.sha256).hexdigest()
            return {'X-Loket-Signature': f't={now},v1={mac}'}
        return {}


class Channels(world.LoketTest):
    config = 'intake { form_posts_per_minute = 1000 }'

    @classmethod
    def make_world(cls):
        w = super().make_world()
        cls.clock = WrongClock(w)
        return w

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sent = []               # (example, target, headers, body) of what was taken
        cls.examples = [e for e in map(Example, sorted(FOLDER.glob('*/*.in')))
                        if e.channel != 'made_up' and e.is_post]        # lives in a test only
        for e in cls.examples:
            cls.world.psql("insert into loket.inbox (id, municipality, channel, provider, account, settings) "
                           "values (%s, 'dordrecht', coalesce((select id from loket.channel where id = %s), 'sms'), %s, %s, %s)",
                           [e.inbox, e.directives.get('channel', e.channel), e.channel, e.directives.get('account', cls.account(e)),
                            e.directives.get('settings', '{}')])
            cls.world.psql("insert into loket.inbox_secret (inbox, kind, value) values (%s, 'secret', %s)", [e.inbox, SECRET])
        last = cls.examples[-1].inbox
        world.wait_until(lambda: cls.world.hook(last, b'', secret='x').status != 404, 30, 'the inboxes')

    @staticmethod
    def account(e):
        """The one that the bodies of the examples name."""
        return '224466880011' if e.channel == 'whatsapp' else None

    def test_examples(self):
        self.assertGreater(len(self.examples), 100)
        for e in self.examples:
            with self.subTest(e.inbox):
                self.post(e)
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'lead').json['balanced'])

    def post(self, e):
        self.world.psql('delete from loket.contact_platform')      # examples share ids: here each stands for itself
        post = e.target(), e.headers | e.proof(self.world.url + e.target()), e.body if e.method == 'POST' else None
        answer = self.world.request(e.method, *post)
        want = e.expected
        if want['verify'] != 'ok':
            self.assertEqual(401, answer.status)
            return
        self.assertIn(answer.status, STATUS[want['parse']], answer)
        self.assertEqual({self.plain(c['providerId']) for c in want['contacts']},
                         {self.plain(i) for i in self.stored(e, 'contact', 'provider_id')})
        self.assertEqual({r['providerId'] + r['status'] for r in want['reports'] if 'providerId' in r},
                         self.stored(e, 'delivery_report', 'provider_id || status'))
        letters = 1 if want['parse'] == 'unreadable' else len(want['unreadable'])
        self.assertEqual(letters, self.world.value('select count(*) from loket.dead_letter where inbox = %s', [e.inbox]))
        if answer.status < 300:
            self.sent.append((e, *post))

    @staticmethod
    def plain(provider_id):
        """A form without an id is known by its content and the day; the examples were made on another day."""
        return 'sha256' if provider_id.startswith('sha256:') else provider_id

    def stored(self, e, table, what):
        theirs = " and not 'automatic' = any (flags)" if table == 'contact' else ''    # what we said to it is not of the example
        return {r[0] for r in self.world.psql(f'select {what} from loket.{table} where inbox = %s{theirs}', [e.inbox])}

    def test_replayed(self):
        """Somebody captured a signed webhook, and posts it again after ten minutes and after a month."""
        self.assertGreater(len(self.sent), 100)
        before = self.all_of()
        for ahead in (600, 31 * 86400):
            self.clock.set(ahead)
            for e, *post in self.sent:
                if ahead == 600 and e.how not in {'own', *SIGN_THE_TIME}:
                    continue
                with self.subTest(f'{e.inbox} after {ahead} s'):
                    status = self.world.request(e.method, *post).status
                    self.assertIn(status, {401} if e.how == 'own' else {200, 201, 401} if e.how in SIGN_THE_TIME else {200, 201})
        after = self.all_of()
        known_by_day = {e.inbox for e, *_ in self.sent if any(self.plain(c['providerId']) == 'sha256' for c in e.expected['contacts'])}
        self.assertEqual(set(), {row for row in before ^ after if row[0] not in known_by_day})

    def all_of(self):
        """Everything that a webhook may add or change."""
        return {tuple(row) for row in self.world.psql("""
            select inbox, id::text, text from loket.contact where not 'automatic' = any (flags)
            union select inbox, provider_id, status from loket.delivery_report
            union select inbox, id::text, null from loket.dead_letter
            union select inbox, id::text, state from loket.case_file""")}


if __name__ == '__main__':
    unittest.main(verbosity=2)
