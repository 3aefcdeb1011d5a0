#!/usr/bin/env python3
"""Too much, and what nobody wants: stored and counted, slowed or refused, and never in the way of others."""
import concurrent.futures
import json
import pathlib
import statistics
import sys
import time
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from test_intake import Intake, envelope, message, new_number  # noqa: E402

FLOODED, QUIET = 'zwijndrecht', 'sliedrecht'       # two municipalities; a third has its budget spent, a fourth its form
SPENT, FORM = 'hendrik-ido-ambacht', 'alblasserdam'


def public_form(**fields):
    return json.dumps({'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': fields}).encode()


class Flood(Intake):
    config = """intake {
        form_posts_per_minute = 1000
        inbox_contacts_per_second = 1000
        municipality_contacts_per_second = 50
    }"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.setting(f'{FLOODED}-whatsapp', budget={'per_second': 40})
        cls.setting(f'{FORM}-webform', public=True, budget={'per_second': 1})
        cls.setting(f'{SPENT}-webform', public=True)
        cls.setting(f'{QUIET}-webform', public=True)
        cls.world.restart()      # then all of it is known

    @classmethod
    def setting(cls, inbox, **settings):
        now = cls.world.api('GET', f'/v1/inboxes/{inbox}', 'admin').json
        body = {k: now[k] for k in ('municipality', 'channel', 'provider', 'account', 'product', 'enabled') if k in now}
        answer = cls.world.api('PUT', f'/v1/inboxes/{inbox}', 'admin', body | {'settings': now['settings'] | settings})
        assert answer.status == 200, answer

    def metric(self, name):
        text = self.world.request('GET', '/metrics').body.decode()
        return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith(name + ' '))))

    def to(self, municipality, *messages, secret=None):
        inbox = f'{municipality}-whatsapp'
        return self.world.hook(inbox, envelope(messages, account=self.world.account(inbox)), secret=secret)

    def form(self, municipality, **more):
        return self.world.hook(f'{municipality}-webform', public_form(**(more or {'bericht': 'Een vraag'})), secret='')

    def ledger(self, municipality):
        ledger = self.world.api('GET', f'/v1/ledger?municipality={municipality}', 'lead').json
        self.assertTrue(ledger['balanced'], ledger)
        return ledger


class Budgets(Flood):
    def test_an_inbox_is_slowed_and_others_are_not(self):
        """What was answered 200 is stored; somebody else's posts do not wait behind it."""
        first = [message('Alles tegelijk', new_number()) for _ in range(400)]
        self.assertEqual(200, self.to(FLOODED, *first).status)
        slowed = self.metric('loket_flood_slowed_total')

        def flood(_):
            m, began = message('Nog een', new_number()), time.monotonic()
            answer = self.to(FLOODED, m)
            return m['id'], answer, time.monotonic() - began

        quiet = []
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            flooding = [pool.submit(flood, i) for i in range(200)]
            while not all(f.done() for f in flooding):
                began = time.monotonic()
                self.assertEqual(200, self.to(QUIET, message('Gewoon een vraag', new_number())).status)
                quiet.append(time.monotonic() - began)
                time.sleep(0.1)
        answers = [f.result() for f in flooding]
        self.assertLessEqual({a.status for _, a, _ in answers}, {200, 503})
        for _, a, _ in answers:
            self.assertEqual(a.status == 503, 'Retry-After' in a.headers)
        stored = [i for i, a, _ in answers if a.status == 200]
        self.assertGreater(len(stored), 100)
        self.assertEqual(len(stored), self.count('contact', 'provider_id = any(%s)', [[i for i, _, _ in answers]]))
        self.assertGreater(self.metric('loket_flood_slowed_total') - slowed, 100)
        slow = statistics.median(took for _, a, took in answers if a.status == 200)
        self.assertLess(statistics.median(quiet) * 3, slow, f'{len(quiet)} quiet ones')
        self.assertEqual(1, self.world.log().count('flood.slowed inbox=' + FLOODED))

    def test_a_municipality_over_its_budget(self):
        """Signed posts come again later, forms get 429; the next municipality notices nothing."""
        self.assertEqual(200, self.to(SPENT, *[message('Veel', new_number()) for _ in range(1000)]).status)
        signed, unsigned = self.to(SPENT, message('Later', new_number())), self.form(SPENT)
        self.assertEqual((503, 429), (signed.status, unsigned.status))
        self.assertIn('Retry-After', signed.headers)
        self.assertIn('Retry-After', unsigned.headers)
        self.assertEqual(201, self.form(QUIET).status)
        self.assertEqual(200, self.to(QUIET, message('Nu', new_number())).status)
        self.assertEqual(1000, self.ledger(SPENT)['received'])

    def test_a_form_over_its_budget(self):
        """From as many addresses as one likes: those that are refused are not stored, nor counted."""
        refused = self.metric('loket_flood_refused_total')
        before, answers = self.ledger(FORM)['received'], []
        for i in range(30):
            answers.append(self.world.request('POST', f'/v1/hooks/{FORM}-webform', {
                'Content-Type': 'application/json', 'X-Real-IP': f'192.0.2.{i}'}, public_form(bericht='Nog een')))
        taken = [a for a in answers if a.status == 201]
        self.assertEqual({201, 429}, {a.status for a in answers})
        self.assertGreaterEqual(len(taken), 10)
        self.assertTrue(all('Retry-After' in a.headers for a in answers if a.status == 429))
        self.assertEqual(before + len(taken), self.ledger(FORM)['received'])
        self.assertEqual(refused + 30 - len(taken), self.metric('loket_flood_refused_total'))
        self.assertEqual(201, self.form(QUIET).status)

class Senders(Flood):
    def test_one_sender_calls_nobody_a_hundred_times(self):
        anna = self.world.agent('anna')
        anna.ready()
        items = [message(f'Regel {i}', self.wa) for i in range(120)]
        for i in range(0, 120, 10):
            self.post(envelope(items[i:i + 10]))
        rows = self.world.psql('select case_id::text, flags from loket.contact where provider_id = any(%s) order by id',
                               [[m['id'] for m in items]])
        case, flooded = rows[0][0], ['flood' in flags for _, flags in rows]
        self.assertEqual({case}, {c for c, _ in rows})
        self.assertEqual([False] * 30, flooded[:30])
        self.assertGreater(sum(flooded), 70)
        self.assertEqual(120 - sum(flooded), self.count('notice', "case_id = %s and kind = 'contact.received'", [case]))
        # the agent who solves it is not called again by what still comes
        taken = anna.accept(anna.events.wait('offer.made', lambda d: d['case']['id'] == case))
        self.assertIn('flood', taken['case']['flags'])
        anna.resolve(taken)
        late = self.say('En nog een')
        self.assertEqual((case, ['flood'], 'closed'), (late['case_id'], late['flags'], late['case']['state']))
        self.assertEqual(1, self.count('offer', 'case_id = %s', [case]))
        # visible to the lead, counted, and told once
        shown = self.world.api('GET', f'/v1/cases/{case}', 'lead').json
        self.assertIn('flood', shown['flags'])
        self.assertGreaterEqual(self.metric('loket_flood_quieted_total'), sum(flooded) + 1)
        self.assertEqual(1, self.world.log().count('flood.sender'))
        self.assertNotIn(self.wa, self.world.log())
        anna.offline()

    def test_one_senders_letters_are_one_case(self):
        """A program that mails in a loop: the questions of a flood join the newest that is open."""
        who = {'from': {'addresses': [{'kind': 'email', 'value': f'{uuid.uuid4().hex}@example.nl'}]}}
        self.setting('dordrecht-email', budget={'sender_per_minute': 5})
        self.world.restart()
        words = ['rijbewijs'] * 5 + ['paspoort', 'verhuizing', 'Hallo'] * 5
        cases = [self.world.api('POST', '/v1/contacts', 'integration', {
            'inbox': 'dordrecht-email', 'providerId': uuid.uuid4().hex, 'text': w, **who}).json['case']['id']
            for w in words]
        self.assertEqual(1, len(set(cases)))
        self.assertEqual(20, self.count('contact', 'case_id::text = any(%s)', [cases]))

    def test_what_an_inbox_may_be_told(self):
        now = self.world.api('GET', '/v1/inboxes/dordrecht-whatsapp', 'admin').json
        body = {k: now[k] for k in ('municipality', 'channel', 'account')}
        wrong = self.world.api('PUT', '/v1/inboxes/dordrecht-whatsapp', 'admin', body | {'settings': {
            'budget': {'per_second': 0, 'per_day': 5}, 'spam': {'words': ['', 7], 'max_links': -1}}})
        self.assertEqual(422, wrong.status, wrong)
        self.assertEqual({'settings.budget.per_second', 'settings.budget.per_day', 'settings.spam.words[0]',
                          'settings.spam.words[1]', 'settings.spam.max_links'}, {e['name'] for e in wrong.json['errors']})


class Unwanted(Flood):
    def block(self, want=201, who='anna', **more):
        answer = self.world.api('PUT', '/v1/blocks', who, {
            'municipality': 'dordrecht', 'address': {'kind': 'phone', 'value': self.wa}} | more)
        self.assertEqual(want, answer.status, answer)
        return answer.json

    def until_known(self, blocked):
        """Other instances know within a second; this one as soon as it has read its set-up again."""
        def settled():
            return ('blocked' in self.say('Ben ik er?')['flags']) == blocked
        wait_until(settled, 10, every=0.2)

    def blocks(self, who='lead', query=''):
        return [b['address']['value'] for b in self.world.api('GET', '/v1/blocks' + query, who).json['items']]

    def test_blocked_and_let_in_again(self):
        before = self.say('Ik scheld')
        block = self.block(reason='scheldt')
        self.assertEqual('+' + self.wa, block['address']['value'])      # typed without the plus
        self.until_known(True)
        spam, ledger = self.say('Ik scheld nog steeds'), self.ledger('dordrecht')
        self.assertNotEqual(before['case_id'], spam['case_id'])
        self.assertEqual(('closed', 'spam', ['blocked', 'spam'], None), (
            spam['case']['state'], spam['case']['outcome'], sorted(spam['flags']), spam['party']))
        self.assertEqual(0, self.count('offer', 'case_id = %s', [spam['case_id']]))
        self.assertEqual(0, self.count('notice', 'case_id = %s', [spam['case_id']]))
        self.assertEqual(1, self.count('raw', 'id = %s and body is not null', [spam['raw']]))
        self.say('En nog')
        after = self.ledger('dordrecht')
        self.assertEqual((ledger['received'] + 1, ledger['spam'] + 1, ledger['open']),
                         (after['received'], after['spam'], after['open']))
        # elsewhere nobody blocked them
        m = message('Hier mag ik', self.wa)
        self.assertEqual(200, self.to(QUIET, m).status)
        self.assertEqual('queued', self.contact(m['id'])['case']['state'])
        # let in again: the conversation goes on where it was
        self.assertIn('+' + self.wa, self.blocks())
        self.assertEqual(403, self.world.api('DELETE', f"/v1/blocks/{block['id']}", 'anna').status)
        self.assertEqual(204, self.world.api('DELETE', f"/v1/blocks/{block['id']}", 'lead').status)
        self.assertEqual(404, self.world.api('DELETE', f"/v1/blocks/{block['id']}", 'lead').status)
        self.until_known(False)
        again = self.say('Sorry')
        self.assertEqual((before['case_id'], before['party'], []), (again['case_id'], again['party'], again['flags']))
        self.assertNotIn('+' + self.wa, self.blocks())
        self.assertEqual(['block.put', 'block.delete'], [r[0] for r in self.world.psql(
            'select action from loket.access_log where object_id = %s order by at', [block['id']])])
        self.assertNotIn(self.wa, self.world.log())

    def test_who_is_blocked_may_take_back_what_they_said(self):
        said = self.say('Mijn geheim')
        self.block()
        self.until_known(True)
        self.say(None, type='revoke', revoke={'original_message_id': said['provider_id']})
        self.assertIsNone(self.contact(said['provider_id'])['text'])

    def test_until_a_moment(self):
        soon = time.time() + 6
        self.block(until=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(soon)))
        self.until_known(True)
        self.until_known(False)
        self.assertGreaterEqual(time.time(), soon - 1)
        self.assertNotIn('+' + self.wa, self.blocks())

    def test_twice_is_once(self):
        first, second = self.block(), self.block(200, reason='nog een keer')
        self.assertEqual((first['id'], 'nog een keer'), (second['id'], second['reason']))
        self.assertEqual(1, self.blocks().count('+' + self.wa))

    def test_whose_block_it_is(self):
        self.block(403, 'gijs')                        # Alblasserdam
        self.block()
        self.assertNotIn('+' + self.wa, self.blocks('gijs'))
        self.assertIn('+' + self.wa, self.blocks('anna', '?municipality=dordrecht'))
        self.block(422, until='2020-01-01T00:00:00Z')
        self.block(422, municipality='nergens')

    def test_not_more_than_a_thousand(self):
        self.world.psql("""insert into loket.blocked (id, municipality, kind, value) select gen_random_uuid(), 'sliedrecht',
            'phone', '+316000' || n from generate_series(10000, 10999) n""")
        answer = self.world.api('PUT', '/v1/blocks', 'lead', {
            'municipality': 'sliedrecht', 'address': {'kind': 'phone', 'value': self.wa}})
        self.assertEqual((422, 'tooManyBlocks'), (answer.status, answer.json['rule']))
        self.world.psql("delete from loket.blocked where municipality = 'sliedrecht'")

    def by_reference(self, answer):
        self.assertEqual(201, answer.status, answer)
        return self.world.psql("""select c.flags, k.state, k.outcome, k.id::text from loket.contact c
            join loket.case_file k on k.id = c.case_id where k.reference = %s""", [answer.json['reference']])[0]

    def test_rules_of_an_inbox(self):
        """For what anybody can send in anybody's name: unsigned forms and e-mail. Not for who signs, unless it says so."""
        rules = {'words': ['gokken', 'goedkope lening'], 'max_links': 2}
        self.setting(f'{QUIET}-webform', spam=rules)
        self.setting('dordrecht-email', spam=rules)
        self.setting(f'{QUIET}-whatsapp', spam=rules)
        self.world.restart()
        before = self.ledger(QUIET)
        self.assertEqual(('closed', 'spam'), self.by_reference(self.form(QUIET, bericht='Nu GOKKEN!'))[1:3])
        self.assertEqual(('closed', 'spam'), self.by_reference(self.form(
            QUIET, bericht='Kijk', anders='http://a.nl http://b.nl www.c.nl'))[1:3])
        self.assertEqual(('queued', None), self.by_reference(self.form(QUIET, bericht='Een lening, niet goedkoop'))[1:3])
        signed = self.world.hook_form({'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': {'bericht': 'gokken'}},
                                      f'{QUIET}-webform')
        self.assertEqual(('queued', None), self.by_reference(signed)[1:3])
        mail = self.world.api('POST', '/v1/contacts', 'integration', {
            'inbox': 'dordrecht-email', 'providerId': uuid.uuid4().hex, 'text': 'Goedkope lening!',
            'from': {'addresses': [{'kind': 'email', 'value': 'x@example.nl'}]}}).json
        self.assertEqual((['spam'], 'closed'), (mail['contact']['flags'], mail['case']['state']))
        m = message('Mag ik hier gokken?', self.wa)
        self.to(QUIET, m)
        self.assertEqual('queued', self.contact(m['id'])['case']['state'])
        self.setting(f'{QUIET}-whatsapp', spam=rules | {'always': True})
        self.world.restart()
        m = message('En hier, gokken?', new_number())
        self.to(QUIET, m)
        self.assertEqual('closed', self.contact(m['id'])['case']['state'])
        after = self.ledger(QUIET)
        self.assertEqual((before['received'] + 6, before['spam'] + 3, before['open'] + 3),
                         (after['received'], after['spam'], after['open']))

    def test_marked_by_people_and_taken_back(self):
        said, before = self.say('Is dit spam?'), self.ledger('dordrecht')
        case = said['case_id']
        done = self.world.api('POST', f'/v1/cases/{case}/resolve', 'lead', {'outcome': 'spam', 'epoch': 0})
        self.assertEqual(200, done.status, done)
        marked = self.ledger('dordrecht')
        self.assertEqual((before['open'] - 1, before['spam'] + 1), (marked['open'], marked['spam']))
        back = self.world.api('POST', f'/v1/cases/{case}/reopen', 'lead', {'note': 'Toch niet'})
        self.assertEqual(200, back.status, back)
        after = self.ledger('dordrecht')
        self.assertEqual((before['open'], before['spam']), (after['open'], after['spam']))
        self.assertEqual(('queued', []), tuple(self.world.psql('select state, flags from loket.case_file where id = %s', [case])[0]))

    def test_a_rule_was_wrong(self):
        """What a rule took for spam is a case like any other once somebody says so: it is offered, and can be answered."""
        self.setting(f'{QUIET}-webform', spam={'words': ['verdacht']})
        self.world.restart()
        case = self.by_reference(self.form(QUIET, bericht='Ik zag iets verdachts en iets verdacht', email='ik@example.nl'))[3]
        before = self.ledger(QUIET)
        self.assertEqual(200, self.world.api('POST', f'/v1/cases/{case}/reopen', 'lead', {}).status)
        after = self.ledger(QUIET)
        self.assertEqual((before['open'] + 1, before['spam'] - 1), (after['open'], after['spam']))
        self.assertIn(case, [c['id'] for c in self.world.api('GET', f'/v1/cases?state=queued&municipality={QUIET}', 'lead').json['items']])


del Intake, Flood      # their tests are of who inherits them

if __name__ == '__main__':
    unittest.main(verbosity=2)
