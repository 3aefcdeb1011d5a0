"""mail.py - a mail server: takes replies by SMTP with a login, checks the whole mail, and sends a bounce when told to.

Faults as in __init__.py, said in SMTP: 500 is "451 later" after DATA, 429 is "450 later" at RCPT, 400 is "550 never" at RCPT;
cut and timeout come after the end of the mail; with silent the QUIT is not answered. SMTP and its extensions as in RFC 5321, 4954 (AUTH PLAIN) and 1870 (SIZE).
"""
import base64
import email
import email.policy
import re
import socketserver
import threading

from .chat import own_signature
from .provider import Provider

MAX_BYTES = 10240000     # message_size_limit of Postfix, when nobody set it
REFUSED = {'500': ('data', '451 4.3.0 later'), '429': ('rcpt', '450 4.2.0 later'), '400': ('rcpt', '550 5.1.1 no such user')}


def wrong_with(raw, account, to):
    """What a careful receiver would not like in a mail, or None."""
    if re.search(rb'[^\r]\n|\r[^\n]', raw) or any(len(line) > 998 for line in raw.split(b'\r\n')):
        return 'lines'
    try:
        raw.decode('ascii')
    except UnicodeDecodeError:
        return '8 bit'
    m = email.message_from_bytes(raw, policy=email.policy.default)
    if m.defects:
        return f'defects {m.defects}'
    for name in ('From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'Auto-Submitted'):
        if len(m.get_all(name, [])) != 1:
            return f'one {name}'
    if m['From'].addresses[0].addr_spec != account or [a.addr_spec for a in m['To'].addresses] != [to]:
        return 'envelope and header differ'
    if not re.fullmatch(r'<[0-9a-f-]{36}@[a-z.]+>', m['Message-ID']):
        return 'Message-ID'
    if m['Auto-Submitted'] != 'no' or len(raw) > MAX_BYTES:
        return 'not of a person, or too large'
    if m.get_content_type() == 'text/plain':
        return None
    parts = list(m.iter_parts()) if m.get_content_type() == 'multipart/mixed' else []
    if len(parts) < 2 or parts[0].get_content_type() != 'text/plain' or parts[0].get_content_disposition():
        return 'neither a plain answer, nor one with files'
    for part in parts[1:]:
        if part.get_content_disposition() != 'attachment' or not part.get_filename() or part['Content-Transfer-Encoding'] != 'base64':
            return 'a part that is no file'
    return None


class Handler(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, line):
        self.wfile.write(line.encode() + b'\r\n')

    def handle(self):
        try:
            self.talk()
        except OSError:
            pass        # a client that went away

    def talk(self):
        self.user = self.sender = self.to = None
        self.fault = self.server.standin.next_fault()
        if self.fault == 'lost':
            self.server.standin.closing.wait(60)
            return
        self.say('220 standin.example ESMTP')
        while True:
            line = self.rfile.readline(2000).decode('latin-1').rstrip('\r\n')
            verb = line.split(' ')[0].upper()
            if verb == 'QUIT' and self.fault == 'silent':
                self.server.standin.closing.wait(60)
                return
            if verb in ('', 'QUIT'):
                self.say('221 bye')
                return
            if verb == 'DATA' and self.to:
                if self.data():
                    return
                continue
            self.say(getattr(self, 'do_' + verb, lambda _: '503 5.5.1 not now')(line))

    def do_EHLO(self, _):
        return f'250-standin.example\r\n250-SIZE {MAX_BYTES}\r\n250 AUTH PLAIN'

    def do_AUTH(self, line):
        given = line.split(' ')[-1]
        if given.upper() == 'PLAIN':
            self.say('334 ')
            given = self.rfile.readline(2000).decode().strip()
        user, password = base64.b64decode(given).decode().split('\0')[1:]
        if password != self.server.accounts.get(user, {}).get('token'):
            return '535 5.7.8 no'
        self.user = user
        return '235 2.7.0 welcome'

    def do_MAIL(self, line):
        self.sender = re.fullmatch(r'MAIL FROM:<(.+)>( SIZE=\d+)?', line)
        if not self.user or not self.sender or self.sender[1] != self.user:
            return '553 5.7.1 not yours'
        return '250 2.1.0 ok'

    def do_RCPT(self, line):
        if REFUSED.get(self.fault, ('',))[0] == 'rcpt':
            self.note(None, None)
            return REFUSED[self.fault][1]
        self.to = re.fullmatch(r'RCPT TO:<(.+)>', line)
        return '250 2.1.5 ok' if self.to and self.sender else '501 5.1.3 no address'

    def data(self):
        """True when the connection ends."""
        self.say('354 go on')
        lines = []
        while (line := self.rfile.readline()) != b'.\r\n':
            if not line:
                return True
            lines.append(line.removeprefix(b'.') if line.startswith(b'.') else line)
        raw = b''.join(lines)
        wrong = wrong_with(raw, self.user, self.to[1])
        made_id = self.note(raw, wrong)
        if wrong:
            self.say('554 5.6.0 wrong')
        elif self.fault in REFUSED:
            self.say(REFUSED[self.fault][1])
        elif self.fault == 'timeout':
            self.server.standin.closing.wait(60)
            return True
        elif self.fault != 'cut':
            self.say('250 2.0.0 queued as ' + made_id)
        return self.fault == 'cut'

    def note(self, raw, wrong):
        standin, provider = self.server.standin, self.server.standin.providers['email']
        message = {'to': self.to[1] if self.to else None, 'raw': raw.decode() if raw else None}
        made_id = standin.note(provider, self.user, message, wrong, self.fault)
        if not wrong and self.fault == 'failed':
            standin.report(provider, self.user, message, made_id, self.fault)
        return made_id


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, standin, accounts, port):
        super().__init__(('127.0.0.1', port), Handler)
        self.standin, self.accounts = standin, accounts
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class Email(Provider):
    name = 'email'
    statuses = []

    def bounce(self, account, raw, status='5.1.1'):
        """The report of a mail server that could not deliver it: a whole mail."""
        head = raw.split('\r\n\r\n')[0]
        return ('Return-Path: <>\r\nFrom: MAILER-DAEMON@standin.example\r\n'
                f'To: {account}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce@standin.example>\r\n'
                'Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n'
                'Content-Type: multipart/report; report-type=delivery-status; boundary=grens\r\n\r\n'
                '--grens\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n'
                '--grens\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; standin.example\r\n\r\n'
                f'Final-Recipient: rfc822; weg@example.org\r\nAction: failed\r\nStatus: {status}\r\n\r\n'
                f'--grens\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n\r\n--grens--\r\n').encode()

    def report(self, account, message, made_id, status):
        body = self.bounce(account, message['raw'])
        a = self.accounts[account]
        return a['url'], body, {'Content-Type': 'message/rfc822', 'X-Loket-Signature': own_signature(a['secret'], body)}
