#!/usr/bin/env python3
"""Dispatch goes on: the dispatcher dies, Redis dies, a nudge is lost, a hundred thousand wait."""
import re
import signal
import threading
import time

from dispatch_world import DispatchTest, wait_until, world
from instance import another_instance
from servers import PATIENCE


class Faults(DispatchTest):
    config = 'dispatch { sweep_seconds = 1 offer_seconds = 20 presence_seconds = 10 }'

    def leads(self):
        return self.world.psql("select holder, epoch from loket.lease where name = 'dispatch' and until > clock_timestamp()")

    def test_killed_and_started_again(self):
        """offers that were made still stand; what waits is offered soon after the start: how soon is printed"""
        bram = self.person('bram')
        first = self.waits(due=10)
        offer = bram.next_offer()
        epoch = wait_until(self.leads, what='a dispatcher')[0][1]
        self.world.kill9()
        second = self.waits(due=20)
        self.world.start()
        self.people.remove(bram)
        bram = world.Agent(self.world, 'bram')
        self.people.append(bram)
        self.assertEqual(bram.accept(offer)['case']['id'], first)
        began = time.monotonic()
        self.assertEqual(bram.next_offer()['case']['id'], second)
        print(f'offered {time.monotonic() - began:.2f} s after the start', end=' ')
        self.assertGreater(wait_until(self.leads, what='a dispatcher')[0][1], epoch)

    def test_clean_stop_gives_the_lease_back(self):
        wait_until(self.leads, 5, 'a dispatcher')
        self.world.stop()
        self.assertEqual(self.leads(), [])
        self.world.start()
        wait_until(self.leads, 2, 'the dispatcher back')

    def test_another_instance_takes_over(self):
        holder, epoch = wait_until(self.leads, what='a dispatcher')[0]
        with another_instance(self.world):
            time.sleep(1)
            self.assertEqual(self.leads(), [(holder, epoch)])       # one dispatches
            self.person('bram')
            try:
                self.world.process.send_signal(signal.SIGSTOP)      # asleep, not dead
                began = time.monotonic()
                case = self.waits()
                wait_until(lambda: [e for _, e in self.leads()] == [epoch + 1], 5, 'the other to take over')
                took = time.monotonic() - began
                wait_until(lambda: self.state(case) == 'offered', 3, 'an offer by the other')
                print(f'taken over in {took:.2f} s', end=' ')
            finally:
                self.world.process.send_signal(signal.SIGCONT)      # wakes, and must not write any more
            time.sleep(1.5)
            self.assertEqual([e for _, e in self.leads()], [epoch + 1])
            self.assertEqual(self.world.value("select count(*) from loket.offer where state = 'made' and case_id = %s", [case]), 1)
        wait_until(self.leads, 5, 'the first one back')

    def test_two_instances_are_one(self):
        """who talks to the instance that does not dispatch hears and is heard"""
        wait_until(self.leads, 5, 'a dispatcher')
        with another_instance(self.world) as other:
            time.sleep(6)                    # both know that there is another
            bram = world.Agent(other, 'bram')
            bram.ready()
            case = self.waits()
            offer = bram.next_offer(5)
            self.assertEqual(offer['case']['id'], case)
            self.assertEqual(self.leads()[0][0], self.world.psql(
                "select substr(origin, 8) from loket.notice where kind = 'offer.made' and case_id = %s", [case])[0][0])
            anna = self.person('anna')
            bram.decline(offer)
            taken = anna.accept(anna.next_offer(5))
            self.assertEqual(taken['case']['id'], case)
            anna.resolve(taken)
            bram.offline()
            ids = [i for _, i, _ in bram.events.all if i]
            self.assertEqual(len(ids), len(set(ids)))               # each is told once
            bram.events.close()

    def test_who_takes_over_knows_nobody(self):
        """what an instance heard of agents while another one dispatched is old: somebody who was asked since then is not asked twice"""
        self.world.psql("""insert into loket.agent (id, name, role, municipalities, products, channels)
            select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Nobody', 'agent', '{sliedrecht}', '{dordtpas}', '{letter}'
              from generate_series(1, 300) n""")             # more than are read in one round, and before the others
        with another_instance(self.world) as other:
            time.sleep(6)                    # both know that there is another
            bram, anna = world.Agent(other, 'bram'), world.Agent(other, 'anna')
            bram.ready()
            first = self.waits()
            self.assertEqual(bram.next_offer(5)['case']['id'], first)
            second = self.waits()
            self.waits(product='parkeervergunning')
            self.world.kill9()
            try:
                anna.ready()
                anna.next_offer(20)          # so there are offers again
                self.assertEqual(self.world.value("select count(*) from loket.offer where state = 'made' and agent = %s", [self.agent_id('bram')]), 1)
                self.assertIn(self.state(second), ('queued', 'offered'))
            finally:
                self.world.start()
                for who in (bram, anna):
                    who.offline()
                    who.events.close()
                self.world.psql("delete from loket.agent where name = 'Nobody'")

    def test_redis_flushed(self):
        """FLUSHALL in the middle: offers go on, and Redis shows what waits again"""
        hidden = [self.waits(product='huwelijk', municipality='sliedrecht', due=1000 + i) for i in range(20)]
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == len(hidden), 5, 'the queue in Redis')
        bram = self.person('bram')
        self.world.redis('FLUSHALL')
        case = self.waits(due=1)
        self.assertEqual(bram.next_offer()['case']['id'], case)
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == len(hidden), 8, 'the queue rebuilt')
        page = self.world.api('GET', '/v1/queue?limit=5&municipality=sliedrecht', 'lead').json
        self.assertEqual([item['id'] for item in page['items']], hidden[:5])

    def rebuilds(self):
        text = self.world.request('GET', '/metrics', record=False).body.decode()
        return int(re.search(r'^loket_queue_rebuilds_total (\d+)', text, re.M)[1])

    def test_a_difference_that_stays(self):
        """while much comes in PostgreSQL and Redis never say the same number, another one each time: that is no reason to empty
        Redis and fill it again. What stays is"""
        wait_until(self.rebuilds, 10, 'the queue of the start')
        before = self.rebuilds()
        for n in range(60):
            self.world.redis('ZADD', 'loket:queue', '1', f'not-in-postgresql-{n}')
            time.sleep(0.1)
        self.assertEqual(self.rebuilds(), before)
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == 0, 30, 'the queue rebuilt')

    def test_one_that_redis_lost_comes_back(self):
        hidden = [self.waits(product='huwelijk', municipality='sliedrecht', due=1000 + i) for i in range(5)]
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == 5, 5, 'the queue in Redis')
        for lost in hidden[1], hidden[4]:
            self.world.redis('ZREM', 'loket:queue', lost)
            wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == 5, 20, 'the queue rebuilt')

    def test_redis_killed(self):
        """without Redis offers go on, and GET /v1/queue asks PostgreSQL; back again, it shows what waits"""
        hidden = [self.waits(product='huwelijk', municipality='sliedrecht', due=1000 + i) for i in range(7)]
        bram = self.person('bram')
        self.world.servers.redis_stop()
        try:
            case = self.waits(due=1)
            self.assertEqual(bram.next_offer()['case']['id'], case)
            seen, cursor = [], ''
            while cursor is not None:
                page = self.world.api('GET', '/v1/queue?limit=3&municipality=sliedrecht' + cursor, 'lead').json
                self.assertEqual((page['waiting'], len(page['counts'])), (7, 1))
                seen += [item['id'] for item in page['items']]
                cursor = page['next'] and '&cursor=' + page['next']
            self.assertEqual(seen, hidden)
        finally:
            self.world.servers.redis_start()
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == 7, 10, 'the queue rebuilt')

    def test_redis_killed_with_work_under_way(self):
        """what Redis was told and never answered, it is told again when it is back"""
        self.world.servers.redis.send_signal(signal.SIGSTOP)
        try:
            for i in range(3):
                self.world.hook_whatsapp('Hallo', wa_id=f'3167000000{i}')
            self.world.api('GET', '/livez')
        finally:
            self.world.servers.redis_stop()
            self.world.servers.redis_start()
        self.assertEqual(self.world.api('GET', '/livez').status, 200)
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == 3, 10, 'the queue rebuilt')

    def test_forty_agents_who_all_accept_everything(self):
        """forty agents are asked one case each, and all of them accept all forty offers at once: one owner each"""
        names = [f'crowd{i}' for i in range(40)]
        for name in names:
            self.world.tokens[name] = f'token-of-{name}-0123456789abcdef'
            self.world.psql("""with a as (
                insert into loket.agent (id, name, role, municipalities, products, channels)
                values (gen_random_uuid(), %s, 'agent', '{dordrecht}', '{huwelijk}', '{whatsapp}') returning id)
                insert into loket.token (id, sha256, name, role, agent, municipalities)
                select gen_random_uuid(), sha256(%s), %s, 'agent', id, '{dordrecht}' from a""",
                            [name, self.world.tokens[name].encode(), name])
        cases = [self.waits(product='huwelijk', due=100 + i) for i in range(40)]
        wait_until(lambda: self.world.api('GET', '/v1/me', names[-1]).status == 200, 10, 'the new agents to be known')
        self.world.wait_set_up()
        for name in names:
            self.world.api('PUT', '/v1/me/presence', name, {'state': 'ready'})
        wait_until(lambda: self.world.value("select count(*) from loket.offer where case_id = any(%s::uuid[]) and state = 'made'",
                                            [cases]) == 40, 20, 'forty offers')
        offers = dict(self.world.psql('select id::text, case_id::text from loket.offer where case_id = any(%s::uuid[])', [cases]))
        took, lock = [], threading.Lock()

        def accept_all(name):
            for offer in offers:
                answer = self.world.api('POST', f'/v1/offers/{offer}/accept', name)
                self.assertIn(answer.status, (200, 404, 409))
                if answer.status == 200:
                    with lock:
                        took.append((offers[offer], name))

        crowd = [threading.Thread(target=accept_all, args=(name,)) for name in names]
        for t in crowd:
            t.start()
        for t in crowd:
            t.join()
        self.assertEqual(sorted(case for case, _ in took), sorted(cases))
        self.assertEqual(len({name for _, name in took}), 40)
        owners = dict(self.world.psql('select c.id::text, a.name from loket.case_file c join loket.agent a on a.id = c.owner '
                                      'where c.id = any(%s::uuid[])', [cases]))
        self.assertEqual(owners, dict(took))

    def test_thirteen_agents_forty_cases(self):
        """agents of all kinds accept what they are offered, each offer three times at once: one owner each"""
        names = ['anna', 'bram', 'carla', 'daan', 'eva', 'fatima', 'gijs', 'hanneke', 'ivo', 'joke', 'kees', 'mehmet', 'oksana']
        cases = [self.waits(product='algemeen', municipality=m, due=100 + i)
                 for i, m in enumerate(world.MUNICIPALITIES * 8)]
        people = [self.person(name) for name in names]
        owners, lock, end = {}, threading.Lock(), time.monotonic() + PATIENCE

        def work(who):
            while len(owners) < len(cases) and time.monotonic() < end:
                offer = who.offer_within(0.3)
                if not offer:
                    continue
                three = [threading.Thread(target=take, args=(who, offer)) for _ in range(3)]
                for t in three:
                    t.start()
                for t in three:
                    t.join()
                who.resolve(owners[offer['case']['id']][1])

        def take(who, offer):
            taken = who.accept(offer)
            with lock:
                before = owners.setdefault(taken['case']['id'], (who.name, taken))
            self.assertEqual(before[0], who.name)

        crowd = [threading.Thread(target=work, args=(who,)) for who in people]
        for t in crowd:
            t.start()
        for t in crowd:
            t.join()
        self.assertEqual(set(owners), set(cases))
        self.assertEqual(self.world.value("select count(*) from loket.offer where case_id = any(%s::uuid[]) and state = 'accepted'",
                                          [cases]), 40)
        self.assertGreater(len({name for name, _ in owners.values()}), 5)


class Many(DispatchTest):
    """A hundred thousand wait; nobody here may take them."""
    config = 'dispatch { sweep_seconds = 2 }'
    record = False

    def test_queue_at_a_hundred_thousand(self):
        n = 100000
        self.world.psql('''insert into loket.case_file (id, municipality, reference, product, inbox, channel, state, opened_at,
                arrived_at, due_at, last_contact_at)
            select gen_random_uuid(), m[1 + i %% 5], 'M-' || i, p[1 + i %% 25], 'x', c[1 + i %% 4], 'queued', now(),
                   now() - make_interval(secs => i), now() + make_interval(secs => 14400 - i), now()
              from generate_series(1, %s) i,
                   (select array_agg(id order by id) as m from loket.municipality) m,
                   (select array_agg(id order by id) as p from loket.product) p,
                   (values (array['whatsapp', 'webform', 'phone', 'email'])) v (c)''', [n])
        self.world.restart()
        wait_until(lambda: f'n={n}' in self.world.log(), 30, 'the dispatcher to load them')
        wait_until(lambda: self.world.redis('ZCARD', 'loket:queue') == n, 60, 'Redis to hold them')
        for what in ('', '&municipality=dordrecht', '&product=rijbewijs'):
            times = []
            for _ in range(20):
                began = time.monotonic()
                answer = self.world.api('GET', '/v1/queue?limit=50' + what, 'lead')
                times.append(time.monotonic() - began)
                self.assertEqual(answer.status, 200)
            times.sort()
            print(f'\n  /v1/queue?limit=50{what}: p50 {times[10] * 1000:.1f} ms, slowest {times[-1] * 1000:.1f} ms', end=' ')
        page = self.world.api('GET', '/v1/queue?limit=50', 'lead').json
        self.assertEqual(page['waiting'], n)
        self.assertEqual(sum(c['waiting'] for c in page['counts']), n)
        self.assertEqual(page['items'], sorted(page['items'], key=lambda item: (item['dueAt'], item['id'])))
        again = self.world.api('GET', f"/v1/queue?limit=50&cursor={page['next']}", 'lead').json
        self.assertFalse({i['id'] for i in page['items']} & {i['id'] for i in again['items']})
        began = time.monotonic()
        bram = self.person('bram')
        bram.next_offer()
        print(f'\n  first offer {time.monotonic() - began:.3f} s after "ready"', end=' ')


if __name__ == '__main__':
    world.main()
