"""telegram.py - the Bot API: POST /bot{token}/sendMessage

Answered {"ok": true, "result": Message} or {"ok": false, "error_code", "description", "parameters"?}
(core.telegram.org/bots/api, by way of client libraries, read 2026-11-22). Nothing is reported afterwards.
"""
import re
import time

from .provider import Provider, Refused

DESCRIPTIONS = {403: 'Forbidden: bot was blocked by the user', 400: 'Bad Request: chat not found', 404: 'Not Found'}


def error(status, **parameters):
    out = {'ok': False, 'error_code': status, 'description': DESCRIPTIONS.get(status, 'Error')}
    return out | ({'parameters': parameters} if parameters else {})


class Telegram(Provider):
    name = 'telegram'
    statuses = []

    def take(self, method, path, headers, raw):
        found = re.fullmatch(r'/bot([0-9]+:[\w-]+)/sendMessage', path)
        account = next((a for a, known in self.accounts.items() if found and known['token'] == found[1]), None)
        if method != 'POST' or account is None:
            raise Refused(404, error(404), 'unknown path or token')
        message = self.json(headers, raw)
        quoted = message.get('reply_parameters', {'message_id': 1})
        if set(message) - {'chat_id', 'text', 'reply_parameters'} or not isinstance(message.get('chat_id'), int):
            raise Refused(400, error(400), 'chat_id or unexpected keys')
        if not isinstance(message.get('text'), str) or not 1 <= len(message['text']) <= 4096:
            raise Refused(400, error(400), 'text')
        if not isinstance(quoted.get('message_id'), int):
            raise Refused(400, error(400), 'reply_parameters')
        return account, message

    def new_id(self, n):
        return n % 1000000000

    def answer(self, account, message, made_id):
        return 200, {'ok': True, 'result': {'message_id': made_id, 'date': int(time.time()), 'text': message['text'],
                                            'chat': {'id': message['chat_id'], 'type': 'private'}}}

    def refusal(self, status):
        return error(status, retry_after=1) if status == 429 else error(status)
