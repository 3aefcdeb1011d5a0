"""x.py - X: POST /2/tweets, POST /2/dm_conversations/with/{participant_id}/messages

Requests carry OAuth 1.0a (RFC 5849, HMAC-SHA1; a JSON body is not signed), checked whole. Answers and the events that
follow (our own post or message echoed; then "read" of a direct message) as the Account Activity API has them; shapes from
docs.x.com, read 2026-11-22, and general knowledge of API v1.1.
"""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from .provider import Provider, Refused


def encoded(s):
    return urllib.parse.quote(s, safe='-._~')


def signature(secret, body):
    """As X signs a webhook."""
    return 'sha256=' + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def problem(status, title):
    return {'title': title, 'detail': title, 'type': 'about:blank', 'status': status}


class X(Provider):
    name = 'x'
    statuses = ['sent', 'read']

    def check_oauth(self, url, known, header):
        """Every one of the seven parameters, and a signature that fits this URL and these secrets."""
        got = dict(re.findall(r'(\w+)="([^"]*)"', header.removeprefix('OAuth ')))
        wanted = {'oauth_consumer_key', 'oauth_nonce', 'oauth_signature', 'oauth_signature_method', 'oauth_timestamp',
                  'oauth_token', 'oauth_version'}
        if not header.startswith('OAuth ') or set(got) != wanted:
            return 'parameters of OAuth'
        got = {k: urllib.parse.unquote(v) for k, v in got.items()}
        if (got['oauth_consumer_key'], got['oauth_token']) != (known['token'], known['token']):
            return 'key or token'
        if (got['oauth_signature_method'], got['oauth_version']) != ('HMAC-SHA1', '1.0') or not got['oauth_nonce'].isalnum():
            return 'method, version or nonce'
        if abs(int(got['oauth_timestamp']) - time.time()) > 300:
            return 'timestamp'
        given = got.pop('oauth_signature')
        parameters = '&'.join(f'{encoded(k)}={encoded(v)}' for k, v in sorted(got.items()))
        base = '&'.join(encoded(s) for s in ('POST', url, parameters))
        key = encoded(known['secret']) + '&' + encoded(known['token'])
        right = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
        return None if hmac.compare_digest(given, right) else 'signature'

    def take(self, method, path, headers, raw):
        account, known = next(iter(self.accounts.items()))
        direct = re.fullmatch(r'/2/dm_conversations/with/(\d{1,19})/messages', path)
        if method != 'POST' or not (direct or path == '/2/tweets'):
            raise Refused(404, problem(404, 'Not Found'), f'unknown path {path}')
        wrong = self.check_oauth(f'{self.server.url}/x{path}', known, headers.get('Authorization', ''))
        if wrong:
            raise Refused(401, problem(401, 'Unauthorized'), wrong)
        message = self.json(headers, raw)
        text = message.get('text')
        if not isinstance(text, str) or not text or set(message) - ({'text'} if direct else {'text', 'reply'}):
            raise Refused(400, problem(400, 'Invalid Request'), 'text or unexpected keys')
        if not direct and not re.fullmatch(r'\d{1,19}', str(message.get('reply', {}).get('in_reply_to_tweet_id', ''))):
            raise Refused(400, problem(400, 'Invalid Request'), 'reply')
        return account, message | ({'to': direct[1]} if direct else {})

    def new_id(self, n):
        return str(1893300000000000000 + n)

    def answer(self, account, message, made_id):
        if 'to' in message:
            return 201, {'data': {'dm_conversation_id': f"{account}-{message['to']}", 'dm_event_id': made_id}}
        return 201, {'data': {'id': made_id, 'text': message['text']}}

    def refusal(self, status):
        return problem(status, {429: 'Too Many Requests', 403: 'Forbidden'}.get(status, 'Error'))

    def report(self, account, message, made_id, status):
        now = str(int(time.time() * 1000))
        if status == 'sent' and 'to' in message:
            event = {'direct_message_events': [self.direct(message['text'], account, message['to'], made_id)]}
        elif status == 'sent':
            event = {'tweet_create_events': [self.tweet(message['text'], account, made_id)]}
        elif status == 'read' and 'to' in message:
            event = {'direct_message_mark_read_events': [{'created_timestamp': now, 'sender_id': message['to'],
                                                          'target': {'recipient_id': account}, 'last_read_event_id': made_id}]}
        else:
            return None
        return self.webhook(account, **event)

    # what tests make

    @staticmethod
    def tweet(text, author, tweet_id, **more):
        return {'created_at': time.strftime('%a %b %d %H:%M:%S +0000 %Y', time.gmtime()), 'id': int(tweet_id), 'id_str': str(tweet_id),
                'text': text, 'user': {'id': int(author), 'id_str': str(author), 'name': 'Joris Bakker', 'screen_name': f'u{author}'}} | more

    @staticmethod
    def direct(text, sender, recipient, event_id):
        return {'type': 'message_create', 'id': str(event_id), 'created_timestamp': str(int(time.time() * 1000)),
                'message_create': {'target': {'recipient_id': str(recipient)}, 'sender_id': str(sender),
                                   'message_data': {'text': text, 'entities': {}}}}

    def webhook(self, account, **lists):
        """A post of X with these lists of events, signed."""
        body = json.dumps({'for_user_id': account} | lists).encode()
        known = self.accounts[account]
        return known['url'], body, {'Content-Type': 'application/json', 'x-twitter-webhooks-signature': signature(known['secret'], body)}
