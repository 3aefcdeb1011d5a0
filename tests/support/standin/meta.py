"""meta.py - Messenger, Facebook pages and Instagram: one Graph API, three accounts

POST /v23.0/{page or Instagram id}/messages (Send API): 200 {"recipient_id", "message_id"}; then what Meta tells of it:
Messenger an echo with our metadata, a delivery with mids, a read with a watermark only; Instagram an echo without
metadata and a read of one mid. A comment or post is answered in private once.
POST /v23.0/{comment or post}/comments (Facebook), /{comment}/replies and /{Instagram id}/mentions (Instagram): 200 {"id"};
then the page's own comment comes back.
Source: developers.facebook.com, Messenger Platform "Send API", "message_echoes", "message_reads"; Instagram Platform
"private replies", "IG comment replies", "IG user mentions"; read 2026-11-22.
"""
import json
import re
import time

from .provider import Provider, Refused, hub_signature
from .whatsapp import error

MAX_METADATA = 999


def wrong_with(message, characters=None, octets=None):
    """What the Send API would refuse in a message, or None."""
    if not isinstance(message, dict) or set(message) - {'recipient', 'message', 'messaging_type', 'tag'}:
        return 'unexpected keys'
    to, said = message.get('recipient'), message.get('message')
    if not isinstance(to, dict) or len(to) != 1 or not set(to) <= {'id', 'comment_id', 'post_id'}:
        return 'recipient must be one of id, comment_id, post_id'
    if not re.fullmatch(r'\d{1,32}' if 'id' in to else r'[\d_]{1,64}', str(*to.values())):
        return 'recipient is not an id'
    if not isinstance(said, dict) or set(said) - {'text', 'metadata'} or not isinstance(said.get('text'), str) or not said['text']:
        return 'message.text must be a text'
    if len(said.get('metadata', '')) > MAX_METADATA:
        return 'metadata is too long'
    if (characters and len(said['text']) > characters) or (octets and len(said['text'].encode()) > octets):
        return 'text is too long'
    kind = message.get('messaging_type')
    if 'id' in to and (kind, message.get('tag')) not in (('RESPONSE', None), ('MESSAGE_TAG', 'HUMAN_AGENT')):
        return 'messaging_type and tag do not go together'
    if 'id' not in to and 'tag' in message:
        return 'a private reply has no tag'
    return None


class Graph(Provider):
    version = '/v23.0'
    object = 'page'
    limits = {'characters': 2000}
    app_id = 424242424242

    def __init__(self, server, accounts):
        super().__init__(server, accounts)
        self.answered = set()           # in private

    def take(self, method, path, headers, raw):
        found = re.fullmatch(r'/v23\.0/([\d_]+)/(\w+)', path)
        if method != 'POST' or not found:
            raise Refused(404, error(100, 'Unsupported request'), f'unknown path {path}')
        account = found[1] if found[1] in self.accounts else next(iter(self.accounts), None)
        if headers.get('Authorization') != 'Bearer ' + self.accounts[account]['token']:
            raise Refused(401, error(190, 'Invalid OAuth access token'), 'token')
        message = self.json(headers, raw)
        wrong = self.wrong(found[1] == account, found[2], message)
        if wrong:
            raise Refused(400, error(100, '(#100) ' + wrong), wrong)
        about = [v for k, v in message.get('recipient', {}).items() if k != 'id']
        if about and about[0] in self.answered:
            raise Refused(400, error(10900, 'Activity already replied to'), 'answered before')
        self.answered.update(about)
        return account, message | {'_about': found[1]} if found[2] != 'messages' else message

    def wrong(self, own, edge, message):
        """What would be refused in a request to this edge, of our own account or of something else."""
        if edge == 'messages' and own:
            return wrong_with(message, **self.limits)
        return self.wrong_in_public(own, edge, message)

    def wrong_in_public(self, own, edge, message):
        return 'no such edge'

    def new_id(self, n):
        return f'm_STANDIN{n}'

    def answer(self, account, message, made_id):
        if 'recipient' not in message:
            return 200, {'id': made_id}
        return 200, {'recipient_id': self.person(message), 'message_id': made_id}

    def refusal(self, status):
        return {500: error(1, 'An unknown error occurred'), 429: error(613, 'Calls to this api have exceeded the rate limit'),
                400: error(551, "This person isn't available right now")}[status]

    @staticmethod
    def person(message):
        return message['recipient'].get('id', '5566778899001')

    def report(self, account, message, made_id, status):
        if 'recipient' not in message:
            return self.own_comment(account, message, made_id) if status == 'sent' else None
        event = self.event(message, made_id, status)
        if event is None:
            return None
        side = [{'id': account}, {'id': self.person(message)}]
        sender, recipient = side if 'message' in event else side[::-1]
        now = int(time.time() * 1000)
        return self.webhook(account, {'messaging': [{'sender': sender, 'recipient': recipient, 'timestamp': now} | event]})

    def event(self, message, made_id, status):
        raise NotImplementedError

    def own_comment(self, account, message, made_id):
        return None

    def webhook(self, account, entry):
        """A post of Meta's with this entry, signed."""
        body = json.dumps({'object': self.object, 'entry': [{'id': account, 'time': int(time.time() * 1000)} | entry]}).encode()
        return self.accounts[account]['url'], body, {
            'Content-Type': 'application/json',
            'X-Hub-Signature-256': hub_signature(self.accounts[account]['secret'], body)}


class Messenger(Graph):
    name = 'messenger'

    def event(self, message, made_id, status):
        return {'sent': {'message': {'mid': made_id, 'is_echo': True, 'app_id': self.app_id} | message['message']},
                'delivered': {'delivery': {'mids': [made_id], 'watermark': int(time.time() * 1000)}},
                'read': {'read': {'watermark': int(time.time() * 1000)}}}.get(status)


class Facebook(Messenger):
    name = 'facebook'

    def wrong_in_public(self, own, edge, message):
        if own or edge != 'comments' or set(message) != {'message'} or not message['message']:
            return 'a comment is {"message"} to /{comment or post}/comments'
        return None

    def own_comment(self, account, message, made_id):
        return self.webhook(account, {'changes': [{'field': 'feed', 'value': {
            'item': 'comment', 'verb': 'add', 'from': {'id': account, 'name': 'Gemeente Dordrecht'}, 'message': message['message'],
            'comment_id': made_id, 'post_id': message['_about'], 'parent_id': message['_about'],
            'created_time': int(time.time())}}]})


class Instagram(Graph):
    name = 'instagram'
    object = 'instagram'
    limits = {'octets': 1000}
    statuses = ['sent', 'read']

    def wrong_in_public(self, own, edge, message):
        if edge == 'replies' and not own and set(message) == {'message'} and message['message']:
            return None
        if edge == 'mentions' and own and {'message', 'media_id'} <= set(message) <= {'message', 'media_id', 'comment_id'}:
            return None
        return 'neither a reply nor the answer to a mention'

    def event(self, message, made_id, status):
        return {'sent': {'message': {'mid': made_id, 'is_echo': True, 'text': message['message']['text']}},
                'read': {'read': {'mid': made_id}}}.get(status)

    def own_comment(self, account, message, made_id):
        return self.webhook(account, {'changes': [{'field': 'comments', 'value': {
            'id': made_id, 'from': {'id': account, 'username': 'dordrecht'}, 'text': message['message'],
            'media': {'id': '18000001', 'media_product_type': 'FEED'}, 'parent_id': message['_about']}}]})
