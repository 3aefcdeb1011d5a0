"""twilio.py - Twilio: POST /2010-04-01/Accounts/{AccountSid}/Messages.json, a form, Basic with the auth token

Answered as Twilio documents it (twilio.com/docs/messaging/api/message-resource, read 2026-11-22): 201 with sid and status,
or {"code","message","more_info","status"}; then signed status callbacks to the StatusCallback that came along.
"""
import base64
import hashlib
import hmac
import re
import urllib.parse

from .provider import Provider, Refused

KNOWN = {'To', 'From', 'MessagingServiceSid', 'Body', 'StatusCallback', 'ContentSid', 'ContentVariables', 'MediaUrl'}
FORM = 'application/x-www-form-urlencoded'


def signature(secret, url, body=b''):
    """Of a form; body b'' for a GET."""
    pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
    text = url + ''.join(k + v for k, v in sorted(set(pairs)))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def signed(secret, url, fields):
    body = urllib.parse.urlencode(fields).encode()
    return url, body, {'Content-Type': FORM, 'X-Twilio-Signature': signature(secret, url, body)}


def error(code, text, status):
    return {'code': code, 'message': text, 'more_info': f'https://www.twilio.com/docs/errors/{code}', 'status': status}


class Twilio(Provider):
    name = 'twilio'
    statuses = ['sent', 'delivered']        # nobody tells that an SMS was read

    def __init__(self, server, accounts):
        super().__init__(server, accounts)
        self.stopped = set()            # numbers that said STOP to Twilio itself

    def take(self, method, path, headers, raw):
        found = re.fullmatch(r'/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages\.json', path)
        if method != 'POST' or not found or found[1] not in self.accounts:
            raise Refused(404, error(20404, 'The requested resource was not found', 404), f'unknown path {path}')
        basic = base64.b64encode(f'{found[1]}:{self.accounts[found[1]]["secret"]}'.encode()).decode()
        if headers.get('Authorization') != 'Basic ' + basic:
            raise Refused(401, error(20003, 'Authenticate', 401), 'Authorization')
        if headers.get('Content-Type') != FORM:
            raise Refused(400, error(20001, 'Content-Type', 400), 'Content-Type')
        message = dict(urllib.parse.parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))
        wrong = self.wrong_with(message)
        if wrong:
            raise Refused(400, error(21604, wrong, 400), wrong)
        if message['To'] in self.stopped:
            raise Refused(400, error(21610, 'Attempt to send to unsubscribed recipient', 400), 'stopped')
        return found[1], message

    @staticmethod
    def wrong_with(message):
        if set(message) - KNOWN:
            return f'unexpected {sorted(set(message) - KNOWN)}'
        if not re.fullmatch(r'(whatsapp:)?(\+\d{8,15}|[A-Z]{2}\.[A-Za-z0-9]{1,128})', message.get('To', '')):
            return 'To'
        if ('From' in message) == ('MessagingServiceSid' in message):
            return 'From or MessagingServiceSid'
        if message['To'].startswith('whatsapp:') != message.get('From', message['To']).startswith('whatsapp:'):
            return 'From and To are of different channels'
        if ('Body' in message) == ('ContentSid' in message) or len(message.get('Body', 'x')) not in range(1, 1601):
            return 'Body'
        return None

    def new_id(self, n):
        return f'SM{n:032x}'

    def answer(self, account, message, made_id):
        return 201, {'sid': made_id, 'account_sid': account, 'to': message['To'], 'from': message.get('From'),
                     'body': message.get('Body'), 'status': 'queued', 'error_code': None, 'num_segments': '1'}

    def refusal(self, status):
        return {500: error(20500, 'Internal server error', 500), 429: error(20429, 'Too many requests', 429),
                400: error(21211, 'Invalid To', 400)}[status]

    def report(self, account, message, made_id, status):
        if 'StatusCallback' not in message:
            return None
        fields = {'SmsSid': made_id, 'SmsStatus': status, 'MessageStatus': status, 'To': message['To'], 'MessageSid': made_id,
                  'AccountSid': account, 'From': message.get('From', ''), 'ApiVersion': '2010-04-01'}
        if status == 'failed':
            fields['ErrorCode'] = '30003'
        return signed(self.accounts[account]['secret'], message['StatusCallback'], fields)

    def webhook(self, account, **fields):
        """An incoming message, signed."""
        known = self.accounts[account]
        return signed(known['secret'], known['url'], {
            'ToCountry': 'NL', 'NumMedia': '0', 'SmsStatus': 'received', 'FromCountry': 'NL', 'To': '+3197010251234',
            'NumSegments': '1', 'AccountSid': account, 'ApiVersion': '2010-04-01'} | fields)
