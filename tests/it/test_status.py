#!/usr/bin/env python3
"""How it goes with a case, for the citizen: the secret of a receipt, what is told, what can be added, who may not."""
import hashlib
import hmac
import itertools
import pathlib
import re
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dispatch_world  # noqa: E402
import world  # noqa: E402
from dispatch_world import wait_until  # noqa: E402

SECRET = re.compile('[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}$')
NAME, MAIL, QUESTION = 'Jan Zonderlinge', 'jan.zonderlinge@example.org', 'Mijn zonderlinge rijbewijs is kwijt'
addresses = (f'192.0.2.{i}' for i in itertools.count(1))


def secret_of(key, reference):
    """As lib/core/receipt derives it."""
    mac = hmac.new(key.encode(), b'status ' + reference.encode(), hashlib.sha256).digest()[:20]
    text = ''.join('0123456789ABCDEFGHJKMNPQRSTVWXYZ'[b % 32] for b in mac)
    return '-'.join(text[i:i + 4] for i in range(0, 20, 4))


class StatusTest(dispatch_world.DispatchTest):
    def setUp(self):
        super().setUp()
        self.address = next(addresses)     # of the citizen: what one test spends is not missing in another

    def form(self, text=QUESTION, want=201, **more):
        """The receipt of a form with a person's name and address in it."""
        fields = {'bericht': text, 'naam': NAME, 'email': f'{uuid.uuid4().hex[:8]}.{MAIL}', 'product': 'rijbewijs'}
        body = {'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': fields} | more
        answer = self.world.hook_form(body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def call(self, method, receipt, path='', secret=None, body=None, headers=None):
        headers = {'X-Real-IP': self.address} | (headers or {})
        return self.world.api(method, f"/v1/status/{receipt['reference']}{path}", secret or receipt.get('secret'), body, headers)

    def look(self, receipt, **more):
        answer = self.call('GET', receipt, **more)
        self.assertEqual(answer.status, 200, answer)
        for person in (NAME, MAIL, 'zonderlinge', 'Anna', 'anna'):
            self.assertNotIn(person, answer.body.decode())
        return answer.json

    def add(self, receipt, text='Ik heb nog een vraag', want=201, headers=None):
        answer = self.call('POST', receipt, '/messages', body={'text': text}, headers=headers)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def until_429(self, ask):
        """Statuses, up to the first 429. A slow machine earns some of its budget meanwhile."""
        statuses = []
        while 429 not in statuses and len(statuses) < 500:
            statuses.append(ask().status)
        return statuses

    def case_of(self, receipt):
        return str(self.world.value('select id from loket.case_file where reference = %s', [receipt['reference']]))

    def said(self, receipt):
        """What citizens said in the case, in order."""
        return [r[0] for r in self.world.psql("select text from loket.contact where case_id = %s and direction = 'in' order by received_at, id",
                                              [self.case_of(receipt)])]

    def taken(self, receipt):
        anna = self.person('anna')
        offer = anna.events.wait('offer.made', lambda d: d['case']['id'] == self.case_of(receipt))
        return anna, anna.accept(offer)


class Looking(StatusTest):
    def test_from_the_receipt_to_the_answer(self):
        receipt = self.form()
        self.assertRegex(receipt['secret'], SECRET)
        told = self.look(receipt)
        self.assertEqual((told['state'], told['product'], told['language'], told['takesMessages']),
                         ('waiting', {'id': 'rijbewijs', 'name': 'Rijbewijs'}, 'nl', True))
        due = self.world.value("select to_char(due_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') from loket.case_file where reference = %s",
                               [receipt['reference']])
        self.assertEqual(told['before'][:19], due)
        self.assertIn('Er is nog geen medewerker mee bezig', told['now'])
        self.assertRegex(told['next'], 'voor (\\d\\d-\\d\\d-\\d{4} )?\\d\\d:\\d\\d uur')
        anna, taken = self.taken(receipt)
        self.assertEqual(self.look(receipt)['state'], 'working')
        anna.resolve(taken)
        told = self.look(receipt)
        self.assertEqual((told['state'], told['takesMessages']), ('answered', True))
        self.assertNotIn('before', told)

    def test_typed_as_people_do(self):
        receipt = self.form()
        typed = receipt['secret'].lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')
        self.assertEqual(self.look(receipt | {'reference': receipt['reference'].lower()}, secret=typed)['reference'], receipt['reference'])

    def test_a_department_has_promised(self):
        receipt = self.form()
        anna, taken = self.taken(receipt)
        anna.call('POST', f"/v1/cases/{taken['case']['id']}/tasks", {
            'department': 'Burgerzaken', 'action': 'Uitzoeken', 'due': '2036-12-01T16:00:00Z', 'epoch': taken['epoch']})
        anna.resolve(taken, 'promised')
        told = self.look(receipt)
        self.assertEqual((told['state'], told['before']), ('department', '2036-12-01T16:00:00.000Z'))
        self.assertIn('01-12-2036 17:00', told['next'])
        self.world.psql("update loket.task set state = 'done', done_at = now()")
        self.assertEqual(self.look(receipt)['state'], 'answered')

    def test_a_call_back(self):
        answer = self.world.api('POST', '/v1/help-requests', 'integration', {
            'municipality': 'dordrecht', 'preference': 'callback', 'address': {'kind': 'phone', 'value': '06 1234 0042'}}).json
        told = self.look(answer['helpRequest'] | {'secret': answer['secret']})
        self.assertEqual((told['state'], told['before']), ('callback', answer['helpRequest']['promisedAt']))

    def test_the_time_has_passed(self):
        receipt = self.form()
        self.world.psql("update loket.case_file set due_at = now() - interval '1 minute' where reference = %s", [receipt['reference']])
        told = self.look(receipt)
        self.assertEqual(told['state'], 'waiting')
        self.assertNotIn('before', told)
        self.assertIn('langer', told['next'])

    def test_each_end(self):
        receipt = self.form()
        for outcome, state, takes in [('referred', 'referred', True), ('notForUs', 'notForUs', True),
                                      ('unreachable', 'unreachable', True), ('spam', 'closed', False)]:
            self.world.psql("update loket.case_file set state = 'closed', closed_at = now(), outcome = %s where reference = %s",
                            [outcome, receipt['reference']])
            told = self.look(receipt)
            self.assertEqual((told['state'], told['takesMessages']), (state, takes))

    def test_in_their_language_and_own_words(self):
        receipt = self.form(locale='pl')
        told = self.look(receipt)
        self.assertEqual(told['language'], 'pl')
        self.assertIn('Twoje pytanie', told['now'])
        now = self.world.api('GET', '/v1/municipalities/dordrecht', 'admin').json
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', {
            'region': now['region'], 'name': now['name'],
            'settings': now['settings'] | {'texts': {'nl': {'statusWaiting': 'Wij hebben uw vraag!'}}}})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.look(self.form())['now'], 'Wij hebben uw vraag!')

    def test_a_merged_case_is_followed(self):
        first, second, third = (self.form() for _ in range(3))
        self.world.psql("update loket.case_file set merged_into = %s, state = 'closed', closed_at = now() where reference = %s",
                        [self.case_of(second), first['reference']])
        self.world.psql("update loket.case_file set merged_into = %s, state = 'closed', closed_at = now() where reference = %s",
                        [self.case_of(third), second['reference']])
        told = self.look(first)
        self.assertEqual((told['reference'], told['state']), (first['reference'], 'waiting'))
        self.add(first, 'Hoort bij de derde')
        self.assertIn('Hoort bij de derde', self.said(third))


class Secrets(StatusTest):
    def test_wrong_is_as_unknown(self):
        receipt, other = self.form(), self.form()
        answers = [self.call('GET', receipt, secret=other['secret']), self.call('GET', receipt | {'reference': 'DOR-0000-0000'}),
                   self.call('GET', receipt | {'secret': None}), self.call('GET', receipt, secret='x' * 3000),
                   self.call('GET', receipt, secret=receipt['secret'] + 'A'), self.call('GET', receipt, secret=receipt['secret'][:-1])]
        self.assertEqual({(a.status, a.body) for a in answers}, {(404, answers[0].body)})
        self.assertEqual(self.call('POST', receipt, '/messages', other['secret'], {'text': 'x'}).status, 404)
        self.assertEqual(self.world.request('GET', f"/v1/status/{receipt['reference']}?secret={receipt['secret']}").status, 400)
        self.assertNotIn(receipt['secret'], self.world.log())

    def test_guessing_has_a_budget(self):
        receipt = self.form()
        tries = self.until_429(lambda: self.call('GET', receipt, secret='AAAA-AAAA-AAAA-AAAA-AAAA'))
        self.assertEqual((tries[:10], set(tries)), ([404] * 10, {404, 429}))
        late = self.call('GET', receipt)
        self.assertEqual(late.status, 429)                   # also with the right one: an answer would tell
        self.assertGreater(int(late.headers['Retry-After']), 0)
        self.address = next(addresses)
        self.look(receipt)                                   # somebody elsewhere does not wait for it

    def test_looking_has_a_budget(self):
        receipt = self.form()
        statuses = self.until_429(lambda: self.call('GET', receipt))
        self.assertEqual((statuses[:60], set(statuses)), ([200] * 60, {200, 429}))

    def test_who_joins_a_case_of_another_gets_no_secret(self):
        """anybody can write anybody's address in a form"""
        fields = {'bericht': 'Waar is mijn rijbewijs?', 'email': f'{uuid.uuid4().hex}@example.org', 'product': 'rijbewijs'}
        first = self.world.hook_form({'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': fields}).json
        taken = str(self.world.value('select id from loket.case_file where reference = %s', [first['reference']]))
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() where id = %s", [taken])
        again = self.world.hook_form({'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': fields}).json
        self.assertEqual(again['reference'], first['reference'])
        self.assertIn('secret', first)
        self.assertNotIn('secret', again)

    def test_the_same_again_gets_the_same(self):
        form = {'form': 'contact', 'submission_id': str(uuid.uuid4()), 'fields': {'bericht': 'Een vraag', 'email': MAIL, 'product': 'huwelijk'}}
        first, again = (self.world.hook_form(form).json for _ in range(2))
        self.assertEqual((first['reference'], first['secret']), (again['reference'], again['secret']))
        guessed = self.world.hook_form(form | {'fields': {'bericht': 'Ik raad het nummer', 'email': MAIL}}).json
        self.assertEqual(guessed['reference'], first['reference'])
        self.assertNotIn('secret', guessed)

    def test_with_what_people_bring(self):
        body = {'municipality': 'dordrecht', 'channel': 'phone', 'text': 'Belt over een rijbewijs', 'product': 'rijbewijs',
                'from': {'addresses': [{'kind': 'phone', 'value': '06 1234 0043'}]}, 'providerId': str(uuid.uuid4())}
        told = self.world.api('POST', '/v1/contacts', 'integration', body).json
        self.look(told['case'] | {'secret': told['secret']})
        again = self.world.api('POST', '/v1/contacts', 'integration', body).json
        self.assertEqual(again['secret'], told['secret'])
        more = self.world.api('POST', '/v1/contacts', 'integration', body | {'providerId': str(uuid.uuid4()), 'case': told['case']['id']}).json
        self.assertNotIn('secret', more)
        ask = {'municipality': 'dordrecht', 'preference': 'now', 'product': 'huwelijk'}
        first, again = (self.world.api('POST', '/v1/help-requests', 'integration', ask, {'Idempotency-Key': 'nog eens ' + self.address}).json
                        for _ in range(2))
        self.look(first['helpRequest'] | {'secret': first['secret']})
        self.assertEqual(first, again)

    def test_another_key(self):
        """receipts of the old key count as long as it is there"""
        old = self.form()
        self.world.psql('insert into loket.receipt_key default values', user='loket_system')
        key = self.world.value('select value from loket.receipt_key order by n desc limit 1')
        wait_until(lambda: (new := self.form())['secret'] == secret_of(key, new['reference']), 10, 'the new key to be known')
        new = self.form()
        self.look(old)
        self.look(new)
        self.world.psql('delete from loket.receipt_key where n = (select min(n) from loket.receipt_key)', user='loket_system')
        wait_until(lambda: self.call('GET', old, headers={'X-Real-IP': next(addresses)}).status == 404, 10, 'the old key to be forgotten')
        self.look(new)


class Adding(StatusTest):
    def test_a_message(self):
        receipt = self.form()
        anna, taken = self.taken(receipt)
        told = self.add(receipt, 'Het is een rood rijbewijs')
        self.assertEqual(told['reference'], receipt['reference'])
        seen = anna.events.wait('contact.received', lambda d: d['case']['id'] == taken['case']['id'])
        self.assertEqual(self.said(receipt), [QUESTION, 'Het is een rood rijbewijs'])
        contact = self.world.api('GET', f"/v1/contacts/{seen['contact']['id']}", 'lead').json
        self.assertEqual((contact['kind'], contact['inbox'], contact['fields']), ('text', 'dordrecht-webform', {'via': 'status'}))
        anna.resolve(taken)

    def test_twice_is_once(self):
        receipt = self.form()
        for _ in range(2):
            self.add(receipt, 'Hallo?')
        self.add(receipt, 'Hallo?', headers={'Idempotency-Key': 'k1'})
        self.add(receipt, 'Anders, met dezelfde sleutel', headers={'Idempotency-Key': 'k1'})
        self.assertEqual(self.said(receipt), [QUESTION, 'Hallo?', 'Hallo?'])

    def test_a_file(self):
        receipt = self.form()
        body = (b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nZie de foto\r\n'
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="brief.txt"\r\nContent-Type: text/plain\r\n\r\nBeste gemeente\r\n--b--\r\n')
        answer = self.call('POST', receipt, '/messages', body=body, headers={'Content-Type': 'multipart/form-data; boundary=b'})
        self.assertEqual(answer.status, 201, answer)
        case = self.case_of(receipt)
        wait_until(lambda: self.world.psql('select a.state from loket.attachment a join loket.contact c on c.id = a.contact where c.case_id = %s',
                                           [case]) == [('stored',)], 20, 'the file to be looked at')
        self.assertEqual(self.said(receipt), [QUESTION, 'Zie de foto'])

    def test_what_a_large_file_leaves_is_enough(self):
        """One that would fill the memory of an operation but for a little."""
        receipt = self.form()
        self.world.record = False
        self.addCleanup(setattr, self.world, 'record', True)
        for left in (2000, 62000):
            body = (b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b'x' * 60000 +
                    b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + bytes((16 << 20) - left) +
                    b'\r\n--b\r\nContent-Disposition: form-data; name="anders"\r\n\r\nx\r\n--b--\r\n')
            answer = self.call('POST', receipt, '/messages', body=body, headers={'Content-Type': 'multipart/form-data; boundary=b'})
            self.assertEqual(answer.status, 422, answer)
        self.assertIsNone(self.world.process.poll())

    def test_a_closed_case_opens_again(self):
        receipt = self.form()
        anna, taken = self.taken(receipt)
        anna.resolve(taken)
        anna.offline()
        self.add(receipt, 'Het is niet opgelost')
        state, reopened, soon = self.world.psql("select state, reopened, due_at - arrived_at < interval '1 second' + norm_s * interval '1 second' / 2 "
                                                "from loket.case_file k join loket.channel c on c.id = k.channel where reference = %s",
                                                [receipt['reference']])[0]
        self.assertEqual((state, reopened, soon), ('queued', 1, True))
        self.assertEqual(self.look(receipt)['state'], 'waiting')

    def test_nothing_vanishes_in_spam(self):
        receipt = self.form()
        self.world.psql("update loket.case_file set state = 'closed', closed_at = now(), outcome = 'spam' where reference = %s", [receipt['reference']])
        self.assertEqual(self.add(receipt, want=422)['rule'], 'caseClosed')

    def test_option_0(self):
        receipt = self.form()
        self.add(receipt, 'ik wil graag hulp')
        self.assertTrue(self.world.value('select option0 from loket.case_file where reference = %s', [receipt['reference']]))

    def test_what_is_wrong(self):
        receipt = self.form()

        def post(body, **headers):
            return self.call('POST', receipt, '/messages', body=body, headers=headers or None)
        self.assertEqual([e['name'] for e in post({'text': '', 'naam': 'x', 'email': 'y'}).json['errors']], ['naam', 'email', 'text'])
        self.assertEqual(post({'text': 7}).status, 422)
        self.assertEqual([e['name'] for e in post({'text': ' \n\u00a0 '}).json['errors']], ['text'])
        self.assertEqual(post(b'[1]').status, 400)
        self.assertEqual(post(b'{"text"').status, 400)
        self.assertEqual(post(b'text=x', **{'Content-Type': 'application/x-www-form-urlencoded'}).status, 415)
        self.assertEqual(post({'text': 'x' * 70000}).status, 413)
        self.assertEqual(post(b'--b\r\n', **{'Content-Type': 'multipart/form-data; boundary=b'}).status, 400)
        self.assertEqual(self.said(receipt), [QUESTION])

    def test_a_flood(self):
        receipt = self.form()
        n = itertools.count()
        statuses = self.until_429(lambda: self.call('POST', receipt, '/messages', body={'text': f'Nog een {next(n)}'}))
        self.assertEqual((statuses[:30], set(statuses)), ([201] * 30, {201, 429}))


if __name__ == '__main__':
    world.main()
