"""telegram.py - the Bot API: POST /bot{token}/sendMessage and sendDocument (a form with the file); GET /bot{token}/getFile and the file that it names

Answered {"ok": true, "result": Message} or {"ok": false, "error_code", "description", "parameters"?}
(core.telegram.org/bots/api, by way of client libraries, read 2026-11-22). Nothing is reported afterwards.
"""
import base64
import hashlib
import re
import time
import urllib.parse

from .provider import Provider, Refused

DESCRIPTIONS = {403: 'Forbidden: bot was blocked by the user', 400: 'Bad Request: chat not found', 404: 'Not Found'}

PNG = base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=')


def error(status, **parameters):
    out = {'ok': False, 'error_code': status, 'description': DESCRIPTIONS.get(status, 'Error')}
    return out | ({'parameters': parameters} if parameters else {})


class Telegram(Provider):
    name = 'telegram'
    statuses = []

    def take(self, method, path, headers, raw):
        u = urllib.parse.urlsplit(path)
        found = re.fullmatch(r'(?:/file)?/bot([0-9]+:[\w-]+)/(sendMessage|sendDocument|getFile|photos/[\w-]+\.png)', u.path)
        account = next((a for a, known in self.accounts.items() if found and known['token'] == found[1]), None)
        if account is None or method != ('POST' if found[2].startswith('send') else 'GET'):
            raise Refused(404, error(404), 'unknown path or token')
        if found[2] == 'sendDocument':
            return account, self.document(self.form(headers, raw))
        if found[2] != 'sendMessage':
            return account, {'query': urllib.parse.parse_qs(u.query), 'file': None if found[2] == 'getFile' else found[2]}
        message = self.json(headers, raw)
        quoted = message.get('reply_parameters', {'message_id': 1})
        if set(message) - {'chat_id', 'text', 'reply_parameters'} or not isinstance(message.get('chat_id'), int):
            raise Refused(400, error(400), 'chat_id or unexpected keys')
        if not isinstance(message.get('text'), str) or not 1 <= len(message['text']) <= 4096:
            raise Refused(400, error(400), 'text')
        if not isinstance(quoted.get('message_id'), int):
            raise Refused(400, error(400), 'reply_parameters')
        return account, message

    @staticmethod
    def document(form):
        said = {name: part[2].decode() for name, part in form.items() if name != 'document'}
        name, media_type, content = form.get('document', (None, None, b''))
        if set(said) - {'chat_id', 'caption'} or not re.fullmatch(r'-?\d+', said.get('chat_id', '')) or not name or not content:
            raise Refused(400, error(400), 'chat_id, caption or document')
        if not 1 <= len(said.get('caption', '-')) <= 1024:
            raise Refused(400, error(400), 'caption')
        return {'chat_id': int(said['chat_id']), 'text': said.get('caption'), 'document': {
            'name': name, 'type': media_type, 'sha256': hashlib.sha256(content).hexdigest()}}

    def new_id(self, n):
        return n % 1000000000

    def answer(self, account, message, made_id):
        if message.get('file'):
            return 200, PNG
        if 'query' in message:
            file_id = message['query']['file_id'][0]
            return 200, {'ok': True, 'result': {'file_id': file_id, 'file_path': f'photos/{file_id}.png'}}
        return 200, {'ok': True, 'result': {'message_id': made_id, 'date': int(time.time()), 'text': message['text'],
                                            'chat': {'id': message['chat_id'], 'type': 'private'}}}

    def refusal(self, status):
        return error(status, retry_after=1) if status == 429 else error(status)
