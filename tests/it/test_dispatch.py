#!/usr/bin/env python3
"""Who is asked, who is not and why; answers to offers; what happens when nobody answers."""
import functools
import threading
import time

from dispatch_world import DispatchTest, wait_until, world
from servers import at_once


class Offers(DispatchTest):
    def test_reaches_who_fits(self):
        """product, municipality, language and channel must fit; each who does not is left out with the reason"""
        people = {name: self.person(name) for name in ('bram', 'daan', 'gijs', 'kees', 'oksana')}
        case = self.waits(product='parkeervergunning', language='nl')
        # the only two who can: which of them was longer idle is not said here
        offer = wait_until(lambda: people['daan'].offer_within(0.1) or people['oksana'].offer_within(0.1), what='an offer')
        self.assertEqual(offer['case']['id'], case)
        self.assertEqual(offer['case']['product'], 'parkeervergunning')
        self.assertEqual(self.state(case), 'offered')
        decision = self.routing(case)[0]
        why = {left['agent']: left['why'] for left in decision['leftOut']}
        self.assertEqual(why[self.agent_id('bram')], 'noProduct')
        self.assertEqual(why[self.agent_id('gijs')], 'noMunicipality')
        self.assertEqual(why[self.agent_id('kees')], 'noProduct')
        self.assertEqual(why[self.agent_id('anna')], 'notReady')
        self.assertEqual(decision['rule'], 'longestIdle')
        self.assertEqual(decision['policy'], 'skills-fifo')
        self.assertIn(decision['chosen'], [self.agent_id('daan'), self.agent_id('oksana')])
        self.assertEqual({c['agent'] for c in decision['candidates']}, {self.agent_id('daan'), self.agent_id('oksana')})
        self.assertEqual(decision['candidates'][0]['agent'], decision['chosen'])

    def test_language_and_channel(self):
        bram, eva = self.person('bram'), self.person('eva', channels=['phone'])
        case = self.waits(product='afspraak', language='de', channel='whatsapp')
        bram.events.none('offer.made', 2.5)
        eva.events.none('offer.made', 0.1)
        decision = self.routing(case)[-1]
        why = {left['agent']: left['why'] for left in decision['leftOut']}
        self.assertEqual(decision['chosen'], None)
        self.assertEqual(decision['rule'], 'nobodyHasSkill')
        self.assertEqual((why[self.agent_id('bram')], why[self.agent_id('eva')]), ('noLanguage', 'noChannel'))
        eva.ready()                          # now on all her channels
        self.assertEqual(eva.next_offer()['case']['id'], case)

    def test_room(self):
        """three WhatsApp conversations at once, four cases in all; a slot that comes free is used at once"""
        bram = self.person('bram')
        cases = {self.waits(due=100 + i) for i in range(6)} | {self.waits(channel='webform', due=1000)}
        taken = []
        for _ in range(4):
            taken.append(bram.accept(bram.next_offer()))
        channels = sorted(t['case']['channel'] for t in taken)
        self.assertEqual(channels, ['webform', 'whatsapp', 'whatsapp', 'whatsapp'])
        bram.events.none('offer.made', 1)
        self.assertEqual(self.routing((cases - {t['case']['id'] for t in taken}).pop())[-1]['rule'], 'nobodyFree')
        times = []
        for done in [t for t in taken if t['case']['channel'] == 'whatsapp']:
            began = time.monotonic()
            bram.resolve(done)
            bram.accept(bram.next_offer())
            times.append(time.monotonic() - began)
        self.assertLess(min(times), 0.7)     # the sweep, once a second, would be later

    def test_queue_changed_is_told(self):
        lead = self.world.events('lead')
        self.waits(municipality='sliedrecht')
        lead.wait('queue.changed', lambda d: d['municipality'] == 'sliedrecht', 5)
        lead.close()

    def test_most_urgent_first_and_one_question_at_a_time(self):
        cases = [self.waits(due=due) for due in (300, 100, 200)]
        time.sleep(1.5)
        bram = self.person('bram')
        order = []
        for _ in cases:
            offer = bram.next_offer()
            self.assertEqual(len(bram.call('GET', '/v1/me')['offers']), 1)
            bram.accept(offer)
            order.append(offer['case']['id'])
        self.assertEqual(order, [cases[1], cases[2], cases[0]])

    def test_work_is_shared(self):
        anna, bram = self.person('anna'), self.person('bram')
        for _ in range(2):
            self.waits()
        self.assertNotEqual(anna.next_offer()['case']['id'], bram.next_offer()['case']['id'])

    def test_accept_twice_is_the_same(self):
        bram = self.person('bram')
        self.waits()
        offer = bram.next_offer()
        first, second = bram.accept(offer), bram.accept(offer)
        self.assertEqual(first, second)
        self.assertEqual(first['case']['state'], 'assigned')
        self.assertEqual(first['case']['owner'], self.agent_id('bram'))
        me = bram.call('GET', '/v1/me')
        self.assertEqual([c['id'] for c in me['cases']], [first['case']['id']])
        self.assertEqual(me['cases'][0]['epoch'], first['epoch'])
        self.assertEqual(me['offers'], [])

    def test_others_cannot_accept(self):
        bram = self.person('bram')
        self.waits()
        offer = bram.next_offer()['offer']['id']
        self.assertEqual(self.world.api('POST', f'/v1/offers/{offer}/accept', 'anna', {}).status, 404)
        unknown = self.world.api('POST', f'/v1/offers/{offer}/accept', 'anna', {'epoch': 1})
        self.assertEqual((unknown.status, unknown.json['errors']), (400, [{'name': 'epoch', 'reason': 'unknown key'}]))
        self.assertEqual(self.world.api('POST', f'/v1/offers/{offer}/accept', 'admin', {}).status, 403)
        self.assertEqual(self.world.api('POST', '/v1/offers/no-id/accept', 'bram', {}).status, 404)
        self.assertEqual([o['id'] for o in bram.call('GET', '/v1/me')['offers']], [offer])

    def test_decline_goes_to_another(self):
        bram = self.person('bram')
        case = self.waits(age=50)
        before = self.world.psql('select arrived_at, due_at from loket.case_file where id = %s', [case])
        offer = bram.next_offer()
        anna = self.person('anna')
        bram.decline(offer)
        again = anna.next_offer()
        self.assertEqual(again['case']['id'], case)
        self.assertEqual(self.world.psql('select arrived_at, due_at from loket.case_file where id = %s', [case]), before)
        why = {left['agent']: left['why'] for left in self.routing(case)[-1]['leftOut']}
        self.assertEqual(why[self.agent_id('bram')], 'declined')
        bram.decline(offer)                  # said twice, heard once
        self.assertEqual(self.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'bram', {}).status, 409)
        anna.accept(again)

    def test_declined_by_everybody_is_asked_again(self):
        bram = self.person('bram')
        case = self.waits()
        first = bram.next_offer()
        bram.decline(first)
        second = bram.next_offer()
        self.assertEqual(second['case']['id'], case)
        self.assertNotEqual(first['offer']['id'], second['offer']['id'])

    def test_away_gives_back_what_was_offered_and_keeps_what_is_owned(self):
        bram = self.person('bram')
        owned, offered = self.waits(due=10), self.waits(due=20)
        taken = bram.accept(bram.next_offer())
        self.assertEqual(taken['case']['id'], owned)
        offer = bram.next_offer()
        bram.away()
        bram.events.wait('offer.withdrawn', lambda d: d['offer']['id'] == offer['offer']['id'])
        self.assertEqual((self.state(owned), self.state(offered)), ('assigned', 'queued'))
        anna = self.person('anna')
        self.assertEqual(anna.next_offer()['case']['id'], offered)

    def test_wanted_agent(self):
        """asked for Anna: Bram waits in vain, until she has not been there for longer than the norm"""
        bram = self.person('bram')
        case = self.waits(wanted=self.agent_id('anna'), due=4)
        bram.events.none('offer.made', 2.5)
        why = {left['agent']: left['why'] for left in self.routing(case)[-1]['leftOut']}
        self.assertEqual(why[self.agent_id('bram')], 'notWanted')
        self.assertEqual(bram.next_offer()['case']['id'], case)

    def test_option0_is_for_a_coach(self):
        self.person('anna')
        case = self.waits(product='huwelijk', option0=True)
        time.sleep(2)
        decision = self.routing(case)[-1]
        self.assertEqual((decision['rule'], decision['chosen']), ('nobodyHasSkill', None))
        why = {left['agent']: left['why'] for left in decision['leftOut']}
        self.assertEqual((why[self.agent_id('anna')], why[self.agent_id('carla')]), ('notCoach', 'notReady'))
        carla = self.person('carla')
        offer = carla.next_offer()
        self.assertEqual((offer['case']['id'], offer['case']['option0']), (case, True))
        self.assertEqual(self.routing(case)[0]['rule'], 'option0Coach')

    def test_wrapup_keeps_the_slot(self):
        """phone: one at a time, twenty seconds to write it down (three here); ready ends it at once"""
        bram = self.person('bram')
        self.world.psql("update loket.channel set wrapup_s = 3 where id = 'phone'")
        self.world.wait_set_up()
        first, second = self.waits(channel='phone', due=10), self.waits(channel='phone', due=20)
        taken = bram.accept(bram.next_offer())
        self.assertEqual(taken['case']['id'], first)
        began = time.monotonic()
        bram.resolve(taken)
        offer = bram.next_offer()
        self.assertEqual(offer['case']['id'], second)
        self.assertGreater(time.monotonic() - began, 2)
        self.assertLess(time.monotonic() - began, 18)        # not the twenty
        third = self.waits(channel='phone', due=30)
        bram.resolve(bram.accept(offer))
        time.sleep(1.5)
        bram.ready()
        self.assertEqual(bram.next_offer(4)['case']['id'], third)

    def test_forty_accepts_at_once(self):
        """forty calls accept the same offer, of which twenty as somebody else: one owner, one answer"""
        bram = self.person('bram')
        self.waits()
        offer = bram.next_offer()['offer']['id']
        go = threading.Barrier(40)

        def accept(name):
            go.wait()
            return name, self.world.api('POST', f'/v1/offers/{offer}/accept', name, {})

        answers = at_once([functools.partial(accept, 'bram' if i % 2 else 'anna') for i in range(40)])
        self.assertEqual({a.status for name, a in answers if name == 'bram'}, {200})
        self.assertEqual({a.status for name, a in answers if name == 'anna'}, {404})
        self.assertEqual(len({a.body for name, a in answers if name == 'bram'}), 1)
        self.assertEqual(self.world.value("select count(*) from loket.notice where payload->>'event' = 'accept' "
                                          'and case_id = (select case_id from loket.offer where id = %s)', [offer]), 1)


class Silence(DispatchTest):
    config = 'dispatch { sweep_seconds = 1 offer_seconds = 2 presence_seconds = 5 }'

    def test_two_missed_and_the_agent_is_away(self):
        bram = self.person('bram')
        case = self.waits(age=30)
        first = bram.next_offer()
        bram.events.wait('offer.withdrawn', lambda d: d['offer']['id'] == first['offer']['id'], 5)
        late = self.world.api('POST', f"/v1/offers/{first['offer']['id']}/accept", 'bram', {})
        self.assertEqual(late.status, 409)
        second = bram.next_offer()           # nobody else can: asked once more
        self.assertEqual(second['case']['id'], case)
        gone = bram.events.wait('presence.changed', lambda d: d['agent']['state'] == 'away', 5)
        self.assertEqual(gone['agent']['reason'], 'missed')
        self.assertEqual(self.state(case), 'queued')
        bram.ready()
        bram.accept(bram.next_offer())
        self.assertEqual(self.world.value('select missed from loket.presence where agent = %s', [self.agent_id('bram')]), 0)

    def test_expired_goes_to_another(self):
        anna, bram = self.person('anna'), self.person('bram')
        case = self.waits()
        first = wait_until(lambda: self.world.psql('select agent::text from loket.offer where case_id = %s order by made_at', [case]),
                           what='an offer')[0][0]
        other = bram if first == self.agent_id('anna') else anna
        self.assertEqual(other.next_offer()['case']['id'], case)

    def test_vanished_agent(self):
        """no stream, no call: what was hers goes to somebody else, and she cannot write any more"""
        anna = self.person('anna')
        case = self.waits(product='parkeervergunning')
        taken = anna.accept(anna.next_offer())
        anna.events.close()
        wait_until(lambda: self.state(case) == 'queued', 10, 'the case to come back')
        self.assertEqual(self.world.psql('select state, reason from loket.presence where agent = %s',
                                         [self.agent_id('anna')]), [('offline', 'lost')])
        self.assertIsNone(self.owner(case))
        stale = self.world.api('POST', f'/v1/cases/{case}/resolve', 'anna', {'outcome': 'solved', 'epoch': taken['epoch']})
        self.assertIn(stale.status, (403, 404, 409))
        daan = self.person('daan')
        again = daan.accept(daan.next_offer())
        self.assertEqual(again['case']['id'], case)
        self.assertGreater(again['epoch'], taken['epoch'])

    def test_offline_with_a_case(self):
        """who went home with a case in hand, and is not seen, does not keep it from the citizen"""
        anna = self.person('anna')
        case = self.waits(product='parkeervergunning')
        anna.accept(anna.next_offer())
        anna.offline()
        anna.events.close()
        time.sleep(2)
        self.assertEqual(self.state(case), 'assigned')   # for now: a short break
        self.world.psql("update loket.presence set seen_at = now() - interval '1 hour' where agent = %s",
                        [self.agent_id('anna')])
        wait_until(lambda: self.state(case) == 'queued', 20, 'the case to come back')
        self.assertIsNone(self.owner(case))

    def test_a_stream_is_a_sign_of_life(self):
        bram = self.person('bram')
        time.sleep(8)
        self.assertEqual(bram.call('GET', '/v1/me')['presence']['state'], 'ready')


if __name__ == '__main__':
    world.main()
