"""faults.py - a load of one kind: citizens who write, agents who solve; and the questions afterwards (recorder.py)

Citizens post WhatsApp messages as Meta does: the same again until it is answered 2xx, and now and then once more.
Agents take offers and end cases, and first try each with a stale epoch. For everything at once: crowd.py.
"""
import random
import threading
import time
import uuid

import world as w
from recorder import Recorder, judge  # noqa: F401 (Recorder is for who uses us)

ANSWERED_WRONG = 'an answer nobody should get'


class Citizens:
    """n threads, each with citizens of its own; together about per_second messages."""

    def __init__(self, world, recorder, n=6, per_second=60, pool=25, text='Een vraag'):
        self.world, self.recorder, self.text = world, recorder, text
        self.pause, self.stopping = n / per_second, threading.Event()
        self.threads = [threading.Thread(target=self._run, args=[i, pool], daemon=True) for i in range(n)]
        for t in self.threads:
            t.start()

    def _run(self, i, pool):
        chance = random.Random(i)
        numbers = [f'316{i:02d}{n:05d}' for n in range(pool)]
        while not self.stopping.is_set():
            key = uuid.uuid4().hex
            body = w.whatsapp_body(f'{self.text} {key}', wa_id=chance.choice(numbers), message_id='wamid.' + key)
            if self._until_taken(body):
                with self.recorder.lock:
                    self.recorder.acknowledged.add(key)
                if chance.random() < 0.1:
                    self._once(body)
            time.sleep(self.pause * chance.random() * 2)

    def _once(self, body):
        try:
            return self.world.hook('dordrecht-whatsapp', body, timeout=10).status
        except OSError:
            return 0     # nobody there, or the connection died: unknown

    def _until_taken(self, body):
        """Like a provider: again and again, until 2xx; after the end of the load for at most 15 s more."""
        give_up = None
        while True:
            status = self._once(body)
            self.recorder.tries += 1
            if 200 <= status < 300:
                return True
            if status not in (0, 503):
                self.recorder.note_wrong((ANSWERED_WRONG, status))
                return False
            if self.stopping.is_set():
                give_up = give_up or time.monotonic() + 15
                if time.monotonic() > give_up:
                    return False
            time.sleep(0.08)

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join()


class Workers:
    """Agents' front ends that come back whenever loketd does."""

    def __init__(self, world, recorder, names):
        self.world, self.recorder, self.stopping = world, recorder, threading.Event()
        self.threads = [threading.Thread(target=self._run, args=[name], daemon=True) for name in names]
        for t in self.threads:
            t.start()

    def _run(self, name):
        while not self.stopping.is_set():
            try:
                self._shift(name)
            except (OSError, AssertionError, ValueError):
                time.sleep(0.05)

    def _shift(self, name):
        stream = w.Events(self.world, name)
        try:
            if self.world.api('PUT', '/v1/me/presence', name, {'state': 'ready'}).status != 200:
                return
            self._pick_up(name)
            thought_away = 0
            while not self.stopping.is_set() and not stream.ended:
                offer = stream.within(0.5, 'offer.made')
                if offer:
                    self._work(name, offer)
                times = sum(kind == 'presence.changed' and data['agent']['state'] == 'away' for kind, _, data in stream.all)
                if times > thought_away:        # two offers in a row could not be taken in time: still there
                    thought_away = times
                    self._until_known(name, '/v1/me/presence', {'state': 'ready'}, 'PUT')
        finally:
            stream.close()

    def _pick_up(self, name):
        """What became ours without our hearing of it: the answer went down with loketd."""
        me = self.world.api('GET', '/v1/me', name).json
        for case in me['cases']:
            self._finish(name, case['id'], case['epoch'])
        for offer in me['offers']:
            self._work(name, {'offer': offer})

    def _until_known(self, name, path, body, method='POST'):
        """503 is "nobody knows": the same again finds what was done."""
        while True:
            answer = self.world.api(method, path, name, body)
            if answer.status != 503 or self.stopping.wait(0.05):
                return answer

    def _work(self, name, offer):
        answer = self._until_known(name, f"/v1/offers/{offer['offer']['id']}/accept", {})
        if answer.status != 200:
            return
        self._finish(name, answer.json['case']['id'], answer.json['epoch'])

    def _finish(self, name, case, epoch):
        with self.recorder.lock:
            self.recorder.taken.append((case, epoch, name))
        stale = self.world.api('POST', f'/v1/cases/{case}/resolve', name, {'outcome': 'solved', 'epoch': epoch - 1})
        with self.recorder.lock:
            self.recorder.stale_tries += 1
            self.recorder.stale_writes += stale.status == 200
        self._until_known(name, f'/v1/cases/{case}/resolve', {'outcome': 'solved', 'epoch': epoch})

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join()


def wait_all_served(world, timeout):
    """Until no case waits, is offered or is held; the number that is left."""
    end = time.monotonic() + timeout
    while True:
        left = world.value("select count(*) from loket.case_file where state <> 'closed'")
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)


def queue_is_whole(world):
    """Does Redis say what PostgreSQL says?"""
    return world.redis('ZCARD', 'loket:queue') == world.value(
        "select count(*) from loket.case_file where state = 'queued'")


def violations(world, recorder):
    """What was promised and not kept, in words; empty when all is well."""
    return judge(world, recorder).lines()


def never_offered(world):
    return world.value("""select count(*) from loket.case_file k
        where not exists (select from loket.offer o where o.case_id = k.id)""")
