#!/usr/bin/env python3
"""What an agent does with a case: reading, searching, notes, tasks, transfer, resolve, reopen, and the rules around it."""
import concurrent.futures
import itertools
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

people = itertools.count(31620000001)
DAY = 86400


class WorkTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.world.agent('anna')

    def setUp(self):
        self.anna.events.skip()         # perhaps an offer of what the last test left
        self.anna.ready()

    def tearDown(self):
        """Empty hands for the next test."""
        self.anna.offline()
        for _ in range(300):
            rows = self.world.psql("select id, epoch, state from loket.case_file where state <> 'closed'")
            if not rows:
                return
            for case, epoch, state in rows:
                if state != 'offered':
                    self.post('lead', case, 'resolve', {'outcome': 'unreachable', 'epoch': epoch})
            time.sleep(0.1)
        self.fail(f'cases left over: {rows}')

    def post(self, who, case, what, body, **more):
        return self.world.api('POST', f'/v1/cases/{case}/{what}', who, body, **more)

    def take(self, text='Hoe vraag ik een rijbewijs aan?', who=None, wa_id=None, **more):
        """A citizen writes; who (Anna) has the case."""
        who = who or self.anna
        self.world.hook_whatsapp(text, wa_id=wa_id or str(next(people)), **more)
        return who.accept(who.next_offer())

    def assertRule(self, answer, rule):
        self.assertEqual(answer.status, 422, answer)
        self.assertEqual(answer.json['rule'], rule)

    def assertStatus(self, answer, status):
        self.assertEqual(answer.status, status, answer)


class Reply(WorkTest):
    def reply(self, taken, who='anna', headers=None, **body):
        return self.post(who, taken['case']['id'], 'replies', {'epoch': taken['epoch'], **body}, headers=headers)

    def test_every_bad_field_is_named(self):
        taken = self.take()
        answer = self.post('anna', taken['case']['id'], 'replies', {'text': '', 'epoch': 'een', 'visibility': 'luid'})
        self.assertStatus(answer, 422)
        self.assertEqual({e['name'] for e in answer.json['errors']}, {'text', 'epoch', 'visibility'})
        self.assertStatus(self.reply(taken, text='x', colour='blue'), 400)

    def test_window_closed_then_template(self):
        taken = self.take(timestamp=int(time.time()) - 25 * 3600)
        self.assertRule(self.reply(taken, text='Te laat'), 'windowClosed')
        answer = self.reply(taken, text='Uw vraag is beantwoord', template={'name': 'vraag_beantwoord', 'language': 'nl',
                                                                                        'parameters': ['Sanne']})
        self.assertStatus(answer, 202)
        sent = wait_until(lambda: [r for r in self.world.standin.received if r['message'].get('biz_opaque_callback_data')
                                   == answer.json['contact']['id']], what='the template at the provider')[0]
        self.assertIsNone(sent['wrong'])
        self.assertEqual(sent['message']['template']['name'], 'vraag_beantwoord')
        self.assertEqual(sent['message']['template']['language'], {'code': 'nl'})
        self.assertEqual(sent['message']['template']['components'],
                         [{'type': 'body', 'parameters': [{'type': 'text', 'text': 'Sanne'}]}])

    def test_rules(self):
        taken = self.take()
        self.assertRule(self.reply(taken, text='x' * 4097), 'textTooLong')
        self.assertRule(self.reply(taken, text='Hoi allemaal', visibility='public'), 'notPublic')
        self.assertStatus(self.reply(taken, text='Met bijlage', attachments=[{'id': 'x'}]), 422)
        self.assertEqual(self.world.standin.received, [r for r in self.world.standin.received if r['message'].get('text', {}).get('body')
                                                     not in ('Hoi allemaal', 'Met bijlage')])

    def test_form_without_an_address_cannot_be_answered(self):
        self.world.hook_form({'form': 'vraag', 'product': 'rijbewijs', 'fields': {'naam': 'P. Puk', 'bericht': 'Hoe lang duurt het?'}})
        taken = self.anna.accept(self.anna.next_offer())
        self.assertRule(self.reply(taken, text='Een week'), 'noReplyOnChannel')

    def test_same_key_is_one_reply(self):
        taken = self.take()
        first = self.reply(taken, text='Eenmaal', headers={'Idempotency-Key': 'k1'})
        again = self.reply(taken, text='Eenmaal', headers={'Idempotency-Key': 'k1'})
        self.assertEqual((first.status, first.json), (again.status, again.json))
        # the key's row got lost, as when the process died before the answer was kept: still one reply
        self.world.psql("delete from loket.idempotency where key = 'k1'")
        third = self.reply(taken, text='Eenmaal', headers={'Idempotency-Key': 'k1'})
        self.assertEqual(third.json['contact']['id'], first.json['contact']['id'])
        self.assertEqual(self.world.value("select count(*) from loket.contact where direction = 'out' and text = 'Eenmaal'"), 1)

    def test_spaces_are_no_text(self):
        """A citizen gets no empty message, and a colleague no empty note."""
        taken = self.take()
        epoch = {'epoch': taken['epoch']}
        for what, body, fields in (
                ('replies', {'text': ' \n\t ', **epoch}, ['text']), ('notes', {'text': '\u00a0 '}, ['text']),
                ('transfer', {'to': {'product': 'algemeen'}, 'note': '   ', **epoch}, ['note']),
                ('tasks', {'department': ' ', 'action': ' ', 'due': 'P2D', **epoch}, ['department', 'action']),
                ('resolve', {'outcome': 'solved', 'note': ' ', **epoch}, ['note'])):
            answer = self.post('anna', taken['case']['id'], what, body)
            self.assertStatus(answer, 422)
            self.assertEqual([(e['name'], e['reason']) for e in answer.json['errors']], [(name, 'empty') for name in fields], what)
        case = self.anna.case(taken['case']['id'])
        self.assertEqual((case['state'], len(case['contacts']), case['notes'], case['tasks']), ('assigned', 1, [], []))

    def test_same_key_is_one_note_and_one_task(self):
        taken = self.take()
        case = taken['case']['id']
        for what, body in (('notes', {'text': 'eenmaal'}), ('tasks', {'department': 'Burgerzaken', 'action': 'Bellen', 'due': '2099-01-01',
                                                                     'epoch': taken['epoch']})):
            ids = set()
            for _ in range(2):
                answer = self.post('anna', case, what, body, headers={'Idempotency-Key': 'k2-' + what})
                self.assertStatus(answer, 201)
                ids.add(answer.json[what[:-1]]['id'])
                self.world.psql("delete from loket.idempotency where key like 'k2-%'")
            self.assertEqual(len(ids), 1)
        seen = self.anna.case(case)
        self.assertEqual((len(seen['notes']), len(seen['tasks'])), (1, 1))

    def test_order_of_two_quick_replies(self):
        taken = self.take()
        texts = [f'Zin {i}' for i in range(5)]
        for text in texts:
            self.assertStatus(self.reply(taken, text=text), 202)
        wait_until(lambda: sum(r['message'].get('text', {}).get('body') in texts for r in self.world.standin.received) == 5,
                   what='five messages')
        self.assertEqual([r['message']['text']['body'] for r in self.world.standin.received
                          if r['message'].get('text', {}).get('body') in texts], texts)


class Rights(WorkTest):
    bodies = {'replies': {'text': 'x'}, 'transfer': {'to': {'product': 'algemeen'}, 'note': 'x'},
              'tasks': {'department': 'x', 'action': 'x', 'due': '2099-01-01T00:00:00Z'}, 'resolve': {'outcome': 'solved'}}

    def test_stale_epoch(self):
        taken = self.take()
        for what, body in self.bodies.items():
            for epoch in (taken['epoch'] - 1, taken['epoch'] + 1):
                answer = self.post('anna', taken['case']['id'], what, {**body, 'epoch': epoch})
                self.assertStatus(answer, 409)
        answer = self.world.api('PATCH', f"/v1/cases/{taken['case']['id']}", 'anna', {'product': 'algemeen', 'epoch': 99})
        self.assertStatus(answer, 409)
        case = self.anna.case(taken['case']['id'])
        self.assertEqual((case['state'], case['product'], len(case['contacts'])), ('assigned', 'rijbewijs', 1))

    def test_after_it_was_taken_away(self):
        """The owner vanished and somebody else has it: everything the first one still tries is refused."""
        taken = self.take()
        self.assertStatus(self.post('lead', taken['case']['id'], 'transfer',
                                    {'to': {'agent': self.agent_id('Fatima')}, 'note': 'neemt het over', 'epoch': taken['epoch']}), 200)
        for what, body in self.bodies.items():
            self.assertStatus(self.post('anna', taken['case']['id'], what, {**body, 'epoch': taken['epoch']}), 409)
        fatima = self.world.agent('fatima')
        fatima.ready()
        mine = fatima.accept(fatima.next_offer())
        self.assertEqual(mine['case']['id'], taken['case']['id'])
        for what, body in self.bodies.items():
            self.assertStatus(self.post('anna', taken['case']['id'], what, {**body, 'epoch': taken['epoch']}), 409)
            self.assertStatus(self.post('anna', taken['case']['id'], what, {**body, 'epoch': mine['epoch']}), 403)
        fatima.offline()

    def agent_id(self, name):
        return self.world.value('select id::text from loket.agent where name = %s', [name])

    def test_not_of_this_municipality(self):
        taken = self.take()
        case = taken['case']['id']
        for what, body in {**self.bodies, 'notes': {'text': 'x'}, 'reopen': {}}.items():
            epoch = {} if what in ('notes', 'reopen') else {'epoch': taken['epoch']}
            self.assertStatus(self.post('gijs', case, what, {**body, **epoch}), 404)
        self.assertStatus(self.world.api('GET', f'/v1/cases/{case}', 'gijs'), 404)
        self.assertStatus(self.world.api('PATCH', f'/v1/cases/{case}', 'gijs', {'epoch': taken['epoch'], 'product': 'algemeen'}), 404)
        self.assertEqual(self.world.api('GET', '/v1/cases', 'gijs').json['items'], [])
        self.assertStatus(self.world.api('GET', '/v1/cases/no-such-id', 'anna'), 404)

    def test_epoch_only_for_its_owner(self):
        taken = self.take()
        path = f"/v1/cases/{taken['case']['id']}"
        self.assertIn('epoch', self.world.api('GET', path, 'anna').json)
        self.assertIn('epoch', self.world.api('GET', path, 'lead').json)
        self.assertNotIn('epoch', self.world.api('GET', path, 'bram').json)

    def test_every_look_is_recorded(self):
        taken = self.take()
        case = taken['case']['id']
        self.anna.case(case)
        party = self.world.api('GET', f'/v1/cases/{case}', 'bram').json['citizen']['id']
        self.world.api('GET', f'/v1/parties/{party}', 'bram')
        self.world.api('POST', '/v1/parties/search', 'bram', {'address': {'value': 'zoek-mij-niet'}})
        rows = self.world.psql('select a.name, l.action from loket.access_log l join loket.agent a on a.id = l.agent '
                               'where object_id in (%s, %s)', [case, party])
        self.assertIn(('Anna', 'case.read'), rows)
        self.assertIn(('Bram', 'case.read'), rows)
        self.assertIn(('Bram', 'party.read'), rows)
        self.assertEqual(self.world.value("select count(*) from loket.access_log where action = 'party.search' and municipality "
                                          "= 'dordrecht'"), 1)
        self.assertEqual(self.world.value("select count(*) from loket.access_log where object_id like '%%zoek-mij%%'"), 0)

    def test_bsn_is_masked(self):
        taken = self.take('Mijn bsn is 111222333, mijn rijbewijs is kwijt')
        case = taken['case']['id']
        written = self.post('anna', case, 'notes', {'text': 'bsn 111222333 genoemd'})
        self.assertNotIn(b'111222333', written.body)
        promised = self.post('anna', case, 'tasks', {'department': 'burgerzaken', 'action': 'bel over 111222333',
                                                     'due': '2099-01-01', 'epoch': taken['epoch']})
        self.assertNotIn(b'111222333', promised.body)
        task = f"/v1/tasks/{promised.json['task']['id']}"
        self.assertNotIn(b'111222333', self.world.api('PATCH', task, 'bram', {}).body)
        self.assertIn(b'111222333', self.world.api('PATCH', task, 'lead', {}).body)
        seen = self.world.api('GET', f'/v1/cases/{case}', 'bram')
        self.assertNotIn(b'111222333', seen.body)
        self.assertIn('bsnMasked', seen.json['contacts'][0]['flags'])
        self.assertEqual(self.world.api('GET', f'/v1/cases/{case}', 'lead').body.count(b'111222333'), 3)

    def test_many_look_at_once(self):
        """They are read together; each sees what is theirs to see, and each look is recorded."""
        cases = [self.take(f'Mijn bsn is 111222333, vraag {n}')['case']['id'] for n in range(3)]
        nowhere = '01900000-0000-7000-8000-999999999999'
        before = self.world.value("select count(*) from loket.access_log where action = 'case.read'")
        asked = [(who, case) for who in ('anna', 'bram', 'lead', 'gijs') for case in (*cases, nowhere)] * 5
        with concurrent.futures.ThreadPoolExecutor(20) as some:
            answers = list(some.map(lambda q: self.world.api('GET', f'/v1/cases/{q[1]}', q[0]), asked))
        for (who, case), answer in zip(asked, answers):
            with self.subTest(who, case=case):
                if who == 'gijs' or case == nowhere:            # Alblasserdam only
                    self.assertEqual(answer.status, 404)
                    continue
                self.assertEqual((answer.json['id'], answer.json['citizen']['municipality']), (case, 'dordrecht'))
                self.assertEqual(b'111222333' in answer.body, who == 'lead')
                self.assertIn(f'vraag {cases.index(case)}', answer.json['contacts'][0]['text'])
                self.assertEqual('epoch' in answer.json, who in ('anna', 'lead'))
        self.assertEqual(self.world.value("select count(*) from loket.access_log where action = 'case.read'"), before + 3 * 3 * 5)


class Transfer(WorkTest):
    def transfer(self, taken, to, who='anna', **more):
        return self.post(who, taken['case']['id'], 'transfer', {'to': to, 'note': 'graag overnemen', 'epoch': taken['epoch'], **more})

    def agent_id(self, name):
        return self.world.value('select id::text from loket.agent where name = %s', [name])

    def test_fields(self):
        taken = self.take()
        for to in ({}, {'agent': 'x', 'team': 'y'}, {'agent': '01900000-0000-7000-8000-999999999999'}, {'team': 'nergens'},
                   {'product': 'niets'}, 'anna'):
            self.assertStatus(self.transfer(taken, to), 422 if 'colour' not in str(to) else 400)
        self.assertStatus(self.post('anna', taken['case']['id'], 'transfer', {'to': {'team': 'kcc'}, 'epoch': taken['epoch']}), 422)

    def test_to_an_agent_keeps_the_wait(self):
        taken = self.take()
        before = self.anna.case(taken['case']['id'])
        self.assertRule(self.transfer(taken, {'agent': self.agent_id('Gijs')}), 'agentDoesNotFit')
        self.assertStatus(self.transfer(taken, {'agent': self.agent_id('Ayşe')}), 200)
        self.anna.events.none('offer.made', 0.3)
        ayse = self.world.agent('ayşe')
        ayse.ready()
        offer = ayse.next_offer()
        self.assertEqual(offer['case']['id'], taken['case']['id'])
        mine = ayse.accept(offer)
        after = ayse.case(taken['case']['id'])
        self.assertEqual((after['arrivedAt'], after['transfers']), (before['arrivedAt'], 1))
        self.assertEqual(after['notes'][-1]['text'], 'graag overnemen')
        # once is enough: now only to a lead
        answer = self.transfer(mine, {'product': 'algemeen'}, 'ayşe')
        self.assertRule(answer, 'oneTransfer')
        self.assertStatus(self.transfer(mine, {'agent': self.agent_id('Linda')}, 'ayşe'), 200)
        ayse.offline()

    def test_to_a_product(self):
        taken = self.take()
        self.assertStatus(self.transfer(taken, {'product': 'huwelijk'}), 200)
        eva = self.world.agent('eva')
        eva.ready()
        self.assertEqual(eva.next_offer()['case']['product'], 'huwelijk')
        eva.offline()

    def test_only_to_somebody_better_placed(self):
        """not back to where it is, not to who cannot finish it; in the language and on the channel of the citizen"""
        taken = self.take()
        self.assertRule(self.transfer(taken, {'agent': self.agent_id('Anna')}), 'notBetterPlaced')
        self.assertRule(self.transfer(taken, {'product': 'rijbewijs'}), 'notBetterPlaced')
        self.assertRule(self.transfer(taken, {'team': 'parkeren'}), 'agentDoesNotFit')
        self.assertRule(self.transfer(taken, {'agent': self.agent_id('Piet')}), 'agentDoesNotFit')       # no WhatsApp
        self.world.psql("update loket.case_file set language = 'uk' where id = %s", [taken['case']['id']])
        self.assertRule(self.transfer(taken, {'agent': self.agent_id('Ayşe')}), 'agentDoesNotFit')
        self.assertStatus(self.transfer(taken, {'agent': self.agent_id('Oksana')}), 200)

    def test_to_a_team(self):
        taken = self.take('Waar vraag ik een parkeervergunning aan?')
        self.assertStatus(self.transfer(taken, {'team': 'parkeren'}), 200)
        fatima, daan = self.world.agent('fatima'), self.world.agent('daan')
        fatima.ready()
        fatima.events.none('offer.made', 0.3)
        daan.ready()
        self.assertEqual(daan.next_offer()['case']['id'], taken['case']['id'])
        fatima.offline()
        daan.offline()


class Ending(WorkTest):
    def test_promised_needs_a_task(self):
        taken = self.take()
        case = taken['case']['id']
        self.assertRule(self.post('anna', case, 'resolve', {'outcome': 'promised', 'epoch': taken['epoch']}), 'promiseNeedsTask')
        answer = self.post('anna', case, 'tasks', {'department': 'Burgerzaken', 'action': 'Terugbellen', 'due': '2099-01-02',
                                                   'note': 'na 17 uur', 'epoch': taken['epoch']})
        self.assertStatus(answer, 201)
        task = answer.json['task']
        self.assertEqual((task['case'], task['due'][:10], task['state']), (case, '2099-01-02', 'open'))
        self.assertStatus(self.post('anna', case, 'resolve', {'outcome': 'promised', 'epoch': taken['epoch'], 'note': 'toegezegd'}), 200)
        seen = self.anna.case(case)
        self.assertEqual((seen['state'], seen['outcome'], seen['notes'][-1]['text']), ('closed', 'promised', 'toegezegd'))
        self.assertNotIn('owner', seen)
        self.assertStatus(self.post('anna', case, 'resolve', {'outcome': 'solved', 'epoch': taken['epoch']}), 409)
        self.assertStatus(self.post('anna', case, 'resolve', {'outcome': 'klaar', 'epoch': taken['epoch']}), 422)

    def test_an_end_has_an_outcome_and_a_promise_an_owner_and_a_date(self):
        taken = self.take()
        case, epoch = taken['case']['id'], taken['epoch']
        for what, body, missing in (('resolve', {'note': 'klaar'}, {'outcome'}), ('tasks', {'action': 'Bellen'}, {'department', 'due'}),
                                    ('tasks', {'department': 'Balie', 'action': 'Bellen', 'due': '2001-01-01'}, {'due'}),
                                    ('transfer', {'to': {'team': 'burgerzaken'}}, {'note'}),
                                    ('transfer', {'to': {'team': 'burgerzaken'}, 'note': ''}, {'note'})):
            answer = self.post('anna', case, what, {'epoch': epoch, **body})
            self.assertStatus(answer, 422)
            self.assertEqual({e['name'] for e in answer.json['errors']}, missing, what)
        self.assertEqual(self.anna.case(case)['state'], 'assigned')

    def test_one_end_for_many_who_try(self):
        taken = self.take()
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda i: self.post(('anna', 'lead')[i % 2], taken['case']['id'], 'resolve', {
                'outcome': 'solved', 'epoch': taken['epoch'], 'note': f'poging {i}'}), range(10)))
        self.assertEqual(sorted(a.status for a in answers), [200] + [409] * 9)
        self.assertEqual(len(self.anna.case(taken['case']['id'])['notes']), 1)

    def test_wrap_up_keeps_the_place(self):
        """After a call the agent has a breath: the place stays taken until the wrap-up is over."""
        answer = self.world.api('POST', '/v1/contacts', 'anna', {'inbox': 'dordrecht-phone', 'kind': 'call', 'product': 'rijbewijs',
                                                                 'text': 'belt over rijbewijs'})
        self.assertStatus(answer, 201)
        case = self.world.api('GET', f"/v1/cases/{answer.json['case']['id']}", 'anna').json
        self.assertStatus(self.post('anna', case['id'], 'resolve', {'outcome': 'solved', 'epoch': case['epoch']}), 200)
        self.assertEqual(self.world.value('select count(*) from loket.wrapup where case_id = %s and until > now() + interval \'10 s\'',
                                          [case['id']]), 1)

    def test_reopen(self):
        taken = self.take()
        case = taken['case']['id']
        self.assertStatus(self.post('anna', case, 'reopen', {}), 409)
        self.anna.resolve(taken)
        closed = self.anna.case(case)
        self.assertStatus(self.post('bram', case, 'reopen', {'note': 'was niet opgelost'}), 200)
        offer = self.anna.next_offer()
        self.assertEqual(offer['case']['id'], case)
        again = self.anna.accept(offer)
        self.assertGreater(again['epoch'], taken['epoch'])
        seen = self.anna.case(case)
        self.assertEqual((seen['reopened'], seen['state']), (1, 'assigned'))
        self.assertGreater(seen['arrivedAt'], closed['arrivedAt'])
        self.assertNotIn('outcome', seen)
        norm = '(select due_at - arrived_at from loket.case_file where id = %s) * 2'
        fresh = self.take()['case']['id']
        self.assertTrue(self.world.value(f"select {norm} = due_at - arrived_at from loket.case_file where id = %s", [case, fresh]))

    def test_lead_ends_what_nobody_has(self):
        self.anna.offline()
        self.world.hook_whatsapp('GRATIS GELD', wa_id=str(next(people)))
        case = self.world.api('GET', '/v1/cases?state=queued', 'lead').json['items'][0]
        epoch = self.world.api('GET', f"/v1/cases/{case['id']}", 'lead').json['epoch']
        self.assertStatus(self.post('bram', case['id'], 'resolve', {'outcome': 'spam', 'epoch': epoch}), 409)
        self.assertStatus(self.post('lead', case['id'], 'resolve', {'outcome': 'spam', 'epoch': epoch}), 200)
        ledger = self.world.api('GET', '/v1/ledger', 'admin').json
        self.assertTrue(ledger['balanced'])
        self.assertGreaterEqual(ledger['spam'], 1)


class Finding(WorkTest):
    def test_tasks(self):
        taken = self.take()
        case = taken['case']['id']
        for day in (3, 1, 2):
            self.assertStatus(self.post('anna', case, 'tasks', {'department': f'Afdeling {day}', 'action': 'Doen',
                                                                'due': f'2099-02-0{day}T12:00:00.123456Z', 'epoch': taken['epoch']}), 201)
        page = self.world.api('GET', f'/v1/tasks?case={case}&limit=2', 'anna').json
        rest = self.world.api('GET', f"/v1/tasks?case={case}&limit=2&cursor={page['next']}", 'anna').json
        self.assertEqual([t['department'] for t in page['items'] + rest['items']], ['Afdeling 1', 'Afdeling 2', 'Afdeling 3'])
        self.assertIsNone(rest['next'])
        task = page['items'][0]['id']
        answer = self.world.api('PATCH', f'/v1/tasks/{task}', 'anna', {'state': 'done', 'note': 'gebeld'})
        self.assertStatus(answer, 200)
        self.assertEqual((answer.json['state'], answer.json['note']), ('done', 'gebeld'))
        self.assertIn('doneAt', answer.json)
        self.assertEqual(self.world.psql('select action from loket.access_log where object_id = %s', [task]),
                         [('task.patch',)])
        self.assertStatus(self.world.api('PATCH', f'/v1/tasks/{task}', 'gijs', {'state': 'done'}), 404)
        self.assertStatus(self.world.api('PATCH', f'/v1/tasks/{task}', 'anna', {'state': 'weg', 'due': 'morgen'}), 422)
        self.assertEqual(len(self.world.api('GET', f'/v1/tasks?case={case}&state=open', 'anna').json['items']), 2)
        self.assertEqual(self.world.api('GET', f'/v1/tasks?case={case}', 'gijs').json['items'], [])

    def test_cases(self):
        number = str(next(people))
        taken = self.take('Ik wil een huwelijksakte en een rijbewijs', wa_id=number)
        case = self.anna.case(taken['case']['id'])
        party, reference = case['citizen']['id'], case['reference']

        def ids(query):
            return [c['id'] for c in self.world.api('GET', '/v1/cases?' + query, 'anna').json['items']]
        for query in (f'party={party}', f'reference={reference}', f"product={case['product']}&municipality=dordrecht",
                      'state=assigned&channel=whatsapp', f"owner={case['owner']}", f"from={case['openedAt']}",
                      f'party={party}&state=assigned'):
            self.assertIn(case['id'], ids(query), query)
        for query in (f'party={party}&state=closed', f'reference={reference}&product=dordtpas', 'municipality=zwijndrecht',
                      f"to={case['openedAt']}", 'channel=phone',
                      f"reference={reference}&owner=01900000-0000-7000-8000-000000000002",
                      f"party={party}&owner=01900000-0000-7000-8000-000000000002"):
            self.assertNotIn(case['id'], ids(query), query)
        for query in ('state=half', 'party=x', 'from=gisteren', 'colour=blue', 'limit=0', 'limit=101', 'cursor=zz'):
            self.assertStatus(self.world.api('GET', '/v1/cases?' + query, 'anna'), 400)

    def test_pages(self):
        self.anna.offline()
        for _ in range(5):
            self.world.hook_whatsapp('Waar is het loket?', wa_id=str(next(people)))
        seen, cursor = [], ''
        while cursor is not None:
            page = self.world.api('GET', f'/v1/cases?state=queued&limit=2{cursor and "&cursor=" + cursor}', 'anna').json
            seen += [c['id'] for c in page['items']]
            cursor = page['next']
        self.assertEqual(len(seen), 5)
        self.assertEqual(seen, sorted(seen, reverse=True))

    def test_a_long_conversation(self):
        """P7: in the order of the provider's time, then arrival; the newest 200 first, then what came before."""
        taken = self.take()
        case = taken['case']['id']
        self.world.psql("""insert into loket.contact (id, municipality, inbox, channel, direction, kind, provider_id, provider_time,
                                                      received_at, case_id, party, text)
            select gen_random_uuid(), municipality, inbox, channel, 'in', 'text', 'lang' || n, now() + (1000 - n) * interval '1 s',
                   now() + n * interval '1 ms', id, party, n::text
              from loket.case_file, generate_series(1, 250) n where id = %s""", [case])
        page = self.world.api('GET', f'/v1/cases/{case}', 'anna').json
        self.assertEqual([c['text'] for c in page['contacts']], [str(n) for n in range(250, 50, -1)])
        self.assertTrue(page['moreContacts'])
        first = self.world.value("select id::text from loket.contact where provider_id = 'lang51'")
        rest = self.world.api('GET', f'/v1/cases/{case}?contactsBefore={first}', 'anna').json
        self.assertEqual([c['text'] for c in rest['contacts'][1:]], [str(n) for n in range(50, 0, -1)])     # [0]: the question
        self.assertFalse(rest['moreContacts'])
        self.assertStatus(self.world.api('GET', f'/v1/cases/{case}?contactsBefore=x', 'anna'), 400)

    def test_parties(self):
        number = str(next(people))
        taken = self.take(wa_id=number, name='Willemijn 100% Zeker')
        case = self.anna.case(taken['case']['id'])

        def search(body, who='anna', want=200):
            answer = self.world.api('POST', '/v1/parties/search', who, body)
            self.assertStatus(answer, want)
            return [p['id'] for p in answer.json.get('items', [])]
        party = case['citizen']['id']
        self.assertEqual(search({'address': {'kind': 'phone', 'value': '+' + number}}), [party])
        self.assertEqual(search({'address': {'value': '+' + number}}), [party])
        for typed in ('0' + number[2:], '00' + number, number, f'06 {number[3:7]}-{number[7:]}'):
            self.assertEqual(search({'address': {'kind': 'phone', 'value': typed}}), [party], typed)
        self.assertEqual(search({'reference': case['reference']}), [party])
        self.assertEqual(search({'reference': case['reference'].lower()}), [party])
        self.assertEqual(search({'name': 'WILLEMIJN', 'municipality': 'dordrecht'}), [party])
        self.assertEqual(search({'name': 'willemijn 100%', 'municipality': 'dordrecht'}), [party])
        self.assertEqual(search({'name': '_illemijn', 'municipality': 'dordrecht'}), [])
        self.assertEqual(search({'name': 'willemijn', 'municipality': 'dordrecht'}, 'gijs'), [])
        self.assertEqual(search({'address': {'value': '+' + number}}, 'gijs'), [])
        for body in ({}, {'name': 'wi', 'municipality': 'dordrecht'}, {'name': 'willemijn'},
                     {'name': 'willemijn', 'municipality': 'dordrecht', 'reference': 'x'}):
            search(body, want=422)
        whole = self.world.api('GET', f'/v1/parties/{party}', 'anna').json
        self.assertEqual((whole['name'], whole['cases'][0]['id']), ('Willemijn 100% Zeker', case['id']))
        self.assertStatus(self.world.api('GET', f'/v1/parties/{party}', 'gijs'), 404)

    def test_other_questions_of_the_same_person(self):
        number = str(next(people))
        taken = self.take('Ik wil trouwen, kan ik een rijbewijs aanvragen?', wa_id=number)
        party = self.anna.case(taken['case']['id'])['citizen']
        self.assertEqual(party['name'], 'Sanne de Vries')
        self.assertIn({'kind': 'phone', 'value': '+' + number}, party['addresses'])

    def test_patch(self):
        taken = self.take('Waar is het loket?')
        path = f"/v1/cases/{taken['case']['id']}"
        self.assertStatus(self.world.api('PATCH', path, 'anna', {'epoch': taken['epoch'], 'product': 'niets'}), 422)
        answer = self.world.api('PATCH', path, 'anna', {'epoch': taken['epoch'], 'product': 'dordtpas', 'language': 'en', 'formal': True})
        self.assertStatus(answer, 200)
        self.assertEqual((answer.json['product'], answer.json['language']), ('dordtpas', 'en'))
        self.assertIn('formal', answer.json['flags'])
        answer = self.world.api('PATCH', path, 'anna', {'epoch': taken['epoch'], 'formal': False})
        self.assertNotIn('formal', answer.json['flags'])

    def test_patch_of_what_waits_reaches_who_fits(self):
        self.anna.offline()
        self.world.hook_whatsapp('Mag ik mijn tante meenemen?', wa_id=str(next(people)))
        case = self.world.api('GET', '/v1/cases?state=queued', 'lead').json['items'][0]
        eva = self.world.agent('eva')
        self.assertStatus(self.world.api('PATCH', f"/v1/cases/{case['id']}", 'lead', {'epoch': 0, 'product': 'huwelijk'}), 200)
        daan = self.world.agent('daan')
        daan.ready()
        daan.events.none('offer.made', 0.3)
        daan.offline()
        eva.ready()
        self.assertEqual(eva.next_offer()['case']['product'], 'huwelijk')
        eva.offline()


if __name__ == '__main__':
    unittest.main(verbosity=2)
