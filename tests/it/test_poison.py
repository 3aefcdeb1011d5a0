#!/usr/bin/env python3
"""One message that cannot be stored or read hurts itself only: the others are served, it is a dead letter that people see,
and the way in never stops."""
import concurrent.futures
import itertools
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from test_intake import Intake, envelope, message, new_number  # noqa: E402

POISON = 'VERGIF'
serial = itertools.count(31660000000)


class Poison(Intake):
    config = world.NO_BUDGETS
    record = False

    @classmethod
    def setUpClass(cls):
        """PostgreSQL refuses the word, as it would refuse what some future version of ours gets wrong."""
        super().setUpClass()
        cls.world.psql(f"alter table loket.contact add constraint poison check (text !~ '{POISON}')")

    def setUp(self):
        super().setUp()
        self.before = self.letters()

    def letters(self):
        seen, cursor = set(), ''
        while cursor is not None:
            page = self.world.api('GET', '/v1/dead-letters?limit=100' + (f'&cursor={cursor}' if cursor else ''), 'lead').json
            seen |= {i['id'] for i in page['items']}
            cursor = page['next']
        return seen

    def check(self, items, n_letters):
        """All but those that cannot be are stored, each with its case; the rest is visible."""
        good = [m['id'] for m in items if m['text']['body'] != POISON]
        self.assertEqual(len(good), self.count('contact', 'provider_id = any(%s) and case_id is not null', [good]))
        self.assertEqual(0, self.count('contact', 'text = %s', [POISON]))
        self.assertEqual(n_letters, len(self.letters() - self.before))

    def text(self, n, *poisoned):
        return [message(POISON if i in poisoned else f'Vraag {i}', str(next(serial))) for i in range(n)]

    def in_one_post(self, *poisoned, n=100, letters=None):
        items = self.text(n, *poisoned)
        self.post(envelope(items))
        self.check(items, len(poisoned) if letters is None else letters)
        return items


class Among(Poison):
    def test_two_thousand_posts(self):
        """2,000 posts at once, one of them poison: 1,999 served, one visible; who comes meanwhile is served too."""
        items = self.text(2000, 777)
        done, others = threading.Event(), []

        def taken(inbox, m):
            body = envelope([m], account=self.world.account(inbox))
            while (status := self.world.hook(inbox, body).status) == 503:       # more than fits just now: again, as a provider does
                time.sleep(0.2)
            return status

        def meanwhile():
            while not done.is_set():
                others.append(taken('sliedrecht-whatsapp', message('Intussen', new_number())))
        watch = threading.Thread(target=meanwhile)
        watch.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(48) as pool:
                answers = list(pool.map(lambda m: taken('dordrecht-whatsapp', m), items))
        finally:
            done.set()
            watch.join()
        self.assertEqual({200}, set(answers))       # poison too: it is kept
        self.assertGreater(len(others), 10)
        self.assertEqual({200}, set(others))
        self.check(items, 1)

    def test_unreadable_among_readable(self):
        items = self.text(50)
        bodies = [envelope([m]) for m in items] + [b'{"object": "whatsapp_business_account", "entry": [']
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda b: self.world.hook('dordrecht-whatsapp', b).status, bodies))
        self.assertEqual({200}, set(answers))
        self.check(items, 1)


class Within(Poison):
    """One post with many messages: what is refused is found by halves."""

    def test_somewhere_in_it(self):
        for n, *poisoned in [(2, 0), (2, 1), (3, 1), (100, 0), (100, 99), (100, 37), (1000, 640)]:
            with self.subTest(n=n, poisoned=poisoned):
                self.before = self.letters()
                self.in_one_post(*poisoned, n=n)

    def test_several(self):
        self.in_one_post(3, 4, 50, 98)

    def test_too_many_to_look_for(self):
        """What comes before is stored; after eight the rest is one dead letter, which can be tried again."""
        items = self.text(60, *range(20, 40))
        self.post(envelope(items))
        stored = [m['id'] for m in items[:20]]
        self.assertEqual(20, self.count('contact', 'provider_id = any(%s)', [stored]))
        self.assertEqual(8, len(self.letters() - self.before))

    def test_nothing_but(self):
        self.in_one_post(0, 1, n=2)

    def test_it_comes_again(self):
        """The provider that was not heard posts it again: nothing twice."""
        items = self.in_one_post(5, n=20)
        self.post(envelope(items))
        self.check(items, 2)        # what was refused is not known by its id

    def test_tried_again_when_it_can_be_stored(self):
        items = self.in_one_post(5, n=20)
        letter = (self.letters() - self.before).pop()
        self.world.psql('alter table loket.contact drop constraint poison')
        try:
            done = self.world.api('POST', f'/v1/dead-letters/{letter}/retry', 'lead', {})
            self.assertEqual(200, done.status, done)
            self.assertEqual(20, self.count('contact', 'provider_id = any(%s)', [[m['id'] for m in items]]))
        finally:
            self.world.psql("update loket.contact set text = 'gewist' where text = %s", [POISON])
            self.world.psql(f"alter table loket.contact add constraint poison check (text !~ '{POISON}')")

    def test_with_reports_and_what_cannot_be_read(self):
        items = self.text(10, 4)
        report = {'id': 'wamid.NIET' + self.wa, 'status': 'delivered', 'timestamp': '1763543507', 'recipient_id': self.wa}
        self.post(envelope([*items, {'id': 5, 'type': []}], statuses=[report]))
        self.check(items, 2)
        self.assertEqual(1, self.count('delivery_report', 'provider_id = %s', [report['id']]))


del Intake, Poison      # their tests are of who inherits them

if __name__ == '__main__':
    unittest.main(verbosity=2)
