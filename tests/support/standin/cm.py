"""cm.py - CM.com (Business Messaging): POST /v1.0/message with the product token in the body

Answered 200 with a status for each message (developers.cm.com/messaging, read 2026-11-22); then status reports in JSON to the
hook, whose URL holds the secret: nothing is signed. account: what the inbox calls itself.
"""
import json
import re
import time
import urllib.parse

from .provider import Provider, Refused

CODES = {'sent': '0', 'delivered': '2', 'read': '4', 'failed': '3'}


def error(code, text):
    return {'details': text, 'errorCode': code, 'messages': []}


class Cm(Provider):
    name = 'cm'
    statuses = ['sent', 'delivered']

    def take(self, method, path, headers, raw):
        if method != 'POST' or path != '/v1.0/message':
            raise Refused(404, error(999, 'unknown'), f'unknown path {path}')
        messages = self.json(headers, raw).get('messages', {})
        token = messages.get('authentication', {}).get('productToken')
        account = next((k for k, v in self.accounts.items() if token == v['token']), None)
        if account is None:
            raise Refused(401, error(101, 'No account found for the given authentication'), 'productToken')
        if not isinstance(messages.get('msg'), list) or len(messages['msg']) != 1:
            raise Refused(400, error(201, 'One or more messages are invalid'), 'msg')
        message = messages['msg'][0]
        wrong = self.wrong_with(message)
        if wrong:
            raise Refused(400, error(201, wrong), wrong)
        return account, message

    @staticmethod
    def wrong_with(m):
        if set(m) - {'from', 'to', 'body', 'reference', 'allowedChannels', 'minimumNumberOfMessageParts',
                     'maximumNumberOfMessageParts', 'richContent'}:
            return f'unexpected {sorted(m)}'
        if not m.get('from') or not all(re.fullmatch(r'00\d{8,15}', t.get('number', '')) for t in m.get('to', [{}])):
            return 'from or to'
        if m.get('body', {}).get('type') != 'auto' or not m['body'].get('content'):
            return 'body'
        if not re.fullmatch(r'[A-Za-z0-9 .\-,:]{1,64}', m.get('reference', '')):
            return 'reference'
        return None

    def new_id(self, n):
        return f'cm-{n}'                # it gives none: the reference is all there is

    def answer(self, account, message, made_id):
        return 200, {'details': 'Created 1 message(s)', 'errorCode': 0, 'messages': [
            {'to': message['to'][0]['number'], 'status': 'Accepted', 'reference': message['reference'], 'parts': 1,
             'messageDetails': None, 'messageErrorCode': 0}]}

    def refusal(self, status):
        return error(999, 'Internal error')

    def post(self, account, what):
        known = self.accounts[account]
        url = known['url'] + '?' + urllib.parse.urlencode({'secret': known['secret']})
        return url, json.dumps(what).encode(), {'Content-Type': 'application/json'}

    def report(self, account, message, made_id, status):
        return self.post(account, {'messages': {'msg': {
            'received': time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()), 'to': message['to'][0]['number'],
            'reference': message['reference'], 'status': {'code': CODES[status], 'errorCode': '', 'errorDescription': ''},
            'operator': '20408'}}})

    def webhook(self, account, number, text, at=None):
        return self.post(account, {
            'from': {'number': number, 'name': ''}, 'to': {'number': '0031970102512'},
            'message': {'text': text, 'media': {'mediaUri': '', 'contentType': '', 'title': ''}, 'custom': {}}, 'reference': '',
            'groupings': ['', '', ''], 'timeUtc': time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at)), 'channel': 'SMS',
            'messageContext': ''})
