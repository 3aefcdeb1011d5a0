#!/usr/bin/env python3
"""Cases: two that are one question and back, one that is two, and what belongs together; looking for cases; all of one citizen."""
import functools
import itertools
import pathlib
import sys
import threading
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import at_once, wait_until  # noqa: E402

people = itertools.count(31630000001)
PARKING, LICENCE = 'Waar vraag ik een parkeervergunning aan?', 'Hoe verleng ik mijn rijbewijs?'


class CasesTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna, cls.bram = cls.world.agent('anna'), cls.world.agent('bram')

    def tearDown(self):
        self.anna.offline()
        self.bram.offline()
        self.assertTrue(self.ledger()['balanced'])
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now(), owner = null "
                        "where state <> 'closed'")

    def ledger(self):
        return self.world.api('GET', '/v1/ledger', 'admin').json

    def says(self, text, wa_id=None, **more):
        """A citizen writes: (case, contact)."""
        message = f'wamid.{uuid.uuid4().hex}'
        self.world.hook_whatsapp(text, wa_id=wa_id or str(next(people)), message_id=message, **more)
        return self.world.psql('select case_id::text, id::text from loket.contact where provider_id = %s', [message])[0]

    def asks(self, text, wa_id, channel='counter'):
        """The same citizen, elsewhere, about something else: another case."""
        answer = self.world.api('POST', '/v1/contacts', 'integration', {'inbox': f'dordrecht-{channel}', 'text': text, 'from': {
            'addresses': [{'kind': 'phone', 'value': '+' + wa_id}]}})
        self.assertEqual(answer.status, 201, answer)
        return answer.json['case']['id']

    def post(self, case, what, body=None, who='anna', status=200, rule=None, **more):
        answer = self.world.api('POST', f'/v1/cases/{case}/{what}', who, body, **more)
        self.assertEqual((answer.status, answer.json.get('rule')), (422 if rule else status, rule), answer)
        return answer.json

    def get(self, case, who='lead'):
        answer = self.world.api('GET', f'/v1/cases/{case}', who)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def take(self, case, who=None):
        """Anna has this case; whatever else she is offered she lets go."""
        who = who or self.anna
        who.ready()
        while True:
            offer = who.next_offer()
            if offer['case']['id'] == case:
                taken = who.accept(offer)
                who.away()
                return taken
            who.decline(offer)

    def row(self, case, *columns):
        return self.world.psql(f"select {', '.join(columns)} from loket.case_file where id = %s", [case])[0]

    def queued(self):
        return {m.decode() if isinstance(m, bytes) else m for m in self.world.redis('ZRANGE', 'loket:queue', '0', '-1')}


class Merge(CasesTest):
    def two(self):
        """One citizen with two questions, of which Anna has the first."""
        who = str(next(people))
        first, _ = self.says(PARKING, who)
        taken = self.take(first)
        second = self.asks(LICENCE, who)
        self.assertNotEqual(first, second)
        return first, second, taken['epoch'], who

    def test_one_question_and_back(self):
        first, second, epoch, who = self.two()
        before = self.row(second, 'state', 'arrived_at', 'due_at', 'outcome', 'party', 'flags')
        told = self.ledger()
        self.assertEqual(self.post(first, 'merge', {'duplicate': second, 'epoch': epoch, 'note': 'allebei over het pasje'})['case']['id'], first)
        now = self.ledger()
        self.assertEqual((now['merged'], now['open'], now['balanced']), (told['merged'] + 1, told['open'] - 1, True))
        case = self.get(first)
        self.assertEqual([c['text'] for c in case['contacts']], [PARKING, LICENCE])
        self.assertEqual([c['case'] for c in case['contacts']], [first, second])
        self.assertEqual([m['id'] for m in case['merged']], [second])
        self.assertEqual([n['text'] for n in case['notes']], ['allebei over het pasje'])
        self.assertEqual((self.get(second)['state'], self.get(second)['mergedInto']), ('closed', first))
        self.assertEqual(self.anna.events.wait('case.changed', lambda e: e['event'] == 'merged')['merged'], {'id': second})
        wait_until(lambda: second not in self.queued(), what='out of the queue')
        # it is nobody's question any more: neither offered, nor reopened
        self.post(second, 'reopen', {}, 'lead', rule='merged')
        # what the citizen writes about either goes on in the first
        self.assertEqual(self.says('Nog iets over mijn rijbewijs', who)[0], first)
        said = self.world.api('POST', '/v1/contacts', 'integration', {'inbox': 'dordrecht-counter', 'text': 'Nog iets', 'case': second})
        self.assertEqual((said.status, said.json['rule']), (422, 'caseMerged'))
        # the same again is no other merge
        self.post(first, 'merge', {'duplicate': second, 'epoch': epoch})
        self.assertEqual(self.world.value('select count(*) from loket.case_merge where gone = %s', [second]), 1)

        answer = self.post(second, 'unmerge')
        self.assertEqual((answer['case']['id'], answer['case']['state']), (second, 'queued'))
        self.assertEqual(self.row(second, 'state', 'arrived_at', 'due_at', 'outcome', 'party', 'flags'), before)
        self.assertNotIn('merged', self.get(first))
        self.assertEqual([c['text'] for c in self.get(second)['contacts']], [LICENCE])
        self.take(second)
        self.post(second, 'unmerge', rule='notMerged')

    def test_out_of_somebodys_hands(self):
        who = str(next(people))
        first, _ = self.says(PARKING, who)
        mine = self.take(first)
        second = self.asks(LICENCE, who)
        theirs = self.take(second, self.bram)
        body = {'duplicate': second, 'epoch': mine['epoch']}
        self.post(first, 'merge', body, status=403)
        self.post(first, 'merge', body, 'lead', status=409)                            # whose epoch?
        self.post(first, 'merge', body | {'duplicateEpoch': theirs['epoch'] - 1}, 'lead', status=409)
        self.post(first, 'merge', body | {'duplicateEpoch': theirs['epoch']}, 'lead')
        self.bram.events.wait('case.changed', lambda e: e['event'] == 'merge' and e['case']['id'] == second)
        # a late owner cannot write, not even when it is theirs to get back
        self.post(second, 'tasks', {'department': 'x', 'action': 'y', 'due': '2036-01-01', 'epoch': theirs['epoch']}, 'bram', status=409)
        self.post(second, 'unmerge', who='lead')
        self.post(second, 'tasks', {'department': 'x', 'action': 'y', 'due': '2036-01-01', 'epoch': theirs['epoch']}, 'bram', status=409)
        bram = self.world.value("select id::text from loket.agent where name like 'Bram%'")
        self.assertEqual(self.row(second, 'state', 'wanted_agent::text'), ('queued', bram))
        self.take(second, self.bram)

    def test_an_offer_of_it_ends(self):
        who = str(next(people))
        first, _ = self.says(PARKING, who)
        mine = self.take(first)
        second = self.asks(LICENCE, who)
        self.bram.ready()
        offer = self.bram.events.wait('offer.made', lambda o: o['case']['id'] == second)
        self.post(first, 'merge', {'duplicate': second, 'epoch': mine['epoch']})
        gone = self.bram.events.wait('offer.withdrawn', lambda o: o['offer']['id'] == offer['offer']['id'])
        self.assertEqual(gone['reason'], 'caseChanged')
        self.assertEqual(self.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'bram').status, 409)
        # who was asked has room again
        other, _ = self.says(LICENCE)
        self.bram.events.wait('offer.made', lambda o: o['case']['id'] == other)

    def test_tasks_go_along_and_come_back(self):
        first, second, epoch, _ = self.two()
        task = self.world.value("insert into loket.task (id, municipality, case_id, department, action, due, created_at) values "
                                "(gen_random_uuid(), 'dordrecht', %s, 'Burgerzaken', 'bellen', now() + interval '1 day', now()) "
                                'returning id::text', [second])
        self.post(first, 'merge', {'duplicate': second, 'epoch': epoch})
        self.assertEqual([t['id'] for t in self.get(first)['tasks']], [task])
        self.post(second, 'unmerge')
        self.assertEqual([t['id'] for t in self.get(second)['tasks']], [task])
        self.assertEqual(self.get(first)['tasks'], [])

    def three(self, who):
        cases = self.says(PARKING, who)[0], self.asks(LICENCE, who), self.asks('Ik wil trouwen', who)
        self.assertEqual(len(set(cases)), 3)
        return cases

    def test_a_chain(self):
        who = str(next(people))
        a, b, c = self.three(who)
        epochs = {case: self.row(case, 'epoch')[0] for case in (a, b, c)}
        self.post(a, 'merge', {'duplicate': b, 'epoch': epochs[a]}, 'lead')
        self.post(c, 'merge', {'duplicate': a, 'epoch': epochs[c]}, 'lead')
        case = self.get(c)
        self.assertEqual({x['text'] for x in case['contacts']}, {PARKING, LICENCE, 'Ik wil trouwen'})
        self.assertEqual({m['id'] for m in case['merged']}, {a, b})
        self.post(a, 'merge', {'duplicate': c, 'epoch': self.row(a, 'epoch')[0]}, 'lead', rule='merged')
        self.post(a, 'unmerge', who='lead')
        self.assertEqual(({m['id'] for m in self.get(a)['merged']}, 'merged' in self.get(c)), ({b}, False))
        self.post(b, 'unmerge', who='lead')
        self.assertEqual([self.row(x, 'merged_into', 'state') for x in (a, b, c)], [(None, 'queued')] * 3)

    def test_one_may_leave_before_the_other(self):
        who = str(next(people))
        a, b, c = self.three(who)
        self.post(a, 'merge', {'duplicate': b, 'epoch': self.row(a, 'epoch')[0]}, 'lead')
        self.post(c, 'merge', {'duplicate': a, 'epoch': self.row(c, 'epoch')[0]}, 'lead')
        self.post(b, 'unmerge', who='lead')
        self.post(a, 'unmerge', who='lead')
        self.assertEqual([self.row(x, 'merged_into') for x in (a, b, c)], [(None,)] * 3)

    def test_refusals(self):
        first, second, epoch, who = self.two()
        somebody, _ = self.says(PARKING)
        self.post(first, 'merge', {'duplicate': somebody, 'epoch': epoch}, rule='otherParty')
        self.post(first, 'merge', {'duplicate': first, 'epoch': epoch}, rule='sameCase')
        self.post(first, 'merge', {'duplicate': second, 'epoch': epoch - 1}, status=409)
        self.post(first, 'merge', {'duplicate': second, 'epoch': epoch}, 'bram', status=403)
        self.post(second, 'merge', {'duplicate': somebody, 'epoch': 0}, 'anna', rule='otherParty')
        self.post(str(uuid.uuid4()), 'merge', {'duplicate': second, 'epoch': epoch}, status=404)
        far, _ = self.says(PARKING, inbox='sliedrecht-whatsapp')
        answer = self.world.api('POST', f'/v1/cases/{first}/merge', 'anna', {'duplicate': far, 'epoch': epoch})
        self.assertEqual([e['name'] for e in answer.json['errors']], ['duplicate'])         # Anna does not work there
        self.post(first, 'merge', {'duplicate': far, 'epoch': epoch}, 'lead', rule='otherMunicipality')
        # who waits for help by a person goes on waiting for that
        self.says('0', who)
        help_ = self.world.value("select case_id::text from loket.help_request where ended_at is null and case_id in (%s, %s)", [first, second])
        other = second if help_ == first else first
        self.post(other, 'merge', {'duplicate': help_, 'epoch': self.row(other, 'epoch')[0]}, 'lead', rule='helpOpen')
        self.anna.resolve({'case': {'id': first}, 'epoch': epoch}) if help_ != first else None

    def test_an_open_question_is_not_buried(self):
        first, second, epoch, _ = self.two()
        self.anna.resolve({'case': {'id': first}, 'epoch': epoch})
        self.post(first, 'merge', {'duplicate': second, 'epoch': epoch}, 'lead', rule='mergeIntoClosed')
        self.post(second, 'merge', {'duplicate': first, 'epoch': self.row(second, 'epoch')[0]}, 'lead')
        self.post(first, 'unmerge', who='lead')
        self.assertEqual(self.row(first, 'state', 'outcome'), ('closed', 'solved'))       # as it was

    def test_at_once(self):
        """Two leads merge each into the other: one of them is first, and nothing is lost."""
        for _ in range(5):
            who = str(next(people))
            a, b = self.says(PARKING, who)[0], self.asks(LICENCE, who)
            epochs = {x: self.row(x, 'epoch')[0] for x in (a, b)}

            def merge(kept, gone):
                return self.world.api('POST', f'/v1/cases/{kept}/merge', 'lead', {'duplicate': gone, 'epoch': epochs[kept]}).status
            answers = at_once([functools.partial(merge, *pair) for pair in ((a, b), (b, a))])
            self.assertEqual(answers.count(200), 1, answers)
            self.assertEqual(sorted(self.row(x, 'merged_into is null')[0] for x in (a, b)), [False, True])

    def test_a_message_at_the_same_moment_is_seen(self):
        """Whatever comes while cases are merged ends in one that somebody looks at."""
        who = str(next(people))
        a, b = self.says(PARKING, who)[0], self.asks(LICENCE, who)
        stop = threading.Event()
        failed = []

        def write():
            n = 0
            while not stop.is_set():
                n += 1
                try:
                    self.world.hook_whatsapp(f'Mijn rijbewijs, regel {n}', wa_id=who, message_id=f'wamid.race{who}.{n}')
                except AssertionError as e:
                    failed.append(e)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(20):
                kept = self.row(b, 'epoch')[0]
                if self.world.api('POST', f'/v1/cases/{b}/merge', 'lead', {'duplicate': a, 'epoch': kept}).status == 200:
                    self.world.api('POST', f'/v1/cases/{a}/unmerge', 'lead')
        finally:
            stop.set()
            writer.join()
        self.assertEqual(failed, [])
        rows = self.world.psql("select distinct k.id::text, k.state, k.merged_into::text from loket.contact c join loket.case_file k on k.id = c.case_id "
                               "where c.provider_id like %s", [f'wamid.race{who}.%'])
        state = {case: (s, into) for case, s, into in rows}
        self.assertIn(a, state)
        for case, (s, into) in state.items():
            self.assertTrue(s == 'queued' and into is None or self.row(into, 'state')[0] == 'queued', state)
        self.assertEqual(self.world.value("select count(*) from loket.case_file where merged_into is not null and state <> 'closed'"), 0)

    def test_the_citizen_sees_the_one_that_goes_on(self):
        answer = self.world.hook_form({'form': 'vraag', 'submission_id': f'm-{uuid.uuid4().hex}', 'fields': {
            'naam': 'Noor', 'email': 'noor@voorbeeld.nl', 'bericht': PARKING}}).json
        second = self.world.value('select id::text from loket.case_file where reference = %s', [answer['reference']])
        first = self.world.value("insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, state, opened_at, "
                                 "arrived_at, due_at, last_contact_at) select gen_random_uuid(), municipality, 'DOR-EEEE-EEEE', product, party, "
                                 "inbox, channel, 'queued', opened_at, arrived_at, due_at, last_contact_at from loket.case_file where id = %s "
                                 'returning id::text', [second])
        self.post(first, 'merge', {'duplicate': second, 'epoch': 0}, 'lead')

        def status():
            return self.world.api('GET', f"/v1/status/{answer['reference']}", None, headers={'Authorization': f"Bearer {answer['secret']}"})
        self.assertEqual(status().json['state'], 'waiting', status())
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'solved', closed_at = now() where id = %s", [first])
        self.assertEqual(status().json['state'], 'answered', status())


class Split(CasesTest):
    def conversation(self):
        """Anna has a case in which the citizen says two things."""
        who = str(next(people))
        case, first = self.says(PARKING, who)
        taken = self.take(case)
        same, second = self.says('En hoe laat gaat de balie open?', who)
        self.assertEqual(case, same)
        return case, taken['epoch'], first, second, who

    def test_two_questions(self):
        case, epoch, first, second, who = self.conversation()
        told = self.ledger()
        body = {'contacts': [second], 'epoch': epoch, 'product': 'afspraak', 'note': 'hoort bij de balie'}
        key = {'Idempotency-Key': uuid.uuid4().hex}
        made = self.post(case, 'split', body, status=201, headers=key)['case']
        self.assertEqual((made['product'], made['state']), ('afspraak', 'queued'))
        self.assertEqual(self.post(case, 'split', body, status=201, headers=key)['case'], made)
        new = self.get(made['id'])
        self.assertEqual(([c['id'] for c in new['contacts']], [n['text'] for n in new['notes']]), ([second], ['hoort bij de balie']))
        self.assertEqual((new['citizen']['id'], new['reference']), (self.get(case)['citizen']['id'], made['reference']))
        self.assertEqual([c['id'] for c in self.get(case)['contacts']], [first])
        self.assertEqual(([x['id'] for x in new['links']], [x['id'] for x in self.get(case)['links']]), ([case], [made['id']]))
        self.assertEqual(self.row(made['id'], 'arrived_at')[0], self.world.value('select received_at from loket.contact where id = %s', [second]))
        self.assertEqual(self.ledger(), told)
        wait_until(lambda: made['id'] in self.queued() or self.row(made['id'], 'state')[0] != 'queued', what='in the queue')
        # and back
        self.post(case, 'merge', {'duplicate': made['id'], 'epoch': epoch})
        self.assertEqual([c['id'] for c in self.get(case)['contacts']], [first, second])

    def test_refusals(self):
        case, epoch, first, second, _ = self.conversation()
        self.post(case, 'split', {'contacts': [first, second], 'epoch': epoch}, rule='nothingAsked')
        self.post(case, 'split', {'contacts': [second], 'epoch': epoch - 1}, status=409)
        self.post(case, 'split', {'contacts': [second], 'epoch': epoch}, 'bram', status=403)
        _, elsewhere = self.says(PARKING)
        for body, names in (({'contacts': [second, elsewhere], 'epoch': epoch}, ['contacts']),
                            ({'contacts': [str(uuid.uuid4())], 'epoch': epoch, 'product': 'niets'}, ['product'])):
            answer = self.world.api('POST', f'/v1/cases/{case}/split', 'anna', body)
            self.assertEqual((answer.status, [e['name'] for e in answer.json['errors']]), (422, names), answer)
        self.post(str(uuid.uuid4()), 'split', {'contacts': [second], 'epoch': epoch}, status=404)


class Links(CasesTest):
    def test_there_and_back(self):
        a, b = self.says(PARKING)[0], self.says(LICENCE)[0]
        self.post(a, 'link', {'case': b, 'note': 'zelfde straat'})
        self.post(b, 'link', {'case': a})                                   # the same again
        link = self.get(a)['links'][0]
        self.assertEqual((link['id'], link['note'], link['state']), (b, 'zelfde straat', 'queued'))
        self.assertEqual([x['id'] for x in self.get(b)['links']], [a])
        self.post(b, 'unlink', {'case': a})
        self.assertNotIn('links', self.get(a))
        self.post(b, 'unlink', {'case': a}, rule='notLinked')
        self.post(a, 'link', {'case': a}, rule='sameCase')
        far, _ = self.says(PARKING, inbox='sliedrecht-whatsapp')
        self.post(a, 'link', {'case': far}, 'lead', rule='otherMunicipality')
        answer = self.world.api('POST', f'/v1/cases/{a}/link', 'anna', {'case': far})
        self.assertEqual((answer.status, [e['name'] for e in answer.json['errors']]), (422, ['case']))
        self.post(far, 'link', {'case': a}, 'anna', status=404)

    def test_the_most(self):
        a, b = self.says(PARKING)[0], self.says(LICENCE)[0]
        self.world.psql("insert into loket.case_link (one, other, municipality, at) select '00000000-0000-7000-8000-000000000000'::uuid, id, "
                        "municipality, now() from loket.case_file where id = %s", [a])
        self.world.psql("insert into loket.case_link (one, other, municipality, at) select md5('l' || n)::uuid, 'ffffffff-ffff-7fff-8fff-ffffffffffff', "
                        "'dordrecht', now() from generate_series(1, 10) n")
        self.world.psql("insert into loket.case_link (one, other, municipality, at) select least(md5('l' || n)::uuid, %s), "
                        "greatest(md5('l' || n)::uuid, %s), 'dordrecht', now() from generate_series(1, 49) n", [a, a])
        self.post(a, 'link', {'case': b}, rule='linkedTooMany')
        self.post(b, 'link', {'case': a}, rule='linkedTooMany')


class Known(CasesTest):
    def test_what_is_known_and_what_is_missing(self):
        """The case says what its product needs, from a form, the party, and what was said in a case that went on in it."""
        product = self.world.api('GET', '/v1/products/rijbewijs', 'admin').json
        body = {k: product[k] for k in ('name', 'words', 'secondLine') if k in product} | {'needs': [
            {'id': 'kenteken', 'label': 'Kenteken', 'fields': ['nummerbord']}, {'id': 'naam', 'label': 'Naam', 'party': 'name'},
            {'id': 'datum', 'label': 'Datum'}]}
        self.assertEqual(self.world.api('PUT', '/v1/products/rijbewijs', 'admin', body).status, 200)
        case, contact = self.says('Hoe verleng ik mijn rijbewijs?')
        self.world.psql("update loket.contact set fields = '{\"nummerbord\": \"AB-12-CD\"}' where id = %s", [contact])
        seen = self.get(case)
        self.assertEqual([(k['id'], k['text'], k['from']) for k in seen['known']],
                         [('kenteken', 'AB-12-CD', 'contact'), ('naam', 'Sanne de Vries', 'party')])
        self.assertEqual([m['id'] for m in seen['missing']], ['datum'])
        other = self.world.value("insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, state, opened_at, "
                                 "arrived_at, due_at, last_contact_at) select gen_random_uuid(), municipality, 'DOR-FFFF-FFFF', product, party, "
                                 "inbox, channel, 'queued', opened_at, arrived_at, due_at, last_contact_at from loket.case_file where id = %s "
                                 'returning id::text', [case])
        self.assertEqual([m['id'] for m in self.get(other)['missing']], ['kenteken', 'datum'])
        self.post(other, 'merge', {'duplicate': case, 'epoch': 0}, 'lead')
        self.assertEqual([m['id'] for m in self.get(other)['missing']], ['datum'])


class Search(CasesTest):
    def search(self, who='anna', status=200, **body):
        answer = self.world.api('POST', '/v1/cases/search', who, body)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def ids(self, **body):
        return [c['id'] for c in self.search(**body)['items']]

    def test_by_address(self):
        who = str(next(people))
        first, second = self.says(PARKING, who)[0], self.asks(LICENCE, who)
        address = {'value': '+' + who}
        self.assertEqual(self.ids(address=address), [second, first])
        self.assertEqual(self.ids(address=address | {'kind': 'phone'}), [second, first])
        self.assertEqual(self.ids(address=address, product='rijbewijs'), [second])
        self.assertEqual(self.ids(address=address, state='closed'), [])
        self.assertEqual(self.ids(address=address | {'kind': 'email'}), [])
        self.assertEqual(self.ids(address=address, municipality='zwijndrecht'), [])
        self.assertEqual(self.ids(address=address, channel='counter', **{'from': '2026-01-01T00:00:00Z'}), [second])
        reference = self.get(first)['reference']
        self.assertEqual(self.ids(reference=reference.lower()), [first])
        page = self.search(address=address, limit=1)
        self.assertEqual([c['id'] for c in page['items']], [second])
        page = self.search(address=address, limit=1, cursor=page['next'])
        self.assertEqual(([c['id'] for c in page['items']], page['next']), ([first], None))
        answer = self.search(status=422, address=address, reference=reference, cursor='geen', **{'from': 'gisteren'})
        self.assertGreaterEqual({e['name'] for e in answer['errors']}, {'from'})
        # nobody of another municipality finds them
        self.assertEqual(self.search('gijs', address=address)['items'], [])

    def found(self, words, **body):
        return {c['id'] for c in self.search(words=words, **body)['items']}

    def test_by_words(self):
        """What was said or noted: other forms, compounds and misspellings; not what somebody's number is."""
        first, contact = self.says('Mijn kliko is zoek; mijn BSN is 111222333, NL91 ABNA 0417 1643 00, bel 06-12345678')
        second, _ = self.says('Er staan parkeerautomaten voor de deur van nummer 14')
        self.post(second, 'notes', {'text': 'De buurvrouw heeft ook een schutting'}, status=201)
        for words, case in (('kliko', first), ('zoeken KLIKO', first), ('parkeerautomaat', second), ('schuttingen buurvrouw', second),
                            ('automaten schutting parkeer', None), ('parkeer schutting', second), ('"kliko" & !zoek | \'(:*', first)):
            if case:
                wait_until(lambda words=words, case=case: self.found(words) == {case}, what=words)
            else:
                self.assertEqual(self.found(words), set(), words)
        for number in ('111222333', 'BSN 111222333', '111 222 333', 'NL91ABNA0417164300', '0417164300', '0612345678'):
            self.assertEqual(self.found(number), self.found('BSN') if 'BSN' in number else set(), number)
        # where it was said, without anybody's number; also to who may see a BSN, since nobody asked for that
        for token in ('anna', 'lead'):
            self.assertEqual([c['excerpt'] for c in self.search(token, words='kliko')['items']],
                             ['Mijn kliko is zoek; mijn BSN is …, …, bel …'])
        self.assertEqual([c['excerpt'] for c in self.search(words='schuttingen buurvrouw')['items']], ['De buurvrouw heeft ook een schutting'])
        self.assertEqual(self.found('kliko', state='closed'), set())
        self.assertEqual(self.found('kliko', municipality='dordrecht', channel='whatsapp', **{'from': '2026-01-01T00:00:00Z'}), {first})
        self.assertEqual(self.found('kliko', to='2026-01-01T00:00:00Z'), set())
        self.assertEqual(self.found('kliko', to='9999-01-01T00:00:00Z', **{'from': '0001-01-01T00:00:00Z'}), {first})
        self.assertEqual(self.found('kliko', municipality='zwijndrecht'), set())
        self.assertEqual(self.search('gijs', words='kliko')['items'], [])
        self.assertEqual(self.search(status=422, words='kliko', reference='DOR-AAAA-AAAA')['errors'][0]['name'], 'body')
        # some words of a long text
        self.says('Ik woon hier al lang. ' * 40 + 'Nu is mijn zonnescherm gescheurd door de storm. ' + 'Wat moet ik doen? ' * 40)
        wait_until(lambda: self.found('zonnescherm'), what='a long text')
        excerpt = self.search(words='zonneschermen')['items'][0]['excerpt']
        self.assertTrue('zonnescherm gescheurd' in excerpt and len(excerpt) < 200, excerpt)
        self.assertNotIn('excerpt', self.search(limit=1)['items'][0])
        # a word of a title is meant
        self.says('Ik ben mijn paspoort kwijt')
        self.world.psql("insert into loket.article_word values ('paspoort', 'paspoort') on conflict do nothing")
        wait_until(lambda: self.found('paspoord kwijt'), what='what is meant')
        # what was split off or deleted is not found where it was
        self.world.psql("update loket.contact set text = null where id = %s", [contact])
        self.post(first, 'notes', {'text': 'weg'}, status=201)
        wait_until(lambda: self.found('kliko') == set(), what='what was taken back')

    def test_words_that_many_have(self):
        """The newest thousand, a page at a time."""
        self.world.psql("""with k as (insert into loket.case_file (id, municipality, reference, product, inbox, channel, state, outcome, opened_at,
                arrived_at, due_at, last_contact_at, closed_at)
            select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(n), 16, '8'))::uuid, 'dordrecht',
                   'VEEL-' || n, 'rijbewijs', 'dordrecht-whatsapp', 'whatsapp', 'closed', 'solved', at, at, at, at, at
              from (select n, now() - n * interval '1 hour' as at from generate_series(1, 1200) n) x returning id, opened_at)
            insert into loket.case_words select id, 'dordrecht', loket.case_words_of('vlaggenmast') ||
                   array_to_tsvector(array[to_char(opened_at at time zone 'UTC', '"="YYYYMMDD')]) from k""")
        seen, page = [], self.search(words='vlaggenmasten', limit=100)
        while page['items']:
            seen += [c['reference'] for c in page['items']]
            page = self.search(words='vlaggenmasten', limit=100, cursor=page['next']) if page['next'] else {'items': []}
        self.assertEqual(seen, [f'VEEL-{n}' for n in range(1, 1001)])
        self.assertEqual(len(self.found('vlaggenmast', limit=100, to=self.world.value(
            "select to_char(now() - interval '1149.5 hours', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"))), 51)

    def test_pages_of_parties(self):
        for _ in range(3):
            self.says(PARKING, name='Pagina Zoeker')
        body, seen = {'name': 'Pagina Zoeker', 'municipality': 'dordrecht', 'limit': 2}, []
        while body.get('cursor', '') is not None:
            page = self.world.api('POST', '/v1/parties/search', 'anna', body).json
            seen += [p['id'] for p in page['items']]
            body['cursor'] = page['next']
        self.assertEqual((len(seen), len(set(seen))), (3, 3))


class Party(CasesTest):
    def test_all_of_somebody(self):
        who = str(next(people))
        first = self.says(PARKING, who)[0]
        taken = self.take(first)
        second = self.asks(LICENCE, who)
        self.post(first, 'tasks', {'department': 'Parkeren', 'action': 'bellen', 'due': '2036-01-01', 'epoch': taken['epoch']}, status=201)
        self.world.psql("insert into loket.callback (id, municipality, case_id, to_kind, to_value, reason, not_before, promised_at, created_at) "
                        "values (gen_random_uuid(), 'dordrecht', %s, 'phone', '+31600000000', 'asked', now(), now(), now())", [second])
        party = self.get(first)['citizen']['id']
        answer = self.world.api('GET', f'/v1/parties/{party}', 'anna')
        self.assertEqual(answer.status, 200, answer)
        p = answer.json
        self.assertEqual([(c['case'], c['text']) for c in p['contacts']], [(second, LICENCE), (first, PARKING)])
        self.assertEqual({c['id'] for c in p['cases']}, {first, second})
        self.assertEqual(p['tasks'], self.world.api('GET', f'/v1/tasks?case={first}', 'anna').json['items'])
        self.assertEqual([(t['case'], t['department'], t['late'], t['attempts']) for t in p['tasks']], [(first, 'Parkeren', False, 0)])
        self.assertEqual([(b['case'], b['to']['value']) for b in p['callbacks']], [(second, '+31600000000')])
        self.assertFalse(p['moreContacts'])

    def test_numbers_are_masked(self):
        case, _ = self.says('Mijn "BSN":\n111222333 \\ en ik bel nog')
        party = self.get(case)['citizen']['id']
        secret = 'token-' + uuid.uuid4().hex
        self.world.psql('insert into loket.token (id, sha256, name, role, municipalities, sees_bsn) '
                        "values (gen_random_uuid(), sha256(%s::bytea), 'bsn', 'lead', '{dordrecht}', true)", [secret])
        for who, number in (('anna', '•' * 9), (secret, '111222333')):
            p = self.world.api('GET', f'/v1/parties/{party}', who).json
            self.assertEqual([c['text'] for c in p['contacts']], [f'Mijn "BSN":\n{number} \\ en ik bel nog'])

    def test_more_than_a_thousand(self):
        who = str(next(people))
        case, _ = self.says(PARKING, who)
        party = self.get(case)['citizen']['id']
        self.world.psql("""insert into loket.contact (id, municipality, inbox, channel, direction, kind, received_at, case_id, party, text, attachments)
            select md5('v' || n)::uuid, municipality, inbox, channel, 'in', 'text', now() + n * interval '1 s', case_id, party, 'regel ' || n,
                   '[{}, {}]' from loket.contact, generate_series(1, 1200) n where case_id = %s""", [case])
        p = self.world.api('GET', f'/v1/parties/{party}', 'anna').json
        self.assertEqual((len(p['contacts']), p['moreContacts'], p['contacts'][0]['text'], p['contacts'][0]['attachments']), (1000, True, 'regel 1200', 2))
        p = self.world.api('GET', f"/v1/parties/{party}?contactsBefore={p['contacts'][-1]['id']}", 'anna').json
        self.assertEqual((len(p['contacts']), p['moreContacts'], p['contacts'][-1]['text']), (201, False, PARKING))
        self.world.psql("delete from loket.contact where text like 'regel %'")


if __name__ == '__main__':
    unittest.main(verbosity=2)
