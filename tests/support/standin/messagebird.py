"""messagebird.py - MessageBird (classic): POST /messages with an access key

Answered 201 with the message object (developers.messagebird.com/api/sms-messaging, read 2026-11-22), or 4xx {"errors"}; then
signed GETs to the reportUrl. account: what the inbox calls itself; the access key tells MessageBird which it is.
"""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from .provider import Provider, Refused

FORM = 'application/x-www-form-urlencoded'


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def signature(secret, url, body=b'', at=None):
    """MessageBird-Signature-JWT"""
    now = int(time.time() if at is None else at)
    claims = {'iss': 'MessageBird', 'nbf': now, 'exp': now + 60, 'jti': f'{now}-{url[-8:]}',
              'url_hash': hashlib.sha256(url.encode()).hexdigest()}
    if body:
        claims['payload_hash'] = hashlib.sha256(body).hexdigest()
    text = b64url(b'{"alg":"HS256","typ":"JWT"}') + '.' + b64url(json.dumps(claims).encode())
    return text + '.' + b64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def error(code, text, parameter=None):
    return {'errors': [{'code': code, 'description': text, 'parameter': parameter}]}


class MessageBird(Provider):
    name = 'messagebird'
    statuses = ['sent', 'delivered']

    def take(self, method, path, headers, raw):
        if method != 'POST' or path != '/messages':
            raise Refused(404, error(20, 'not found'), f'unknown path {path}')
        account = next((k for k, v in self.accounts.items() if headers.get('Authorization') == 'AccessKey ' + v['token']), None)
        if account is None:
            raise Refused(401, error(2, 'Request not allowed (incorrect access_key)', 'access_key'), 'Authorization')
        message = self.json(headers, raw)
        wrong = self.wrong_with(message)
        if wrong:
            raise Refused(422, error(9, wrong, wrong), wrong)
        return account, message

    @staticmethod
    def wrong_with(m):
        if set(m) - {'originator', 'recipients', 'body', 'datacoding', 'reference', 'reportUrl', 'type', 'validity'}:
            return f'unexpected {sorted(m)}'
        if not re.fullmatch(r'\+?\d{3,15}|[A-Za-z0-9 ]{1,11}', m.get('originator', '')):
            return 'originator'
        if not (isinstance(m.get('recipients'), list) and all(re.fullmatch(r'\d{8,15}', str(r)) for r in m['recipients'])):
            return 'recipients'
        if not isinstance(m.get('body'), str) or not m['body']:
            return 'body'
        return 'reference' if 'reportUrl' in m and not m.get('reference') else None

    def new_id(self, n):
        return f'{n:032x}'

    def answer(self, account, message, made_id):
        return 201, {'id': made_id, 'href': f'https://rest.messagebird.com/messages/{made_id}', 'direction': 'mt', 'type': 'sms',
                     'originator': message['originator'], 'body': message['body'], 'reference': message.get('reference'),
                     'recipients': {'totalCount': 1, 'items': [{'recipient': int(message['recipients'][0]), 'status': 'sent'}]}}

    def refusal(self, status):
        return error({500: 98, 429: 99}.get(status, 9), 'no')

    def report(self, account, message, made_id, status):
        if 'reportUrl' not in message:
            return None
        fields = {'id': made_id, 'reference': message['reference'], 'recipient': message['recipients'][0],
                  'status': {'failed': 'delivery_failed'}.get(status, status), 'statusErrorCode': '0',
                  'statusDatetime': time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime())}
        url = message['reportUrl'] + '?' + urllib.parse.urlencode(fields)
        return url, None, {'MessageBird-Signature-JWT': signature(self.accounts[account]['secret'], url)}

    def webhook(self, account, **fields):
        known = self.accounts[account]
        body = urllib.parse.urlencode({'recipient': '31970102512', 'receiver': '31970102512', 'reference': '1'} | fields).encode()
        return known['url'], body, {'Content-Type': FORM,
                                    'MessageBird-Signature-JWT': signature(known['secret'], known['url'], body)}
