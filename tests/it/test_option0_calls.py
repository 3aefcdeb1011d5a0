#!/usr/bin/env python3
"""On the telephone nobody is left without a person or a promise with a time: menus, 0, call-backs, closed days."""
import datetime
import json
import pathlib
import random
import sys
import time
import unittest
import zoneinfo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin import exchange  # noqa: E402
from test_menus import MENU  # noqa: E402

PHONE = 'dordrecht-phone'
WEEK = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
ALWAYS = {day: [['00:00', '24:00']] for day in WEEK} | {'holidays': False}
OFFICE = {day: [['09:00', '17:00']] for day in WEEK[:5]}
AMSTERDAM = zoneinfo.ZoneInfo('Europe/Amsterdam')


class Option0(world.LoketTest):
    config = 'calls { call_silent_minutes = 1 }\ndispatch { sweep_seconds = 1 }'
    menu = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.psql("update loket.agent set extension = '2' || right(id::text, 2)")
        cls.world.psql("update loket.inbox set settings = settings || %s where id = %s", [json.dumps({'menu': cls.menu}), PHONE])
        wait_until(cls.is_loaded, what='the menu')
        cls.anna, cls.carla = cls.world.agent('anna'), cls.world.agent('carla')

    @classmethod
    def is_loaded(cls):
        call = cls.ring('anonymous')
        do = call.post('ask')['do']
        call.post('ended')
        return do == ('menu' if cls.menu else 'wait')

    @classmethod
    def ring(cls, number=None):
        """A call: .post(event, …) tells of it; .number, .id."""
        number = number or f'+3161{random.randrange(10 ** 7):07d}'
        call = exchange.Call(f'{cls.world.url}/v1/hooks/{PHONE}', cls.world.secrets[PHONE], number)
        call.number, call.id = number, call.known['call']
        return call

    def tearDown(self):
        for agent in (self.anna, self.carla):
            agent.offline()
        self.world.psql("update loket.callback set state = 'cancelled', ended_at = now() where state = 'open'")
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'unreachable', closed_at = now(), owner = null "
                        "where state <> 'closed'")
        self.world.psql('delete from loket.offer')
        self.world.psql('delete from loket.wrapup')

    def hours(self, hours):
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', {
            'region': 'drechtsteden', 'name': 'Dordrecht', 'settings': {'hours': hours, 'callback': {'retry_minutes': [15]}}})
        self.assertEqual(answer.status, 200, answer)

    def row(self, call):
        """Of the call, its case and its newest promise."""
        found = self.world.psql(
            "select json_build_object('call', w.outcome, 'case', k.state, 'outcome', k.outcome, 'option0', k.option0, 'id', k.id, "
            "'owner', k.owner, 'arrived', k.arrived_at, 'promise', b.state, 'reason', b.reason, 'to', b.to_value, 'callback', b.id, "
            "'by', b.promised_at, 'from', b.not_before, 'asked', h.asked_by) "
            'from loket.contact c join loket.case_file k on k.id = c.case_id left join loket.call w on w.id = c.id '
            'left join loket.callback b on b.case_id = k.id left join loket.help_request h on h.case_id = k.id '
            'where c.provider_id = %s order by b.created_at desc limit 1', [call.id])
        return found[0][0]

    def offered(self, agent, call):
        """The offer of this call's case: the stream may still hold one of before."""
        case = self.row(call)['id']
        while True:
            offer = agent.next_offer()
            if offer['case']['id'] == case:
                return offer

    def tried(self, callback, taken, result):
        answer = self.world.api('POST', f'/v1/callbacks/{callback}/attempts', 'carla', {'result': result, 'epoch': taken['epoch']})
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def said(self, answer):
        return ' '.join(s['text'] for s in answer['say'])


class WithoutMenu(Option0):
    def test_no_coach_is_a_promise_that_is_kept(self):
        self.anna.ready()
        call = self.ring()
        call.post('ringing')
        arrived = self.row(call)['arrived']
        answer = call.post('key', key='0')
        self.assertEqual(answer['do'], 'end')
        self.assertRegex(self.said(answer), r'^Wij bellen u\. Dat is voor [0-9: -]+ uur\.$')
        call.post('ended')
        seen = self.row(call)
        self.assertEqual({k: seen[k] for k in ('call', 'promise', 'reason', 'to', 'option0', 'asked', 'arrived')},
                         {'call': 'promised', 'promise': 'open', 'reason': 'noCoach', 'to': call.number, 'option0': True, 'asked': 'key',
                          'arrived': arrived})
        self.carla.ready()
        offer = self.offered(self.carla, call)
        self.assertEqual(offer['offer']['callback']['id'], seen['callback'])
        taken = self.carla.accept(offer)
        self.tried(seen['callback'], taken, 'notReached')
        self.assertEqual({k: self.row(call)[k] for k in ('case', 'promise', 'call')},
                         {'case': 'scheduled', 'promise': 'open', 'call': 'promised'})
        self.world.psql('delete from loket.wrapup')
        self.world.psql("update loket.callback set not_before = now() where id = %s", [seen['callback']])
        taken = self.carla.accept(self.offered(self.carla, call))
        self.tried(seen['callback'], taken, 'reached')
        wait_until(lambda: self.row(call)['call'] == 'calledBack', what='the call is called back')
        self.assertEqual((self.row(call)['promise'], self.row(call)['arrived']), ('reached', arrived))
        self.carla.resolve(taken, 'solved', help={'outcome': 'doneTogether'})

    def test_hangs_up_while_waiting_for_a_coach(self):
        self.carla.ready()
        busy, call = self.ring(), self.ring()
        busy.post('ringing')
        self.carla.accept(self.offered(self.carla, busy))
        self.assertEqual(call.post('key', key='0')['do'], 'wait')
        call.post('ended')
        self.assertEqual({k: self.row(call)[k] for k in ('call', 'promise', 'reason', 'case')},
                         {'call': 'promised', 'promise': 'open', 'reason': 'abandoned', 'case': 'queued'})
        call.post('ended', id='again')
        self.assertEqual(self.world.value('select count(*) from loket.callback where case_id = %s', [self.row(call)['id']]), 1)

    def test_asks_to_be_called_back(self):
        call = self.ring()
        self.assertIn('Toets 1', self.said(call.post('ringing')))
        answer = call.post('key', key='1')
        self.assertEqual(answer['do'], 'end')
        self.assertIn('Wij bellen u', self.said(answer))
        call.post('ended')
        self.assertEqual({k: self.row(call)[k] for k in ('call', 'promise', 'reason', 'option0')},
                         {'call': 'promised', 'promise': 'open', 'reason': 'asked', 'option0': False})

    def test_a_hidden_number_waits_and_is_told(self):
        call = self.ring('anonymous')
        first = call.post('ringing')
        self.assertNotIn('Toets 1', self.said(first))
        self.assertIn('nummer niet', self.said(first))
        self.assertEqual(call.post('key', key='1')['do'], 'wait')
        self.assertEqual(call.post('key', key='0')['do'], 'wait')
        self.carla.ready()
        self.offered(self.carla, call)
        call.post('ended')
        self.assertEqual({k: self.row(call)[k] for k in ('call', 'promise', 'case')}, {'call': 'abandoned', 'promise': None,
                                                                                       'case': 'closed'})

    def test_abandon_and_return_keeps_the_place(self):
        call, between, again = self.ring(), self.ring(), None
        call.post('ringing')
        between.post('ringing')
        arrived = self.row(call)['arrived']
        call.post('ended')
        again = self.ring(call.number)
        self.anna.ready()       # not for who hung up, but for who came back
        answer = again.post('ringing')
        self.assertEqual((self.row(again)['id'], self.row(again)['arrived']), (self.row(call)['id'], arrived))
        self.assertIn(answer['do'], ('wait', 'connect'))

    def test_a_promise_outlives_another_call(self):
        """Who calls again waits with the others; who then hangs up is still called back, at the time they were told."""
        self.hours({day: [['09:00', '17:00']] for day in WEEK} | {'holidays': False, 'closed': [
            str(datetime.datetime.now(AMSTERDAM).date() + datetime.timedelta(days=d)) for d in (0, 1)]})
        call = self.ring()
        self.assertEqual(call.post('ringing')['do'], 'end')
        call.post('ended')
        before = self.row(call)
        self.assertEqual((before['case'], before['promise'], before['reason']), ('scheduled', 'open', 'closed'))
        self.anna.ready(['phone'])
        again = self.ring(call.number)
        self.assertEqual(again.post('ringing')['do'], 'wait')
        self.assertEqual(self.row(again)['id'], before['id'])
        self.offered(self.anna, again)
        again.post('ended')
        after = self.row(again)
        self.assertEqual((after['case'], after['promise'], after['by'], after['call']),
                         ('scheduled', 'open', before['by'], 'promised'))
        self.assertEqual(self.world.api('GET', '/v1/me', 'anna').json['offers'], [])
        self.hours(ALWAYS)

    def test_hangs_up_after_the_accept(self):
        self.anna.ready()
        call = self.ring()
        call.post('ringing')
        self.anna.accept(self.offered(self.anna, call))
        self.assertEqual(call.post('ask')['do'], 'connect')
        call.post('ended')
        self.assertEqual({k: self.row(call)[k] for k in ('call', 'case', 'owner', 'outcome')},
                         {'call': 'abandoned', 'case': 'closed', 'owner': None, 'outcome': 'unreachable'})
        other = self.ring()
        other.post('ringing')
        self.offered(self.anna, other)

    def test_hangs_up_after_the_coach_accepted(self):
        self.carla.ready()
        call = self.ring()
        call.post('key', key='0')
        self.carla.accept(self.offered(self.carla, call))
        call.post('ended')
        self.assertEqual({k: self.row(call)[k] for k in ('call', 'reason')}, {'call': 'promised', 'reason': 'abandoned'})
        self.assertEqual(self.offered(self.carla, call)['offer']['callback']['id'], self.row(call)['callback'])

    def test_0_after_somebody_else_accepted(self):
        self.anna.ready()
        call = self.ring()
        call.post('ringing')
        self.anna.accept(self.offered(self.anna, call))
        self.assertEqual(call.post('key', key='0')['do'], 'end')     # no coach is there
        self.assertEqual({k: self.row(call)[k] for k in ('owner', 'option0', 'reason')},
                         {'owner': None, 'option0': True, 'reason': 'noCoach'})

    def test_0_is_heard_of_after_the_end(self):
        call = self.ring()
        call.post('ringing')
        call.post('ended')
        self.assertEqual(self.row(call)['case'], 'closed')
        call.post('key', key='0', at='2020-01-01T00:00:00Z')
        self.assertEqual({k: self.row(call)[k] for k in ('call', 'case', 'promise', 'reason')},
                         {'call': 'promised', 'case': 'queued', 'promise': 'open', 'reason': 'abandoned'})

    def test_what_an_agent_works_on_stays_with_them(self):
        """A case that is not about this call alone."""
        self.anna.ready()
        call = self.ring()
        call.post('ringing')
        taken = self.anna.accept(self.offered(self.anna, call))
        call.post('answered', agent='201')
        call.post('ended')
        again = self.ring(call.number)
        again.post('ringing')
        again.post('ended')
        if self.row(again)['id'] == taken['case']['id']:
            self.assertEqual(self.row(again)['case'], 'assigned')
        self.anna.resolve(taken)


class WithMenu(Option0):
    menu = MENU | {'say': MENU['say'] | {'tr': 'Hoş geldiniz'}, 'choices': [
        {'key': '8', 'label': {'nl': 'Wij bellen u terug'}, 'callback': True},
        {'key': '9', 'label': {'nl': 'Turks', 'tr': 'Türkçe'}, 'language': 'tr'}, *MENU['choices']]}

    def test_through_the_menu_to_an_agent(self):
        self.anna.ready()
        call = self.ring()
        self.assertEqual(call.post('ringing')['do'], 'menu')
        time.sleep(1)
        self.assertEqual(self.world.api('GET', '/v1/me', 'anna').json['offers'], [])   # they have not chosen yet
        self.assertEqual(self.row(call)['case'], 'scheduled')
        self.assertEqual(call.post('key', key='1')['do'], 'wait')
        offer = self.offered(self.anna, call)
        self.assertEqual(offer['case']['product'], 'rijbewijs')
        taken = self.anna.accept(offer)
        answer = call.post('ask')
        self.assertEqual((answer['do'], answer['agent']), ('connect', '201'))
        call.post('answered', agent='201')
        call.post('ended')
        self.assertEqual((self.row(call)['call'], self.row(call)['case']), ('answered', 'assigned'))
        self.anna.resolve(taken)

    def test_how_it_is_done_digitally(self):
        """Who waits hears it, once; not about what people do, not who asked for help with that, nor in another language."""
        def heard(*keys):
            call = self.ring()
            call.post('ringing')
            answers = [call.post('key', key=key) for key in keys] + [call.post('ask')]
            call.post('ended')
            return sum(said['text'] == 'Dat kan op dordrecht.nl/rijbewijs.' for answer in answers for said in answer['say'])

        def set_up(**products):
            answer = self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {'products': products}})
            self.assertEqual(answer.status, 200, answer)
        digital = {'way': 'digital', 'answer': 'Dat kan op dordrecht.nl/rijbewijs.'}
        self.hours(ALWAYS)
        try:
            set_up(rijbewijs=digital)
            wait_until(lambda: heard('1') == 1, what='how it is done digitally')
            self.assertEqual([heard('1'), heard('0'), heard('9', '1')], [1, 0, 0])
            set_up(rijbewijs=digital | {'way': 'personal'})
            wait_until(lambda: heard('1') == 0, what='that it is done by people')
        finally:
            set_up()

    def test_0_during_the_prompt_is_for_a_coach(self):
        self.anna.ready()
        self.carla.ready()
        call = self.ring()
        call.post('ringing')
        self.assertEqual(call.post('key', key='0')['do'], 'wait')
        taken = self.carla.accept(self.offered(self.carla, call))
        answer = call.post('ask')
        self.assertEqual((answer['do'], answer['agent']), ('connect', '203'))
        call.post('answered', agent='203')
        call.post('ended')
        self.assertEqual((self.row(call)['call'], self.row(call)['promise']), ('answered', None))
        self.carla.resolve(taken, 'solved', help={'outcome': 'learnedIt'})

    def test_a_call_back_in_the_menu(self):
        call = self.ring()
        call.post('ringing')
        self.assertEqual(call.post('key', key='8')['do'], 'end')
        call.post('ended')
        self.assertEqual((self.row(call)['call'], self.row(call)['reason']), ('promised', 'asked'))

    def test_hangs_up_in_the_menu(self):
        call = self.ring()
        call.post('ringing')
        call.post('ended')
        self.assertEqual((self.row(call)['call'], self.row(call)['case']), ('abandoned', 'closed'))

    def test_the_language_of_the_menu(self):
        call = self.ring()
        call.post('ringing')
        self.assertEqual(call.post('key', key='9')['say'][0], {'language': 'tr', 'text': 'Hoş geldiniz'})
        self.assertEqual({s['language'] for s in call.post('key', key='1')['say']}, {'tr'})

    def test_nobody_stays_in_the_menu(self):
        call = self.ring()
        call.post('ringing')
        self.world.psql("update loket.call set heard_at = heard_at - interval '95 s' where provider_id = %s", [call.id])
        wait_until(lambda: self.row(call)['case'] == 'queued', what='they wait for a person')
        self.assertEqual(call.post('ask')['do'], 'wait')


class Koningsdag(Option0):
    """A Tuesday, ten in the morning, 2027."""
    now = datetime.datetime(2027, 4, 27, 10, 0, tzinfo=AMSTERDAM)

    @classmethod
    def is_loaded(cls):
        return True

    @classmethod
    def make_world(cls):
        w = super().make_world()
        w.set_clock(cls.now)
        return w

    def test_closed(self):
        self.hours(OFFICE)
        call = self.ring()
        answer = call.post('ringing')
        self.assertEqual(answer['do'], 'end')
        self.assertEqual(self.said(answer), 'Wij zijn nu gesloten. Wij zijn er weer vanaf 28-04-2027 09:00 uur. '
                                            'Wij bellen u. Dat is voor 29-04-2027 09:00 uur.')
        call.post('ended')
        seen = self.row(call)
        self.assertEqual((seen['call'], seen['case'], seen['reason'], seen['promise']), ('promised', 'scheduled', 'closed', 'open'))
        self.assertEqual(datetime.datetime.fromisoformat(seen['from']), datetime.datetime(2027, 4, 28, 9, tzinfo=AMSTERDAM))

    def test_closed_for_a_hidden_number(self):
        self.hours(OFFICE)
        call = self.ring('anonymous')
        answer = call.post('ringing')
        self.assertEqual(answer['do'], 'end')
        self.assertIn('vanaf 28-04-2027 09:00 uur', self.said(answer))
        self.assertIn('nummer niet', self.said(answer))
        call.post('ended')
        self.assertEqual((self.row(call)['call'], self.row(call)['case']), ('abandoned', 'closed'))

    def test_people_who_are_there_all_the_same(self):
        self.hours(OFFICE)
        self.anna.ready()
        call = self.ring()
        self.assertEqual(call.post('ringing')['do'], 'wait')
        self.offered(self.anna, call)
        self.assertEqual(call.post('key', key='0')['do'], 'end')     # no coach is


del Option0                     # only what is below it runs

if __name__ == '__main__':
    unittest.main(verbosity=2)
