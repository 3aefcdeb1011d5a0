#!/usr/bin/env python3
"""Promises to call back: made, kept, tried again, respected by opening hours, never lost."""
import datetime
import itertools
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

people = itertools.count(31620400001)
ALWAYS = {day: [['00:00', '24:00']] for day in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')} | {'holidays': False}


def moment(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def later(**how):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**how)).strftime('%Y-%m-%dT%H:%M:%SZ')


class CallbackTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.world.agent('anna')

    def setUp(self):
        self.settings(hours=ALWAYS)
        self.anna.ready()

    def tearDown(self):
        self.anna.offline()
        self.world.psql("update loket.callback set state = 'cancelled', ended_at = now() where state = 'open'")
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'unreachable', closed_at = now(), owner = null "
                        "where state <> 'closed'")

    def settings(self, **settings):
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin',
                                {'region': 'drechtsteden', 'name': 'Dordrecht', 'settings': settings})
        self.assertEqual(answer.status, 200, answer)

    def take(self):
        """A citizen writes, Anna has the case."""
        self.wa_id = str(next(people))
        self.world.hook_whatsapp('Hoe vraag ik een rijbewijs aan?', wa_id=self.wa_id)
        return self.anna.accept(self.anna.next_offer())

    def promise(self, taken, want=201, **body):
        answer = self.world.api('POST', f"/v1/cases/{taken['case']['id']}/callbacks", 'anna', {'epoch': taken['epoch'], **body})
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def tried(self, callback, taken, result, want=200):
        answer = self.world.api('POST', f'/v1/callbacks/{callback}/attempts', 'anna', {'result': result, 'epoch': taken['epoch']})
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def comes(self, case):
        """The moment comes."""
        self.world.psql("update loket.callback set not_before = clock_timestamp() where case_id = %s and state = 'open'", [case])

    def row(self, case):
        return self.world.psql('select c.state, k.state, k.attempts, c.owner is null, k.due from loket.case_file c left join '
                               'loket.callback k on k.case_id = c.id where c.id = %s', [case])[0]

    def balance(self):
        ledger = self.world.api('GET', '/v1/ledger', 'lead').json
        self.assertTrue(ledger['balanced'], ledger)
        return ledger


class Kept(CallbackTest):
    def test_offered_when_due_with_its_first_arrival(self):
        taken = self.take()
        case = taken['case']['id']
        arrived = self.anna.case(case)['arrivedAt']
        made = self.promise(taken, window={'from': later(hours=1), 'until': later(hours=2)})
        self.assertEqual((made['case']['state'], made['callback']['to']), ('scheduled', {'kind': 'phone', 'value': '+' + self.wa_id}))
        self.assertEqual(self.balance()['open'], 1)
        self.assertEqual([c['id'] for c in self.world.api('GET', '/v1/cases?state=scheduled', 'lead').json['items']], [case])
        self.anna.ready()
        time.sleep(1.2)         # two ticks
        self.assertEqual(self.row(case)[0], 'scheduled')
        self.assertEqual(self.world.api('GET', '/v1/me', 'anna').json['offers'], [])
        self.comes(case)
        made_offer = self.anna.next_offer()
        self.assertEqual(made_offer['offer']['callback'], {'id': made['callback']['id'], 'attempts': 0,
                                                           'promisedAt': made['callback']['promisedAt']})
        self.assertNotIn(self.wa_id, str(made_offer))
        offer = self.world.api('GET', '/v1/me', 'anna').json['offers'][0]
        self.assertEqual(offer['callback'], {'id': made['callback']['id'], 'attempts': 0,
                                             'promisedAt': made['callback']['promisedAt']})
        self.assertNotIn(self.wa_id, str(offer))
        self.assertEqual(moment(offer['case']['arrivedAt']), moment(arrived))
        self.assertLessEqual(moment(offer['case']['dueAt']), moment(made['callback']['promisedAt']))
        again = self.anna.accept(made_offer)
        self.assertEqual(self.anna.case(case)['callback']['to']['value'], '+' + self.wa_id)
        done = self.tried(made['callback']['id'], again, 'reached')
        self.assertEqual((done['case']['state'], done['callback']['state'], done['callback']['attempts']), ('assigned', 'reached', 1))
        self.assertNotIn('promisedAt', self.anna.case(case))
        self.tried(made['callback']['id'], again, 'reached', want=409)
        self.anna.resolve(again)
        self.balance()

    def test_as_soon_as_possible_waits_in_the_queue(self):
        taken = self.take()
        made = self.promise(taken)
        self.assertEqual(made['case']['state'], 'queued')
        self.anna.ready()
        self.assertEqual(self.anna.next_offer()['offer']['callback']['id'], made['callback']['id'])

    def test_not_reached_is_tried_again_by_rule(self):
        self.settings(hours=ALWAYS, callback={'retry_minutes': [15, 120]})
        taken = self.take()
        case = taken['case']['id']
        callback = self.promise(taken, at=later(hours=1))['callback']['id']
        for attempt, minutes in ((1, 15), (2, 120)):
            self.anna.ready()
            self.comes(case)
            taken = self.anna.accept(self.anna.next_offer())
            tried = self.tried(callback, taken, 'notReached' if attempt == 1 else 'voicemail')
            self.assertEqual((tried['case']['state'], tried['callback']['attempts']), ('scheduled', attempt))
            wait = moment(tried['callback']['notBefore']) - datetime.datetime.now(datetime.timezone.utc)
            self.assertAlmostEqual(wait.total_seconds(), 60 * minutes, delta=30)
            self.assertEqual(self.balance()['open'], 1)
        self.anna.ready()
        self.comes(case)
        taken = self.anna.accept(self.anna.next_offer())
        last = self.tried(callback, taken, 'notReached')
        self.assertEqual((last['case']['state'], last['callback']['state'], last['callback']['attempts']), ('assigned', 'unreachable', 3))
        self.anna.resolve(taken, 'unreachable')

    def test_wrong_number_stays_with_the_agent_who_may_promise_anew(self):
        taken = self.take()
        first = self.promise(taken)['callback']['id']
        self.anna.ready()
        taken = self.anna.accept(self.anna.next_offer())
        self.assertEqual(self.tried(first, taken, 'wrongNumber')['callback']['state'], 'unreachable')
        made = self.promise(taken, address={'kind': 'phone', 'value': '078 770 1234'}, at=later(hours=3))
        self.assertNotEqual(made['callback']['id'], first)
        self.assertEqual(made['callback']['to']['value'], '+31787701234')


class Refused(CallbackTest):
    def test_bad_fields_rules_and_epochs(self):
        taken = self.take()
        answer = self.promise(taken, want=422, at=later(hours=-1), address={'kind': 'email', 'value': 'x'})
        self.assertEqual({e['name'] for e in answer['errors']}, {'at', 'address.kind', 'address.value'})
        answer = self.promise(taken, want=422, window={'from': later(hours=2), 'until': later(hours=1)})
        self.assertEqual({e['name'] for e in answer['errors']}, {'window.until'})
        self.promise(taken, want=422, at=later(days=61))
        self.promise({**taken, 'epoch': taken['epoch'] + 1}, want=409)
        self.assertEqual(self.row(taken['case']['id'])[:2], ('assigned', None))

    def test_closed_day_and_outside_hours(self):
        self.settings(hours={'mon': [['09:00', '17:00']]})
        taken = self.take()
        monday = datetime.date.today() + datetime.timedelta(days=7 - datetime.date.today().weekday())
        while monday.strftime('%m-%d') in ('12-25', '12-26', '01-01', '04-26', '04-27', '05-05'):
            monday += datetime.timedelta(days=7)
        answer = self.promise(taken, want=422, at=f'{monday}T03:00:00Z')
        self.assertEqual(answer['rule'], 'outsideHours')
        self.assertIn(f'{monday}T0', answer['detail'])          # 07:00 or 08:00 UTC
        self.settings(hours={**ALWAYS, 'closed': [str(monday)]})
        answer = self.promise(taken, want=422, at=f'{monday}T12:00:00Z')
        self.assertEqual(answer['rule'], 'outsideHours')
        self.settings(hours=ALWAYS)
        self.promise(taken, at=f'{monday}T12:00:00Z')

    def test_settings_name_every_bad_field(self):
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', {
            'region': 'drechtsteden', 'name': 'Dordrecht', 'settings': {'hours': {'mon': 'altijd', 'closed': ['morgen'], 'vrij': 1},
                                                                         'callback': {'retry_minutes': [0]}}})
        self.assertEqual(answer.status, 422)
        self.assertEqual({e['name'] for e in answer.json['errors']}, {
            'settings.hours.mon', 'settings.hours.closed[0]', 'settings.hours.vrij', 'settings.callback.retry_minutes'})


class Meanwhile(CallbackTest):
    def test_citizen_writes_and_need_not_wait(self):
        taken = self.take()
        case = taken['case']['id']
        made = self.promise(taken, at=later(hours=5))
        self.anna.ready()
        self.world.hook_whatsapp('Laat maar, ik app liever', wa_id=self.wa_id)
        offer = self.anna.next_offer()
        self.assertEqual((offer['case']['id'], offer['offer']['callback']['id']), (case, made['callback']['id']))
        self.assertEqual(self.row(case)[:2], ('offered', 'open'))
        self.assertIn(('contact', 'no need to wait'), [(h['event'], h['why'][-15:]) for h in self.anna.case(case)['history']
                                                       if 'why' in h])
        taken = self.anna.accept(offer)
        self.comes(case)                    # nothing: it is in somebody's hands
        wait_until(lambda: self.row(case)[4], what='the promise is due')
        self.assertEqual(self.row(case)[0], 'assigned')
        self.anna.resolve(taken)
        self.assertEqual(self.row(case)[:2], ('closed', 'cancelled'))
        self.balance()

    def test_lead_resolves_what_needs_no_call(self):
        taken = self.take()
        case = taken['case']['id']
        self.promise(taken, at=later(hours=5))
        epoch = self.world.value('select epoch from loket.case_file where id = %s', [case])
        answer = self.world.api('POST', f'/v1/cases/{case}/resolve', 'lead', {'outcome': 'solved', 'epoch': epoch})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.row(case)[:2], ('closed', 'cancelled'))

    def test_killed_in_between(self):
        taken = self.take()
        case = taken['case']['id']
        self.promise(taken, at=later(hours=5))
        self.world.kill9()
        self.assertEqual(self.row(case)[:2], ('scheduled', 'open'))
        self.comes(case)
        self.world.start()
        type(self).anna = self.world.agent('anna')      # her stream ended
        self.anna.ready()
        taken = self.anna.accept(self.anna.next_offer(timeout=20))
        self.assertEqual(taken['case']['id'], case)
        self.balance()


if __name__ == '__main__':
    world.main()
