"""postmark.py - Postmark: POST /email with X-Postmark-Server-Token, as postmarkapp.com/developer has it (from general
knowledge, 2026-11): 200 {"To","SubmittedAt","MessageID","ErrorCode":0,"Message":"OK"}, else {"ErrorCode","Message"}; then
webhooks with RecordType Delivery or Bounce, with basic authentication from the webhook's URL.
"""
import base64
import json
import re
import uuid

from .provider import Provider, Refused

KEYS = {'From', 'To', 'Subject', 'TextBody', 'Headers', 'Metadata', 'MessageStream', 'Attachments'}


def error(status, code, text):
    return Refused(status, {'ErrorCode': code, 'Message': text}, text)


class Postmark(Provider):
    name = 'postmark'
    statuses = ['delivered']

    def take(self, method, path, headers, raw):
        if method != 'POST' or path != '/email':
            raise error(404, 0, f'unknown path {path}')
        message = self.json(headers, raw)
        account = re.search(r'[^<\s]+@[^>\s]+', message.get('From', ''))
        if not account or headers.get('X-Postmark-Server-Token') != self.accounts.get(account[0], {}).get('token'):
            raise error(401, 10, 'Bad or missing API token.')
        if set(message) - KEYS or not isinstance(message.get('TextBody'), str) or '@' not in message.get('To', ''):
            raise error(422, 300, f'Invalid email request: {sorted(message)}')
        if len(raw) > 10_000_000 or not all({'Name', 'ContentType', 'Content'} == set(a) and base64.b64decode(a['Content'], validate=True)
                                            for a in message.get('Attachments', [])):
            raise error(422, 300, 'Invalid or too large attachments')
        names = [h['Name'] for h in message.get('Headers', [])]
        if len(set(names)) != len(names) or not all(isinstance(h['Value'], str) for h in message.get('Headers', [])):
            raise error(422, 300, 'Invalid headers')
        return account[0], message

    def new_id(self, n):
        return str(uuid.uuid5(uuid.NAMESPACE_URL, str(n)))

    def answer(self, account, message, made_id):
        return 200, {'To': message['To'], 'SubmittedAt': '2026-11-21T10:30:00.0000000Z', 'MessageID': made_id, 'ErrorCode': 0,
                     'Message': 'OK'}

    def refusal(self, status):
        return {'ErrorCode': 406, 'Message': 'Inactive recipient'}

    def report(self, account, message, made_id, status):
        body = {'RecordType': 'Delivery', 'DeliveredAt': '2026-11-21T10:31:00Z'} if status == 'delivered' else \
            {'RecordType': 'Bounce', 'Type': 'HardBounce', 'BouncedAt': '2026-11-21T10:31:00Z'}
        body |= {'MessageID': made_id, 'Metadata': message.get('Metadata', {})}
        a = self.accounts[account]
        return a['url'], json.dumps(body).encode(), {
            'Content-Type': 'application/json',
            'Authorization': 'Basic ' + base64.b64encode(f"postmark:{a['secret']}".encode()).decode()}
