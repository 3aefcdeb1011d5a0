"""whatsapp.py - the WhatsApp Cloud API of Meta: POST /v23.0/{phone_number_id}/messages; POST …/media, which takes a file that a
message then names; GET /v23.0/{media id}, which tells where the file is

Answered as Meta documents it (developers.facebook.com, Cloud API, "Messages", read 2026-11): 200 {"messaging_product",
"contacts":[{"input","wa_id"}],"messages":[{"id"}]}, or an error object; then signed status webhooks.
"""
import hashlib
import json
import re
import time

from .provider import Provider, Refused, hub_signature


# the smallest PNG: one grey dot
PHOTO = bytes.fromhex('89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6368000000820081'
                      'dd7b6a3d0000000049454e44ae426082')


# of "Supported media types": what a file may be, and how large
KINDS = {'image': (r'image/(jpeg|png)', 5_000_000), 'video': (r'video/(mp4|3gpp)', 16_000_000),
         'document': (r'text/plain|application/pdf|application/msword|application/vnd\..*', 100_000_000)}


def error(code, text):
    return {'error': {'message': text, 'type': 'OAuthException', 'code': code, 'fbtrace_id': 'A1b2C3'}}


def wrong_with_interactive(i):
    """Limits of "Interactive list messages" and "Interactive reply buttons messages" of Meta's documentation."""
    def fits(text, most):
        return isinstance(text, str) and 1 <= len(text) <= most
    action = i.get('action', {})
    if not fits(i.get('body', {}).get('text'), 1024):
        return 'interactive.body.text must have 1 to 1024 characters'
    if i.get('type') == 'button':
        items, most, title = [b.get('reply', {}) for b in action.get('buttons', [])], 3, 20
    elif i.get('type') == 'list':
        if not fits(action.get('button'), 20) or len(action.get('sections', [])) != 1:
            return 'a list has a button of 1 to 20 characters, and here one section'
        items, most, title = action['sections'][0].get('rows', []), 10, 24
    else:
        return 'interactive.type must be list or button'
    if not 1 <= len(items) <= most or len({item.get('id') for item in items}) != len(items):
        return f'1 to {most} choices, each with an id of its own'
    if not all(fits(item.get('id'), 200) and fits(item.get('title'), title) and fits(item.get('description', '-'), 72)
               for item in items):
        return 'id, title or description is missing or too long'
    return None


def wrong_with(message):
    """What Meta would refuse in a message, or None. Field names as in the Cloud API reference."""
    known = {'messaging_product', 'recipient_type', 'to', 'recipient', 'type', 'text', 'template', 'context',
             'biz_opaque_callback_data', 'interactive', 'image', 'video', 'document'}
    if not isinstance(message, dict):
        return 'not an object'
    if set(message) - known:
        return f'unexpected keys {sorted(set(message) - known)}'
    if message.get('messaging_product') != 'whatsapp':
        return 'messaging_product must be whatsapp'
    if message.get('recipient_type', 'individual') != 'individual':
        return 'recipient_type must be individual'
    to = message.get('to', message.get('recipient'))
    if not isinstance(to, str) or not re.fullmatch(r'\+?\d{6,15}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}', to):
        return 'to must be a phone number or a user id'
    if len(str(message.get('biz_opaque_callback_data', ''))) > 512:
        return 'biz_opaque_callback_data is too long'
    if 'context' in message and not isinstance(message['context'].get('message_id'), str):
        return 'context.message_id must be a string'
    kind = message.get('type', 'text')
    if kind == 'text':
        body = message.get('text', {}).get('body')
        if not isinstance(body, str) or not 1 <= len(body) <= 4096:
            return 'text.body must have 1 to 4096 characters'
        return None
    if kind == 'template':
        template = message.get('template', {})
        if not isinstance(template.get('name'), str) or not isinstance(template.get('language', {}).get('code'), str):
            return 'template needs name and language.code'
        return None
    if kind == 'interactive':
        return wrong_with_interactive(message.get('interactive', {}))
    if kind in KINDS:
        file = message.get(kind, {})
        if set(file) - {'id', 'caption'} - ({'filename'} if kind == 'document' else set()) or not isinstance(file.get('id'), str):
            return f'{kind} has an id, and may have a caption; a document has a filename'
        if not 0 < len(file.get('caption', '-')) <= 1024 or (kind == 'document' and not file.get('filename')):
            return 'caption or filename'
        return None
    return f'type {kind} is not supported here'


class WhatsApp(Provider):
    name = 'whatsapp'
    version = '/v23.0'

    def media(self, path, headers):
        found = re.fullmatch(r'/v\d+\.\d+/(file/)?(\d+)', path)
        account = next((k for k, a in self.accounts.items() if headers.get('Authorization') == 'Bearer ' + a['token']), None)
        if not found:
            raise Refused(404, error(100, 'Unsupported get request: object does not exist'), f'unknown path {path}')
        if not account:
            raise Refused(401, error(190, 'Invalid OAuth access token'), 'token')
        return account, {'media': found[2], 'file': bool(found[1])}

    def __init__(self, server, accounts):
        super().__init__(server, accounts)
        self.files = {}                 # by the id that we gave

    def upload(self, headers, raw):
        form = self.form(headers, raw)
        said = {name: part[2].decode() for name, part in form.items() if name != 'file'}
        name, media_type, content = form.get('file', (None, None, b''))
        kind = next((k for k, (types, most) in KINDS.items() if re.fullmatch(types, said.get('type', '')) and len(content) <= most), None)
        if said.get('messaging_product') != 'whatsapp' or set(said) != {'messaging_product', 'type'} or not kind or not content or \
                media_type != said['type']:
            raise Refused(400, error(100, '(#100) Param file must be a file with one of the following types'), f'upload {said}')
        return {'upload': kind, 'name': name, 'sha256': hashlib.sha256(content).hexdigest()}

    def take(self, method, path, headers, raw):
        if method == 'GET':
            return self.media(path, headers)
        found = re.fullmatch(r'/v\d+\.\d+/(\d+)/(messages|media)', path)
        if method != 'POST' or not found or found[1] not in self.accounts:
            raise Refused(404, error(100, 'Unsupported post request: object does not exist'), f'unknown path {path}')
        if headers.get('Authorization') != 'Bearer ' + self.accounts[found[1]]['token']:
            raise Refused(401, error(190, 'Invalid OAuth access token'), 'token')
        if found[2] == 'media':
            return found[1], self.upload(headers, raw)
        message = self.json(headers, raw)
        wrong = wrong_with(message)
        if not wrong and message.get('type') in KINDS:
            file = self.files.get(message[message['type']]['id'])
            wrong = None if file and file['upload'] == message['type'] else 'no such media of this type'
        if wrong:
            raise Refused(400, error(100, '(#100) ' + wrong), wrong)
        return found[1], message

    def new_id(self, n):
        return f'wamid.STANDIN{n}'

    def answer(self, account, message, made_id):
        if 'upload' in message:
            self.files[f'{made_id}'] = message
            return 200, {'id': made_id}
        if message.get('file'):
            return 200, PHOTO
        if 'media' in message:
            return 200, {'messaging_product': 'whatsapp', 'url': f"{self.server.url}/whatsapp{self.version}/file/{message['media']}",
                         'mime_type': 'image/png', 'file_size': len(PHOTO), 'id': message['media']}
        to = message.get('to', message.get('recipient'))
        return 200, {'messaging_product': 'whatsapp', 'contacts': [{'input': to, 'wa_id': to.lstrip('+')}],
                     'messages': [{'id': made_id}]}

    def refusal(self, status):
        return {500: error(1, 'An unknown error occurred'), 429: error(130429, 'Rate limit hit'),
                400: error(131026, 'Message undeliverable')}[status]

    def report(self, account, message, made_id, status):
        if 'media' in message or 'upload' in message:
            return None
        item = {'id': made_id, 'status': status, 'timestamp': str(int(time.time())),
                'recipient_id': message.get('to', message.get('recipient'))}
        if 'biz_opaque_callback_data' in message:
            item['biz_opaque_callback_data'] = message['biz_opaque_callback_data']
        if status == 'failed':
            item['errors'] = [{'code': 131026, 'title': 'Message undeliverable'}]
        return self.webhook(account, {'statuses': [item]})

    def webhook(self, account, value):
        """A post of Meta's with this value, signed."""
        value = {'messaging_product': 'whatsapp',
                 'metadata': {'display_phone_number': '31781234567', 'phone_number_id': account}} | value
        body = json.dumps({'object': 'whatsapp_business_account',
                           'entry': [{'id': '102290129340398', 'changes': [{'field': 'messages', 'value': value}]}]}).encode()
        return self.accounts[account]['url'], body, {
            'Content-Type': 'application/json',
            'X-Hub-Signature-256': hub_signature(self.accounts[account]['secret'], body)}
