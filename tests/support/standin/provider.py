"""provider.py - what a stand-in for one provider's API has to say: one subclass a file."""
import hashlib
import hmac
import json
import re


def hex_hmac(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def hub_signature(secret, body):
    """As Meta signs: X-Hub-Signature-256."""
    return 'sha256=' + hex_hmac(secret, body)


class Refused(Exception):
    """The provider would refuse this: status, body (what it answers) and why (for the test that looks)."""

    def __init__(self, status, body, why):
        super().__init__(why)
        self.status, self.body = status, body


class Provider:
    """base_url is URL/<name><version>. accounts: {account: {"inbox", "url" (of its hook), "secret", "token"}}."""
    name = None
    version = ''                    # of the API: "/v23.0"
    statuses = ['sent', 'delivered', 'read']    # what follows a message that was taken; [] when nothing does

    def __init__(self, server, accounts):
        self.server, self.accounts = server, accounts

    def take(self, method, path, headers, raw):
        """Check a request whole: path (from the version on, with its query), proof, body. Returns (account, message);
        raises Refused. What it does not know it refuses, as the provider would."""
        raise NotImplementedError

    def new_id(self, n):
        return f'{self.name}-{n}'

    def answer(self, account, message, made_id):
        """(status, body) of what was taken."""
        raise NotImplementedError

    def refusal(self, status):
        """The body of an answer 500, 429 or 400 (a fault that the test asked for)."""
        return {'error': status}

    def report(self, account, message, made_id, status):
        """(url, body bytes, headers) of the webhook that tells "sent", "delivered", "read" or "failed"; None: none."""
        return None

    # for subclasses

    def account(self, pattern, path):
        found = re.fullmatch(pattern, path)
        if not found or found[1] not in self.accounts:
            raise Refused(404, {'error': 'unknown'}, f'unknown path {path}')
        return found[1]

    @staticmethod
    def form(headers, raw):
        """multipart/form-data, to the byte: {name: (filename or None, media type or None, content)}."""
        found = re.fullmatch(r'multipart/form-data; boundary=([\w.-]+)', headers.get('Content-Type', ''))
        parts, out = raw.split(b'--' + found[1].encode()) if found else [], {}
        if len(parts) < 2 or parts[0] or parts[-1] != b'--\r\n':
            raise Refused(400, {'error': 'no form'}, 'no form')
        for part in parts[1:-1]:
            head, _, content = part.partition(b'\r\n\r\n')
            said = re.fullmatch(r'\r\nContent-Disposition: form-data; name="([^"]+)"(?:; filename="([^"]+)"\r\nContent-Type: (\S.*))?',
                                head.decode())
            if not said or not content.endswith(b'\r\n') or said[1] in out:
                raise Refused(400, {'error': 'a part'}, f'a part {head!r}')
            out[said[1]] = (said[2], said[3], content[:-2])
        return out

    @staticmethod
    def json(headers, raw):
        if not headers.get('Content-Type', '').startswith('application/json'):
            raise Refused(400, {'error': 'Content-Type must be application/json'}, 'Content-Type')
        try:
            return json.loads(raw)
        except ValueError:
            raise Refused(400, {'error': 'no JSON'}, 'no JSON') from None
