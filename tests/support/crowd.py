"""crowd.py - everybody at once: citizens on every channel, callers, agents who do all that agents do, a webcare team

Each is a thread that takes one step after the other at an instance chosen by chance, as behind a proxy, and goes on when nobody
is there or dies while answering. Citizens and exchanges tell the same again until it is answered 2xx, and then now and then once
more, at all instances. What was acknowledged goes to the recorder.
"""
import json
import random
import threading
import time
import urllib.parse
import uuid

import world as w
from standin.chat import own_signature

WHATSAPP = [f'{m}-whatsapp' for m in w.MUNICIPALITIES]
INBOXES = WHATSAPP + ['dordrecht-messenger', 'dordrecht-instagram', 'dordrecht-sms', 'dordrecht-chat', 'dordrecht-email',
                      'dordrecht-webform']
AGENTS = ['anna', 'bram', 'ayşe', 'daan', 'eva', 'fatima', 'gijs', 'hanneke', 'ivo', 'joke', 'kees', 'carla', 'mehmet', 'oksana']
WEBCARE = ['wim', 'piet']
QUESTIONS = ['Waar vraag ik een parkeervergunning aan?', 'Hoe verleng ik mijn rijbewijs?', 'Ik wil een afspraak maken',
             'De lantaarnpaal is stuk', 'Hierbij maak ik bezwaar tegen uw besluit', 'Mag ik iets vragen?', 'Wat kost een uittreksel?']
HELP = '0'
AWAY_S = 15             # of an agent who vanishes: longer than presence_seconds
GIVE_UP_S = 20          # after the end of the load; who was not answered by then was not acknowledged


def post_of(world, inbox, who, text, key, picture=False):
    """(target, body, headers): what a provider posts when somebody says something. who: a number, digits only. The text ends
    with the key, but for HELP, which is the whole of it."""
    text, secret = text if text == HELP else f'{text} {key}', world.secrets[inbox]
    channel = inbox.rsplit('-', 1)[1]
    account, provider = w.ACCOUNTS.get(inbox, {}).get('account'), w.ACCOUNTS.get(inbox, {}).get('provider')
    provider = world.standin.providers.get(provider)
    if channel == 'whatsapp':
        said = {'type': 'text', 'text': {'body': text}}
        if picture:
            said = {'type': 'image', 'image': {'id': str(int(key[:12], 16)), 'mime_type': 'image/png', 'sha256': 'x', 'caption': text}}
        url, body, headers = provider.webhook(account, {
            'contacts': [{'profile': {'name': 'Sanne'}, 'wa_id': who}],
            'messages': [{'from': who, 'id': 'wamid.' + key, 'timestamp': str(int(time.time()))} | said]})
    elif channel in ('messenger', 'instagram'):
        url, body, headers = provider.webhook(account, {'messaging': [
            {'sender': {'id': who}, 'recipient': {'id': account}, 'timestamp': int(time.time() * 1000),
             'message': {'mid': 'm_' + key, 'text': text}}]})
    elif channel == 'sms':
        url, body, headers = provider.webhook(account, MessageSid='SM' + key, From='+' + who, Body=text)
    else:
        url, headers = f'{world.url}/v1/hooks/{inbox}', {'Content-Type': 'application/json'}
        if channel == 'chat':
            body = json.dumps({'conversation': 'g' + who, 'id': key, 'from': {'id': who}, 'text': text}).encode()
        elif channel == 'email':
            headers['Content-Type'] = 'message/rfc822'
            body = (f'From: s{who}@example.org\r\nTo: {account}\r\nSubject: Vraag\r\nMessage-ID: <{key}@example.org>\r\n'
                    f'Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n').encode()
        else:
            body = json.dumps({'form': 'contactformulier', 'submission_id': key, 'fields': {
                'naam': 'Sanne', 'email': f's{who}@example.org', 'bericht': text}}).encode()
        headers['X-Loket-Signature'] = own_signature(secret, body)
    return path_of(url), body, headers


def path_of(url):
    u = urllib.parse.urlsplit(url)
    return u.path + ('?' + u.query if u.query else '')


class Crowd:
    """acts: what agents do beside answering, as {method of Agents: how often}. .feeding: whether citizens still come."""

    def __init__(self, instances, recorder, per_second=20, inboxes=(*INBOXES,), agents=(*AGENTS,), people=400, callers=1, posts=1,
                 pause=0.05, acts=None, seed=0):
        self.instances, self.recorder, self.inboxes = instances, recorder, inboxes
        self.world, self.stopping, self.feeding = instances[0], threading.Event(), True
        self.people = [str(31640000000 + n) for n in range(people)]
        self.acts = {'reply': 0.5} if acts is None else acts
        self.threads, self.agents = [], []
        n = max(2, per_second // 8)
        for i in range(n):
            self._start(Citizen(self, f'{seed} citizen {i}', n / per_second))
        for i in range(callers):
            self._start(Caller(self, f'{seed} caller {i}', 0.2))
        for i in range(posts):
            self._start(Passer(self, f'{seed} passer {i}', 0.3))
        for name in agents:
            self.agents.append(Agent(self, f'{seed} {name}', pause, name))
            self._start(self.agents[-1])
        for name in WEBCARE if posts else ():
            self._start(Webcare(self, f'{seed} {name}', 0.2, name))

    def _start(self, actor):
        thread = threading.Thread(target=actor.run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def stop(self):
        self.feeding = False
        self.stopping.set()
        for t in self.threads:
            t.join()


class Actor:
    citizen = True          # comes only while the crowd is fed

    def __init__(self, crowd, seed, pause):
        self.crowd, self.recorder, self.pause, self.chance = crowd, crowd.recorder, pause, random.Random(seed)

    def run(self):
        while not self.crowd.stopping.is_set():
            try:
                if self.crowd.feeding or not self.citizen:
                    self.step()
            except (OSError, ValueError, KeyError, AssertionError):     # nobody there, or it died while answering
                time.sleep(0.05)
            time.sleep(self.pause * self.chance.random() * 2)
        self.end()

    def end(self):
        pass

    def wait(self, seconds):
        time.sleep(seconds)

    @property
    def instance(self):
        return self.chance.choice(self.crowd.instances)

    def api(self, method, path, token, body=None):
        return self.instance.api(method, path, token, body, timeout=10)

    def until_taken(self, send):
        """Like a provider: the same again until 2xx. send(instance) gives an answer. True when it was."""
        give_up = None
        while True:
            try:
                status = send(self.instance).status
            except OSError:
                status = 0      # nobody there, or the connection died: unknown
            self.recorder.tries += 1
            if 200 <= status < 300:
                return True
            if status not in (0, 429, 503):
                self.recorder.note_wrong((type(self).__name__, status))
                return False
            if not self.crowd.feeding:
                give_up = give_up or time.monotonic() + GIVE_UP_S
                if time.monotonic() > give_up:
                    return False
            time.sleep(0.05)

    def once_more(self, send):
        """A provider that did not hear it: at all instances at once."""
        def try_it(instance):
            try:
                send(instance)
            except OSError:
                pass
        threads = [threading.Thread(target=try_it, args=[i]) for i in self.crowd.instances]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


class Citizen(Actor):
    def said(self, key):
        inbox, who = self.chance.choice(self.crowd.inboxes), self.chance.choice(self.crowd.people)
        return post_of(self.crowd.world, inbox, who, self.chance.choice(QUESTIONS), key, picture=self.chance.random() < 0.1)

    def step(self):
        if self.chance.random() < 0.03:         # a person, please
            target, body, headers = post_of(self.crowd.world, self.chance.choice(WHATSAPP), self.chance.choice(self.crowd.people), HELP,
                                            uuid.uuid4().hex)
            self.until_taken(lambda instance: instance.request('POST', target, headers, body, timeout=10))
            return
        key = uuid.uuid4().hex
        target, body, headers = self.said(key)

        def send(instance):
            return instance.request('POST', target, headers, body, timeout=10)
        if self.chance.random() < 0.05:
            self.once_more(send)
        if self.until_taken(send):
            with self.recorder.lock:
                self.recorder.acknowledged.add(key)
            if self.chance.random() < 0.05:
                self.once_more(send)


class Caller(Actor):
    INBOX = 'zwijndrecht-phone'

    def tell(self, **what):
        body = json.dumps(what).encode()
        secret = self.crowd.world.secrets[self.INBOX]

        def send(instance):
            return instance.hook(self.INBOX, body, secret='', headers={'X-Loket-Signature': own_signature(secret, body)}, timeout=10)
        if self.until_taken(send):
            with self.recorder.lock:
                self.recorder.calls.add(what['call'])

    def step(self):
        call, who = uuid.uuid4().hex, '+' + self.chance.choice(self.crowd.people)
        story = ['ringing', 'queued', 'ask', *self.chance.choice([[], [], ['answered']]), 'ended']
        for i, event in enumerate(story):
            more = {'agent': '201'} if event == 'answered' else {}
            self.tell(call=call, event=event, id=str(i), **{'from': who}, **more)
            self.wait(self.pause * self.chance.random())


class Passer(Citizen):
    """Says something in public."""

    def said(self, key):
        account, post = w.ACCOUNTS['dordrecht-facebook']['account'], self.chance.randrange(700, 800)
        url, body, headers = self.crowd.world.standin.providers['facebook'].webhook(account, {'changes': [{'field': 'feed', 'value': {
            'item': 'comment', 'verb': 'add', 'from': {'id': self.chance.choice(self.crowd.people), 'name': 'Joke'},
            'comment_id': f'{post}_{int(key[:12], 16)}', 'post_id': f'{account}_{post}', 'parent_id': f'{account}_{post}',
            'created_time': int(time.time()), 'message': f'De bak is vol {key}'}}]})
        return path_of(url), body, headers


class Staff(Actor):
    citizen = False

    def __init__(self, crowd, seed, pause, name):
        super().__init__(crowd, seed, pause)
        self.name, self.stream = name, None

    def call(self, method, path, body=None):
        answer = self.api(method, path, self.name, body)
        return answer.json if answer.status in (200, 201, 202) else None

    def accepted_reply(self, answer, key):
        if answer and 'contact' in answer:
            with self.recorder.lock:
                self.recorder.replies[answer['contact']['id']] = key

    def end(self):
        if self.stream:
            self.stream.close()


class Agent(Staff):
    """Looks at what is asked and held, as a front end does that lost its stream; the stream is its sign of life."""

    def __init__(self, crowd, seed, pause, name):
        super().__init__(crowd, seed, pause, name)
        self.ignored, self.callbacks, self.away_until = set(), {}, 0
        self.vanishes, self.vanished_with = False, None     # with the next case; (case, epoch) it vanished with

    def step(self):
        if time.monotonic() < self.away_until and self.crowd.feeding:
            return
        if not self.stream or self.stream.ended:
            self.stream = w.Events(self.instance, self.name)
        me = self.call('GET', '/v1/me')
        if not me:
            return
        if me.get('presence', {}).get('state') != 'ready':
            self.call('PUT', '/v1/me/presence', {'state': 'ready'})
        for case in me['cases']:
            self.work(case, case['epoch'])
        for offer in me['offers']:
            self.answer(offer)

    def acts(self, what):
        return self.crowd.feeding and self.chance.random() < self.crowd.acts.get(what, 0)

    def answer(self, offer):
        if offer['id'] in self.ignored and self.crowd.feeding:
            return
        if self.acts('ignore'):
            self.ignored.add(offer['id'])        # until it is over
            return
        if self.acts('decline'):
            self.call('POST', f"/v1/offers/{offer['id']}/decline", {})
            return
        taken = self.call('POST', f"/v1/offers/{offer['id']}/accept", {})
        if not taken:
            return
        if offer.get('callback'):
            self.callbacks[taken['case']['id']] = offer['callback']['id']
        if self.vanishes or self.acts('vanish'):
            self.vanish(taken)
            return
        self.work(offer['case'] | taken['case'], taken['epoch'])

    def vanish(self, taken):
        """No sign of life for as long as it takes to be missed."""
        self.stream.close()
        self.vanishes, self.away_until = False, time.monotonic() + AWAY_S
        with self.recorder.lock:
            self.recorder.taken.append((taken['case']['id'], taken['epoch'], self.name))
        self.vanished_with = taken['case']['id'], taken['epoch']

    def work(self, case, epoch):
        at = f"/v1/cases/{case['id']}"
        with self.recorder.lock:
            self.recorder.taken.append((case['id'], epoch, self.name))
        if self.acts('stale'):
            stale = self.api('POST', f'{at}/resolve', self.name, {'outcome': 'solved', 'epoch': epoch - 1})
            with self.recorder.lock:
                self.recorder.stale_tries += 1
                self.recorder.stale_writes += stale.status == 200
        if self.acts('reply'):
            key = uuid.uuid4().hex
            self.accepted_reply(self.call('POST', f'{at}/replies', {'text': f'Dat kan op dordrecht.nl {key}', 'epoch': epoch}), key)
        if self.acts('task'):
            task = self.call('POST', f'{at}/tasks', {'department': 'Burgerzaken', 'action': 'Uitzoeken', 'due': '2099-01-01', 'epoch': epoch})
            if task:
                self.call('PATCH', f"/v1/tasks/{task['task']['id']}", {'state': 'done', 'note': 'uitgezocht'})
        if case['id'] in self.callbacks:
            result = 'notReached' if self.acts('attempt') else 'reached'
            if self.call('POST', f'/v1/callbacks/{self.callbacks.pop(case["id"])}/attempts', {'result': result, 'epoch': epoch}) and \
                    result == 'notReached':
                return
        if self.acts('callback') and self.call('POST', f'{at}/callbacks', {
                'epoch': epoch, 'address': {'kind': 'phone', 'value': '+31612345678'}}):
            return
        if self.acts('transfer') and self.call('POST', f'{at}/transfer', {
                'to': {'product': 'rijbewijs'}, 'note': 'verder', 'epoch': epoch}):
            return
        done = self.call('POST', f'{at}/resolve', {'outcome': 'solved', 'epoch': epoch} | (
            {'help': {'outcome': 'learnedIt'}} if case.get('option0') else {}))
        if done and self.acts('reopen'):
            self.api('POST', f'{at}/reopen', 'lead', {})


class Webcare(Staff):
    def step(self):
        page = self.call('GET', '/v1/posts?limit=20') or {'items': []}
        for post in page['items']:
            self.handle(f"/v1/posts/{post['id']}/triage")

    def handle(self, at):
        if not self.call('POST', at, {'action': 'claim'}):
            return
        what = self.chance.random()
        if what < 0.5:
            key = uuid.uuid4().hex
            self.accepted_reply(self.call('POST', at, {'action': 'answer', 'text': f'Wij gaan kijken {key}'}), key)
        if what > 0.9:
            self.call('POST', at, {'action': 'case', 'product': 'melding-openbare-ruimte'})
        else:
            self.call('POST', at, {'action': 'done', 'outcome': 'solved'})
