"""twilio_voice.py - Twilio and one caller: posts a call to its hook, checks the TwiML that comes back, and does what it says

Only what Twilio documents is taken (twilio.com/docs/voice/twiml, read 2026-11-22): verbs, their attributes, what may stand in what.
"""
import http.client
import itertools
import urllib.parse
import xml.etree.ElementTree

from .twilio import signed

DONE = ('completed', 'busy', 'no-answer', 'failed', 'canceled')
ATTRIBUTES = {'Response': set(), 'Say': {'language', 'voice', 'loop'}, 'Play': {'loop'}, 'Pause': {'length'}, 'Hangup': set(),
              'Redirect': {'method'}, 'Gather': {'numDigits', 'finishOnKey', 'timeout', 'action', 'method', 'input'},
              'Dial': {'action', 'method', 'timeout', 'callerId', 'answerOnBridge'},
              'Number': {'statusCallback', 'statusCallbackEvent', 'statusCallbackMethod'},
              'Sip': {'statusCallback', 'statusCallbackEvent', 'statusCallbackMethod'}}
INSIDE = {'Response': set(ATTRIBUTES) - {'Response', 'Number', 'Sip'}, 'Gather': {'Say', 'Play', 'Pause'}, 'Dial': {'Number', 'Sip'}}
numbers = itertools.count(1)


class Wrong(Exception):
    pass


def post(url, body, headers):
    """Status, media type and body."""
    u = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(u.hostname, u.port, timeout=20)
    try:
        connection.request('POST', u.path + ('?' + u.query if u.query else ''), body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get('Content-Type'), answer.read()
    finally:
        connection.close()


def check(element):
    unknown = set(element.attrib) - ATTRIBUTES.get(element.tag, set(element.attrib))
    if element.tag not in ATTRIBUTES or unknown:
        raise Wrong(f'<{element.tag}> {sorted(unknown)}')
    for child in element:
        if child.tag not in INSIDE.get(element.tag, ()):
            raise Wrong(f'<{child.tag}> in <{element.tag}>')
        check(child)


class Call:
    """One call. ring, press, nothing, leg, dialled and hang_up each post; verbs is what Twilio was told last."""

    def __init__(self, hook, secret, account, number, to='+3197010251234'):
        self.url, self.secret, n = hook, secret, next(numbers)
        self.sid, self.leg_sid = f'CA{n:032x}', f'CA{n:031x}f'
        self.known = {'AccountSid': account, 'ApiVersion': '2010-04-01', 'CallSid': self.sid, 'Direction': 'inbound',
                      'From': number, 'To': to, 'Called': to, 'Caller': number}
        self.verbs = []

    def send(self, url, fields):
        return post(*signed(self.secret, url, fields))

    def _go(self, url, **fields):
        """Post and take the TwiML; a relative URL counts from where this document was."""
        self.url = urllib.parse.urljoin(self.url, url)
        status, kind, body = self.send(self.url, self.known | {'CallStatus': 'in-progress'} | fields)
        if status != 200 or not (kind or '').startswith('text/xml'):
            raise Wrong(f'{status} {kind} {body[:300]}')
        root = xml.etree.ElementTree.fromstring(body)
        if root.tag != 'Response':
            raise Wrong(root.tag)
        check(root)
        self.verbs = list(root)
        return self.verbs

    def find(self, tag):
        return next((v for v in self.verbs if v.tag == tag), None)

    def said(self):
        """[(locale, text)]"""
        return [(s.get('language'), s.text) for v in self.verbs for s in v.iter('Say')]

    def ring(self):
        return self._go(self.url, CallStatus='ringing')

    def press(self, key):
        gather = self.find('Gather')
        if gather is None or gather.get('numDigits') != '1' or key == gather.get('finishOnKey', '#'):
            raise Wrong('no key can be pressed')
        return self._go(gather.get('action'), Digits=key, FinishedOnKey='', msg='Gather End')

    def nothing(self):
        """The prompt ends, nobody presses a key."""
        return self._go(self.find('Redirect').text)

    def noun(self):
        return next(iter(self.find('Dial')))

    def leg(self, event, status):
        """What the leg to the agent reports, when it was asked for."""
        noun = self.noun()
        if event in noun.get('statusCallbackEvent').split():
            to = noun.text if noun.tag == 'Sip' else '+' + noun.text.lstrip('+')
            answer = self.send(noun.get('statusCallback'), self.known | {
                'CallSid': self.leg_sid, 'ParentCallSid': self.sid, 'CallStatus': status, 'Direction': 'outbound-dial', 'To': to,
                'CallbackSource': 'call-progress-events', 'SequenceNumber': '1'})
            if answer[0] != 200:
                raise Wrong(answer)

    def dialled(self, status):
        """The leg to the agent is over."""
        return self._go(self.find('Dial').get('action'), DialCallSid=self.leg_sid, DialCallStatus=status)

    def hang_up(self, hook, status='completed'):
        """The status callback of the number. Returns the status of the answer."""
        return self.send(hook, self.known | {'CallStatus': status, 'CallDuration': '9', 'SequenceNumber': '0',
                                             'CallbackSource': 'call-progress-events'})[0]
