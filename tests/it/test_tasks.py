#!/usr/bin/env python3
"""Promises to a citizen: to a department, group or person; reminded, late, handed on, tried, put off by law, and kept."""
import datetime
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dispatch_world  # noqa: E402
import world  # noqa: E402
from dispatch_world import wait_until  # noqa: E402
from servers import at_once  # noqa: E402

DUE = '2099-06-02T12:00:00Z'


class TaskTest(dispatch_world.DispatchTest):
    def setUp(self):
        super().setUp()
        self.anna = self.person('anna')
        self.phone = '3161' + str(uuid.uuid4().int)[:7]

    def tearDown(self):
        super().tearDown()
        self.world.psql("update loket.task set state = 'cancelled', done_at = now() where state = 'open'")

    @classmethod
    def set_hours(cls, hours):
        now = cls.world.api('GET', '/v1/municipalities/dordrecht', 'admin').json
        body = {'region': now['region'], 'name': now['name'], 'settings': now['settings'] | {'hours': hours}}
        assert cls.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', body).status == 200
        return now['settings'].get('hours')

    def take(self, text='Ik wil mijn rijbewijs verlengen'):
        self.world.hook_whatsapp(text, wa_id=self.phone)
        return self.anna.accept(self.anna.events.wait('offer.made'))

    def make(self, taken, want=201, **more):
        body = {'department': 'Burgerzaken', 'action': 'Uitzoeken', 'due': DUE, 'epoch': taken['epoch']} | more
        answer = self.world.api('POST', f"/v1/cases/{taken['case']['id']}/tasks", 'anna', body)
        self.assertEqual(answer.status, want, answer)
        return answer.json['task'] if want == 201 else answer.json

    def patch(self, task, want=200, token='lead', **body):
        answer = self.world.api('PATCH', f"/v1/tasks/{task['id']}", token, body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def promised(self, *tasks, **more):
        """A case that Anna closed with a promise."""
        taken = self.take()
        made = [self.make(taken, **t) for t in tasks or [{}]]
        self.anna.resolve(taken, 'promised')
        return taken['case']['id'], made

    def events(self, task):
        return [e['kind'] for e in self.world.api('GET', f"/v1/tasks/{task['id']}", 'lead').json['events']]

    def row(self, case):
        return self.world.psql('select state, outcome from loket.case_file where id = %s', [case])[0]

    def listed(self, **query):
        text = '&'.join(f'{k}={v}' for k, v in query.items())
        return [t['id'] for t in self.world.api('GET', f'/v1/tasks?limit=100&{text}', 'lead').json['items']]


class Made(TaskTest):
    def test_to_whom(self):
        taken, bram = self.take(), self.agent_id('bram')
        task = self.make(taken, kind='callback', team='kcc', owner=bram, note='na 17 uur')
        self.assertEqual((task['kind'], task['team'], task['owner'], task['attempts'], task['late']), ('callback', 'kcc', bram, 0, False))
        self.assertLess(task['remindAt'], task['due'])
        self.assertIn(task['id'], self.listed(owner=bram))
        self.assertIn(task['id'], self.listed(team='kcc'))
        self.assertNotIn(task['id'], self.listed(team='iets-anders'))
        wrong = self.make(taken, 422, team='bestaat-niet', owner=str(uuid.uuid4()), remindAt='2099-07-01T00:00:00Z', due='2001-01-01')
        self.assertEqual({e['name'] for e in wrong['errors']}, {'team', 'due', 'owner', 'remindAt'})
        seen = self.world.api('GET', f"/v1/cases/{taken['case']['id']}", 'anna').json['tasks'][0]
        self.assertEqual((seen['id'], seen['team'], seen['late']), (task['id'], 'kcc', False))

    def test_in_working_hours(self):
        taken = self.take()
        before = self.set_hours({day: [['09:00', '12:00'], ['13:00', '17:00']] for day in ('mon', 'tue', 'wed', 'thu', 'fri')})
        self.addCleanup(self.set_hours, before)
        wait_until(lambda: self.make(taken, due='2099-06-03')['due'] == '2099-06-03T15:00:00.000Z', 10, 'the hours')
        self.assertEqual(self.make(taken, due='2099-06-01')['due'], '2099-05-29T15:00:00.000Z')     # Whit Monday: the Friday before
        for said in ('P2D', 'PT4H'):
            due = datetime.datetime.fromisoformat(self.make(taken, due=said)['due'].replace('Z', '+00:00'))
            self.assertLess(due.weekday(), 5)
        self.assertEqual([e['name'] for e in self.make(taken, 422, due='P2W')['errors']], ['due'])

    def test_twice_is_once(self):
        taken = self.take()
        made = [self.world.api('POST', f"/v1/cases/{taken['case']['id']}/tasks", 'anna', {
            'department': 'Burgerzaken', 'action': 'Bellen', 'due': DUE, 'epoch': taken['epoch']}, {'Idempotency-Key': 'een-taak'}).json['task']
            for _ in range(2)]
        self.assertEqual(made[0], made[1])
        self.assertEqual(self.events(made[0]), ['made'])


class HandedOn(TaskTest):
    def test_taken_and_handed_on(self):
        _, (task,) = self.promised()
        anna, bram = self.agent_id('anna'), self.agent_id('bram')
        self.assertEqual(self.patch(task, token='anna', owner=anna)['owner'], anna)
        self.patch(task, 409, token='bram', owner=bram)
        self.assertEqual(self.patch(task, token='anna', owner=bram)['owner'], bram)
        moved = self.patch(task, token='lead', department='Parkeren')
        self.assertEqual((moved['department'], 'owner' in moved), ('Parkeren', False))
        self.assertEqual(self.patch(task, token='lead', team='kcc')['team'], 'kcc')
        self.assertEqual(self.events(task), ['made', 'taken', 'handed', 'handed', 'handed'])
        self.patch(task, 422, owner=self.agent_id('gijs') if self.world.value("select count(*) from loket.agent where lower(name) = 'gijs'")
                   else str(uuid.uuid4()))

    def test_two_take_it_at_once(self):
        _, (task,) = self.promised()
        statuses = at_once([lambda n=n: self.world.api('PATCH', f"/v1/tasks/{task['id']}", n, {'owner': self.agent_id(n)}).status
                            for n in ['anna', 'bram'] * 4])
        self.assertEqual(set(statuses), {200, 409})
        self.assertEqual(len({e['agent'] for e in self.world.api('GET', f"/v1/tasks/{task['id']}", 'lead').json['events'] if e['kind'] == 'taken'}), 1)

    def test_attempts(self):
        _, (task,) = self.promised({'kind': 'callback'})
        tried = lambda result, want=200, **more: self.world.api('POST', f"/v1/tasks/{task['id']}/attempts", 'bram', {'result': result, **more})  # noqa: E731
        first = tried('voicemail', note='ingesproken').json
        self.assertEqual((first['attempts'], first['lastResult']), (1, 'voicemail'))
        self.assertGreater(first['remindAt'], datetime.datetime.utcnow().strftime('%Y-%m-%dT%H:%M:%SZ'))
        for n in range(2, 6):
            again = tried('notReached').json
            self.assertEqual(again['attempts'], n)
        self.assertEqual(tried('reached').json['state'], 'open')
        self.assertEqual(tried('weg').status, 422)
        detail = self.world.api('GET', f"/v1/tasks/{task['id']}", 'lead').json['events'][1]['detail']
        self.assertEqual(detail, {'result': 'voicemail', 'note': 'ingesproken'})
        self.patch(task, state='done')
        self.assertEqual(tried('reached').status, 409)


class Late(TaskTest):
    def test_reminded_and_late(self):
        bram = self.person('bram')
        _, (task, other) = self.promised({'owner': self.agent_id('bram')}, {})
        self.world.psql("update loket.task set look_at = now() where id = %s", [task['id']])
        told = bram.events.wait('task.changed', lambda d: d['task']['id'] == task['id'] and d['event'] == 'reminded')
        self.assertEqual((told['task']['late'], 'action' in told['task']), (False, False))
        self.assertEqual(self.listed(late='true'), [])
        self.world.psql("update loket.task set due = now() - interval '1 minute', look_at = null where id = %s", [task['id']])
        self.assertTrue(bram.events.wait('task.changed', lambda d: d['task']['id'] == task['id'] and d['event'] == 'late')['task']['late'])
        self.assertEqual((self.listed(late='true'), self.listed(late='false', state='open')[:1]), ([task['id']], [other['id']]))
        self.assertEqual(self.listed(state='open')[0], task['id'])          # what is late comes first
        self.assertEqual(self.events(task), ['made', 'reminded', 'late'])
        self.patch(task, due='2099-06-02T12:00:00Z')
        self.assertEqual(self.listed(late='true'), [])
        self.patch(task, state='done')
        self.world.psql("update loket.task set due = now() - interval '1 minute' where id = %s", [task['id']])
        self.assertEqual(self.listed(late='true'), [])

    def test_metrics(self):
        _, (task,) = self.promised()
        self.world.psql("update loket.task set due = now() - interval '1 minute', look_at = null where id = %s", [task['id']])
        late = self.world.value("select count(*) from loket.task where state = 'open' and due < now()")
        wait_until(lambda: f'loket_tasks_late {late}\n' in self.world.api('GET', '/metrics', None).body.decode(), 40, 'the figure')


class Law(TaskTest):
    def extend(self, task, want=200, **body):
        answer = self.world.api('POST', f"/v1/tasks/{task['id']}/extension", 'lead', {'reason': 'Meer tijd nodig.'} | body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def test_complaint(self):
        taken = self.take()
        task = self.make(taken, due='P2D', term={'kind': 'complaint', 'from': '2098-11-03'})
        self.assertEqual(task['term'], {'kind': 'complaint', 'from': '2098-11-03', 'until': '2098-12-15'})
        self.assertEqual(self.extend(task, weeks=4)['term'], {'kind': 'complaint', 'from': '2098-11-03', 'until': '2099-01-12', 'weeks': 4,
                                                             'reason': 'Meer tijd nodig.'})
        self.assertEqual(self.extend(task, 422, weeks=1)['rule'], 'termNeedsConsent')
        self.assertEqual(self.extend(task, weeks=1, consent=True)['term']['until'], '2099-01-19')
        self.assertEqual(self.events(task), ['made', 'extended', 'extended'])
        self.assertEqual([e['name'] for e in self.patch(task, 422, due='2099-03-01')['errors']], ['due'])

    def said(self, case):
        wait_until(lambda: not self.world.value("select count(*) from loket.automatic where state = 'queued'"), 20, 'what is said')
        return [t for t, in self.world.psql("select text from loket.contact where case_id = %s and direction = 'out' order by id", [case])]

    def test_the_citizen_is_told_of_more_time(self):
        taken = self.take()
        task = self.make(taken, due='P2D', term={'kind': 'complaint', 'from': '2098-11-03'})
        self.extend(task, weeks=4, reason='Wij wachten op de commissie. Uw BSN is 111222333.')
        text, = self.said(taken['case']['id'])
        self.assertTrue(text.startswith('Wij hebben meer tijd nodig. U krijgt antwoord uiterlijk op 12-01-2099. De reden: Wij wachten'), text)
        self.assertNotIn('111222333', text)
        wait_until(lambda: [r for r in self.world.standin.received if r['message'].get('text', {}).get('body') == text], 20, 'it is sent')
        self.world.psql("update loket.case_file set option0 = true where id = %s", [taken['case']['id']])
        self.extend(task, weeks=1, consent=True)                # also to who asked for help by a person: the law says so
        self.assertIn('19-01-2099', self.said(taken['case']['id'])[1])

    def test_rules(self):
        taken = self.take()
        woo = self.make(taken, due='P1D', term={'kind': 'woo'})
        self.assertEqual(self.extend(woo, 422, weeks=3, consent=True)['rule'], 'termTooLong')
        self.assertEqual([e['name'] for e in self.make(taken, 422, due=DUE, term={'kind': 'woo'})['errors']], ['due'])
        self.extend(self.make(taken), 409, weeks=1)             # it has none
        old = self.make(taken, 422, due='P1D', term={'kind': 'woo', 'from': '2026-01-05'})
        self.assertEqual([e['name'] for e in old['errors']], ['due'])
        self.world.psql("update loket.task set term = jsonb_set(term, '{from}', '\"2026-01-05\"') where id = %s", [woo['id']])
        self.assertEqual(self.extend(woo, 422, weeks=1)['rule'], 'termOver')

    def test_it_is_over(self):
        taken = self.take()
        task = self.make(taken, due='P1D', term={'kind': 'decision'})
        self.world.psql("update loket.task set due = now() - interval '1 day', term_until = now() - interval '1 hour', look_at = null "
                        'where id = %s', [task['id']])
        wait_until(lambda: self.events(task) == ['made', 'termOver'], 20, 'the end of the term')
        self.assertTrue(self.world.api('GET', f"/v1/tasks/{task['id']}", 'lead').json['late'])


class Kept(TaskTest):
    def said(self, case):
        return self.world.psql("select text, agent::text, delivery from loket.contact where case_id = %s and direction = 'out'", [case])

    def test_the_citizen_is_told(self):
        case, (task,) = self.promised()
        done = self.patch(task, token='anna', state='done', answer={'text': 'Uw rijbewijs ligt klaar.', 'send': True})
        self.assertEqual((done['state'], done['citizen'], done['answer']), ('done', 'told', 'Uw rijbewijs ligt klaar.'))
        self.assertEqual(self.row(case), ('closed', 'solved'))
        self.assertEqual(self.said(case)[0][:2], ('Uw rijbewijs ligt klaar.', self.agent_id('anna')))
        wait_until(lambda: self.said(case)[0][2] in ('sent', 'delivered', 'read'), 20, 'the message to go')
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'lead').json['balanced'])

    def test_an_agent_tells_them(self):
        """no answer to send, one that cannot be sent, and a promise that is dropped"""
        for body, why in (({'state': 'done'}, None), ({'state': 'cancelled'}, None), ({'state': 'done', 'answer': {'text': 'Ja.'}}, None),
                          ({'state': 'done', 'answer': {'text': 'Ja.', 'send': True}}, 'windowClosed')):
            with self.subTest(body):
                case, (task,) = self.promised()
                if why:
                    self.world.psql("update loket.contact set received_at = now() - interval '2 days', provider_time = now() - interval '2 days' "
                                    'where case_id = %s', [case])
                done = self.patch(task, **body)
                self.assertEqual((done['citizen'], done.get('citizenWhy')), ('agent', why))
                again = self.anna.accept(self.anna.events.wait('offer.made', lambda d: d['case']['id'] == case))
                self.assertEqual(self.said(case), [])
                self.assertEqual(again['case']['tasks'][0].get('answer') if 'tasks' in again['case'] else body.get('answer', {}).get('text'),
                                 body.get('answer', {}).get('text'))
                self.anna.resolve(again)
                self.assertTrue(self.world.api('GET', '/v1/ledger', 'lead').json['balanced'])

    def test_the_last_of_two(self):
        case, (one, two) = self.promised({}, {'department': 'Parkeren'})
        self.assertNotIn('citizen', self.patch(one, state='done'))
        self.assertEqual(self.row(case), ('closed', 'promised'))
        self.assertEqual(self.patch(two, state='done')['citizen'], 'agent')
        self.assertEqual(self.world.value('select reopened from loket.case_file where id = %s', [case]), 0)

    def test_the_citizen_hears_all_answers(self):
        """of two departments, in the order in which they came; when one of them is not to be sent, an agent tells both"""
        def answers(*sends):
            case, tasks = self.promised(*[{'department': f'Afdeling {n}'} for n in range(len(sends))])
            told = [self.patch(t, state='done', answer={'text': f'Antwoord {n}.'} | ({'send': True} if send else {})).get('citizen')
                    for n, (t, send) in enumerate(zip(tasks, sends))]
            return case, told

        def heard(case):
            return [text for text, *_ in self.said(case)]
        case, told = answers(True, True, True)
        self.assertEqual((told, heard(case)), ([None, None, 'told'], ['Antwoord 0.\n\nAntwoord 1.\n\nAntwoord 2.']))
        self.assertEqual(self.row(case), ('closed', 'solved'))
        for sends in ((False, True), (True, False)):
            again, told = answers(*sends)                       # the same person: the same case, and nothing twice
            self.assertEqual((again, told, len(heard(case))), (case, [None, 'agent'], 1))
            taken = self.anna.accept(self.anna.events.wait('offer.made', lambda d, case=case: d['case']['id'] == case))
            self.assertEqual([t['answer'] for t in self.anna.case(case)['tasks']][-2:], ['Antwoord 0.', 'Antwoord 1.'])
            self.anna.resolve(taken)
        # a promise that was kept before the case was closed is not told again
        taken = self.take()
        first, last = self.make(taken), self.make(taken)
        self.patch(first, state='done', answer={'text': 'Aan de telefoon gezegd.', 'send': True})
        self.anna.resolve(taken, 'promised')
        self.assertEqual(self.patch(last, state='done', answer={'text': 'Klaar.', 'send': True})['citizen'], 'told')
        self.assertEqual(heard(case)[1:], ['Klaar.'])

    def test_two_at_once(self):
        for _ in range(5):
            case, tasks = self.promised({}, {})
            answers = at_once([lambda t=t: self.patch(t, state='done', token='lead') for t in tasks])
            self.assertEqual(sorted(a.get('citizen', '-') for a in answers), ['-', 'agent'])
            taken = self.anna.accept(self.anna.events.wait('offer.made', lambda d: d['case']['id'] == case))
            self.anna.resolve(taken)

    def test_somebody_has_the_case(self):
        taken = self.take()
        task = self.make(taken)
        done = self.patch(task, state='done', answer={'text': 'Ja.', 'send': True})
        self.assertNotIn('citizen', done)
        self.assertEqual(self.row(taken['case']['id'])[0], 'assigned')
        self.assertEqual(self.said(taken['case']['id']), [])
        self.assertEqual(self.patch(task, state='open')['state'], 'open')
        self.assertEqual(self.events(task), ['made', 'done', 'reopened'])


if __name__ == '__main__':
    world.main()
