"""chat.py - the chat of a municipality's site, its bot, and Chatwoot

POST /replies         the site's chat or a bot: signed as loketd wants it of others, answered 201 {"id"}; then statuses
POST /app             something that is connected by configuration alone: only a bearer token, any JSON
POST /api/v1/accounts/{account}/conversations/{conversation}/messages   Chatwoot ("Create a new message",
                      developers.chatwoot.com, read 2026-11-22): answered 200 with the message
"""
import hashlib
import hmac
import json
import re
import time

from .provider import Provider, Refused


def own_signature(secret, body, at=None):
    stamp = str(int(time.time() if at is None else at))
    return f't={stamp},v1=' + hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()


class Chat(Provider):
    name = 'chat'
    statuses = ['delivered', 'read']

    def take(self, method, path, headers, raw):
        account, (_, known) = next(iter(self.accounts)), next(iter(self.accounts.items()))
        message = self.json(headers, raw)
        chatwoot = re.fullmatch(r'/api/v1/accounts/\d+/conversations/(\d+)/messages', path)
        if method != 'POST' or not (chatwoot or path in ('/replies', '/app')):
            raise Refused(404, {'error': 'unknown'}, f'unknown path {path}')
        if chatwoot:
            if headers.get('api_access_token') != known['token']:
                raise Refused(401, {'error': 'Invalid Access Token'}, 'api_access_token')
            if not isinstance(message.get('content'), str) or message.get('message_type') != 'outgoing':
                raise Refused(422, {'error': 'content and message_type'}, 'content or message_type')
            return account, message | {'conversation': chatwoot[1]}
        if headers.get('Authorization') != 'Bearer ' + known['token']:
            raise Refused(401, {'error': 'token'}, 'token')
        if path == '/app':
            return account, message
        stamp = re.fullmatch(r't=(\d+),v1=[0-9a-f]{64}', headers.get('X-Loket-Signature', ''))
        if not stamp or own_signature(known['secret'], raw, stamp[1]) != stamp[0]:
            raise Refused(401, {'error': 'signature'}, 'signature')
        files = message.get('attachments', [])
        if not isinstance(message.get('text'), str) or not (message['text'] or files):
            raise Refused(400, {'error': 'text'}, 'text')
        if not all({'id', 'url', 'mediaType', 'name', 'bytes', 'sha256'} == set(f) for f in files):
            raise Refused(400, {'error': 'attachments'}, 'attachments')
        return account, message

    def new_id(self, n):
        return str(n)

    def answer(self, account, message, made_id):
        return (200 if 'content' in message else 201), message | {'id': int(made_id)}

    def report(self, account, message, made_id, status):
        if 'conversation' not in message or 'content' in message:
            return None
        body = json.dumps({'type': 'status', 'about': made_id, 'status': status, 'at': int(time.time())}).encode()
        known = self.accounts[account]
        return known['url'], body, {'Content-Type': 'application/json', 'X-Loket-Signature': own_signature(known['secret'], body)}
