"""bird.py - Bird (Channels API): POST /workspaces/{workspace}/channels/{channel}/messages with an access key

Answered 202 with the message (docs.bird.com/api/channels-api/api-reference/messaging, read 2026-11-22); then signed events
"<channel>.outbound". account: the channel's id.
"""
import base64
import hashlib
import hmac
import json
import re
import time

from .provider import Provider, Refused


def signature(secret, url, body, at=None):
    """The two headers."""
    stamp = str(int(time.time() if at is None else at))
    what = f'{stamp}\n{url}\n'.encode() + hashlib.sha256(body).digest()
    mac = base64.b64encode(hmac.new(secret.encode(), what, hashlib.sha256).digest()).decode()
    return {'messagebird-signature': mac, 'messagebird-request-timestamp': stamp}


def moment():
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())


class Bird(Provider):
    name = 'bird'
    statuses = ['sent', 'delivered']        # of an SMS

    def take(self, method, path, headers, raw):
        found = re.fullmatch(r'/workspaces/[\w-]+/channels/([\w-]+)/messages', path)
        if method != 'POST' or not found or found[1] not in self.accounts:
            raise Refused(404, {'code': 'NotFound', 'message': 'unknown'}, f'unknown path {path}')
        if headers.get('Authorization') != 'AccessKey ' + self.accounts[found[1]]['token']:
            raise Refused(401, {'code': 'Unauthorized', 'message': 'access key'}, 'Authorization')
        message = self.json(headers, raw)
        wrong = self.wrong_with(message)
        if wrong:
            raise Refused(422, {'code': 'InvalidPayload', 'message': wrong}, wrong)
        return found[1], message

    @staticmethod
    def wrong_with(m):
        if set(m) - {'receiver', 'reference', 'body', 'template'}:
            return f'unexpected {sorted(m)}'
        contacts = m.get('receiver', {}).get('contacts', [])
        if len(contacts) != 1 or not contacts[0].get('identifierValue') or not contacts[0].get('identifierKey'):
            return 'receiver'
        if ('body' in m) == ('template' in m):
            return 'body or template'
        if 'body' in m and (m['body'].get('type') != 'text' or not m['body'].get('text', {}).get('text')):
            return 'body'
        return None

    def new_id(self, n):
        return f'{n:032x}'

    def answer(self, account, message, made_id):
        return 202, {'id': made_id, 'channelId': account, 'status': 'accepted', 'direction': 'outgoing', **message}

    def event(self, account, event, payload):
        known = self.accounts[account]
        body = json.dumps({'service': 'channels', 'event': event, 'payload': {'channelId': account} | payload}).encode()
        return known['url'], body, {'Content-Type': 'application/json'} | signature(known['secret'], known['url'], body)

    def report(self, account, message, made_id, status):
        return self.event(account, 'sms.outbound', {
            'id': made_id, 'reference': message.get('reference', ''), 'status': {'failed': 'delivery_failed'}.get(status, status),
            'reason': '', 'direction': 'outgoing', 'lastStatusAt': moment(), 'createdAt': moment()})

    def webhook(self, account, made_id, number, text):
        return self.event(account, 'sms.inbound', {
            'id': made_id, 'sender': {'contact': {'identifierKey': 'phonenumber', 'identifierValue': number}},
            'body': {'type': 'text', 'text': {'text': text}}, 'parts': [{'platformReference': 'ref-' + made_id}],
            'status': 'delivered', 'direction': 'incoming', 'createdAt': moment(), 'lastStatusAt': moment()})
