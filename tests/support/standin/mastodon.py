"""mastodon.py - a Mastodon server: GET /api/v1/notifications, POST /api/v1/statuses

Notifications are what the test put into .notifications (mention()); pages are made as the server makes them: newest first, with
min_id the ones right after it (docs.joinmastodon.org, methods/notifications and methods/statuses, read 2026-11-22). A second
status with the same Idempotency-Key is the first one. .pages: what to answer instead, once each (bytes).
"""
import itertools
import re
import urllib.parse

from .provider import Provider, Refused

numbers = itertools.count(1)


class Mastodon(Provider):
    name = 'mastodon'
    statuses = []
    most = 20                       # in a page

    def __init__(self, server, accounts):
        super().__init__(server, accounts)
        self.notifications, self.pages, self.posted, self.polls = [], [], {}, []

    def take(self, method, path, headers, raw):
        account, known = next(iter(self.accounts.items()))
        u = urllib.parse.urlsplit(path)
        if headers.get('Authorization') != 'Bearer ' + known['token']:
            raise Refused(401, {'error': 'The access token is invalid'}, 'token')
        if (method, u.path) == ('GET', '/api/v1/notifications'):
            query = urllib.parse.parse_qs(u.query)
            if query.get('types[]') != ['mention'] or set(query) - {'types[]', 'limit', 'min_id'}:
                raise Refused(422, {'error': 'query'}, f'query {u.query}')
            self.polls.append(query.get('min_id', [None])[0])
            return account, {'query': query}
        if (method, u.path) != ('POST', '/api/v1/statuses') or u.query:
            raise Refused(404, {'error': 'Record not found'}, f'unknown path {path}')
        message = self.json(headers, raw)
        if set(message) - {'status', 'visibility', 'in_reply_to_id'} or not 1 <= len(str(message.get('status', ''))) <= 500:
            raise Refused(422, {'error': 'Validation failed'}, 'status or unexpected keys')
        if message.get('visibility') not in ('public', 'unlisted', 'direct') or not re.fullmatch(r'\d+', message.get('in_reply_to_id', '0')):
            raise Refused(422, {'error': 'Validation failed'}, 'visibility or in_reply_to_id')
        if not headers.get('Idempotency-Key'):
            raise Refused(422, {'error': 'Validation failed'}, 'Idempotency-Key')
        return account, message | {'key': headers['Idempotency-Key']}

    def new_id(self, n):
        return str(115500000000000000 + n)

    def answer(self, account, message, made_id):
        if 'query' in message:
            return 200, self.pages.pop(0) if self.pages else self.page(**{k: int(v[0]) for k, v in message['query'].items() if k != 'types[]'})
        return 200, self.posted.setdefault(message['key'], {'id': made_id, 'content': message['status'], 'visibility': message['visibility']})

    def page(self, limit=40, min_id=None):
        """min_id: the oldest ones after it; else the newest. Newest first."""
        n = min(limit, self.most)
        after = [m for m in self.notifications if int(m['id']) > (min_id or 0)]
        return (after[-n:] if min_id is None else after[:n])[::-1]

    def refusal(self, status):
        return {'error': 'Too many requests' if status == 429 else 'Error'}

    def mention(self, text, who='meral@anders.example', visibility='public', **more):
        """Somebody mentions us. Returns the notification."""
        n = next(numbers)
        status_id = str(115400000000000000 + n)
        account = {'id': '9', 'username': who.split('@')[0], 'acct': who, 'display_name': 'Meral'}
        note = {'id': str(34000000 + n), 'type': 'mention', 'created_at': '2026-11-21T10:11:13.000Z', 'account': account, 'status': {
            'id': status_id, 'created_at': '2026-11-21T10:11:12.000Z', 'visibility': visibility, 'spoiler_text': '', 'in_reply_to_id': None,
            'url': f'https://anders.example/@x/{status_id}', 'content': f'<p>@gemeente {text}</p>', 'account': account,
            'media_attachments': []} | more}
        self.notifications.append(note)
        return note
