#!/usr/bin/env python3
"""Two instances with work on both, and the one that dispatches (or has the agent's call) dies at each CRASH point of daemon/*.c in
turn: no case is ever given twice, nobody has more than there is room for, nothing is stuck, each outcome is learned once, and
offers go on. $LOKETD is the mutants' build.

How soon they go on is by PostgreSQL's clock, from the death to the next offer. The promise is two seconds; asserted is that half of
the deaths keep it and none takes more than SLOWEST, because sanitizers and other tests take their time too.
"""
import copy
import random
import re
import threading
import time
import uuid

from dispatch_world import DispatchTest, wait_until, world

POINTS = sorted({name for f in (world.ROOT / 'daemon').glob('*.c') for name in re.findall(r'CRASH\("([^"]+)"\)', f.read_text())})
AT_TAKEOVER = ('lease.', 'load.', 'learn.')         # passed by who begins to lead
SLOWEST = 10
PRODUCT = 'parkeervergunning'
PEOPLE = ['daan', 'oksana', 'anna', 'mehmet', 'piet']
ALWAYS = {
    'a case with two offers': "select case_id from loket.offer where state = 'made' group by 1 having count(*) > 1",
    'an epoch given twice': 'select case_id from loket.offer group by case_id, epoch having count(*) > 1',
    'an owner who never accepted': """select id from loket.case_file c where state = 'assigned' and not exists (select from loket.offer o
        where o.case_id = c.id and o.state = 'accepted' and o.agent = c.owner and o.epoch = c.epoch)""",
    'offered, but to nobody': """select id from loket.case_file c where state = 'offered' and not exists (select from loket.offer o
        where o.case_id = c.id and o.state = 'made' and o.epoch = c.epoch)""",
    'somebody who is asked two things': "select agent from loket.offer where state = 'made' group by 1 having count(*) > 1",
    'somebody with more than there is room for': """select a.id from loket.agent a where room_total <
        (select count(*) from loket.offer o where o.agent = a.id and o.state = 'made')
        + (select count(*) from loket.case_file c where c.owner = a.id)""",
}


class Work:
    """Cases that wait, agents at either instance who take, decline or ignore what they are offered, outcomes that mature."""

    def __init__(self, test, instances):
        self.test, self.instances, self.db = test, instances, test.world
        self.stopping, self.feeding, self.lock = threading.Event(), True, threading.Lock()
        self.taken, self.wrong, self.ignored = {}, [], set()
        self.threads = [threading.Thread(target=self._until_stopped, args=(self._feed, 0.1), daemon=True)]
        self.threads += [threading.Thread(target=self._until_stopped, args=(self._agent, 0.15, name, random.Random(name)), daemon=True)
                         for name in PEOPLE]
        for t in self.threads:
            t.start()

    def _until_stopped(self, step, pause, *args):
        while not self.stopping.is_set():
            try:
                step(*args)
            except (OSError, ValueError):           # nobody there, or died while answering
                pass
            time.sleep(pause)

    def _feed(self):
        if self.feeding and self.db.value("select count(*) from loket.case_file where state = 'queued'") < 20:
            for _ in range(5):
                case = self.test.waits(product=PRODUCT, due=60)
                self.db.psql('with p as (insert into loket.party (id, municipality) values (%s, %s) returning id) '
                             'update loket.case_file set party = p.id from p where case_file.id = %s',
                             [str(uuid.uuid4()), 'dordrecht', case])
        self.db.psql('update loket.outcome set due_at = now() where y is null')

    def _agent(self, name, chance):
        instance = chance.choice(self.instances)
        answer = instance.api('GET', '/v1/me', name)
        if answer.status != 200:
            return                                  # it has no connection yet
        me = answer.json
        if me.get('presence', {}).get('state') != 'ready':
            instance.api('PUT', '/v1/me/presence', name, {'state': 'ready'})
        for case in me['cases']:
            self._resolve(instance, name, case['id'], case['epoch'])
        for offer in me['offers']:
            what = 0 if offer['id'] in self.ignored else chance.random()
            if not self.feeding or what > 0.3:
                answer = instance.api('POST', f"/v1/offers/{offer['id']}/accept", name, {})
                if answer.status == 200:
                    self._resolve(instance, name, answer.json['case']['id'], answer.json['epoch'])
            elif what > 0.1:
                instance.api('POST', f"/v1/offers/{offer['id']}/decline", name, {})
            else:
                self.ignored.add(offer['id'])       # until it is over

    def _resolve(self, instance, name, case, epoch):
        with self.lock:
            before = self.taken.setdefault((case, epoch), name)
            if before != name:
                self.wrong.append((case, epoch, before, name))
        instance.api('POST', f'/v1/cases/{case}/resolve', name, {'outcome': 'solved', 'epoch': epoch})

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join()


class Crashes(DispatchTest):
    config = 'dispatch { sweep_seconds = 1 offer_seconds = 3 presence_seconds = 30 }'
    policy = {'method': 'ftf', 'controlShare': 0.5, 'halfLifeDays': 0}
    record = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = copy.copy(cls.world)
        other.port, other.dir, other.process, other._open = world.free_port(), cls.world.dir / 'other', None, []
        other.url, other.log_path = f'http://127.0.0.1:{other.port}', other.dir / 'loketd.log'
        (other.dir / 'state').mkdir(parents=True)
        cls.both = [cls.world, other]
        for w in cls.both:
            w.environment = {'LOKET_CRASH': str(w.dir / 'crash')}
        cls.world.restart()
        other.start()

    @classmethod
    def tearDownClass(cls):
        try:
            assert cls.both[1].stop() == 0, cls.both[1].log()[-3000:]
            assert not cls.both[1].sanitizer_report(), cls.both[1].sanitizer_report()
        finally:
            super().tearDownClass()

    def leader(self):
        """(who leads, the other)."""
        def find():
            held = self.world.psql("select holder from loket.lease where name = 'dispatch' and until > clock_timestamp()")
            for w, other in (self.both, self.both[::-1]):
                started = re.findall(r'daemon\.ready instance=(\S+)', w.log())
                if held and started and started[-1] == held[0][0]:
                    return w, other
            return None
        return wait_until(find, 20, 'somebody to lead')

    def kill_at(self, point):
        """Who died there; the other one is alive. Who leads is killed first when only a new leader comes to the point."""
        leader, other = self.leader()
        victim = other if point.startswith(AT_TAKEOVER) else leader
        (victim.dir / 'crash').write_text(point)
        if victim is other:
            leader.kill9()
        wait_until(lambda: victim.process.poll() is not None, 30, f'a death at {point}')
        if victim is other:
            leader.start()
        return victim

    def goes_on_after(self, point):
        """Seconds from the death to the next offer."""
        victim = self.kill_at(point)
        died = self.world.value('select clock_timestamp()')
        next_ = wait_until(lambda: self.world.value('select min(made_at) from loket.offer where made_at > %s', [died]), 30,
                           f'an offer after {point}')
        victim.start()
        for what, sql in ALWAYS.items():
            self.assertEqual(self.world.psql(sql), [], f'{what}, after {point}')
        return (next_ - died).total_seconds()

    def test_at_every_point(self):
        self.assertGreater(len(POINTS), 12)
        work, took = Work(self, self.both), {}
        try:
            for point in random.Random(5).sample(POINTS, len(POINTS)):
                took[point] = self.goes_on_after(point)
                self.assertLess(took[point], SLOWEST, point)
            work.feeding = False
            wait_until(lambda: self.world.value("select count(*) from loket.case_file where state <> 'closed'") == 0, 60, 'all to be solved')
            wait_until(lambda: self.world.value('select count(*) from loket.outcome where y is null') == 0, 10, 'all to be judged')
        finally:
            work.stop()
        print(f'{len(took)} deaths, {len(work.taken)} cases; the next offer after {sorted(took.values())[len(took) // 2]:.2f} s, at most '
              f'{max(took.values()):.2f} s', end=' ', flush=True)
        self.assertEqual(work.wrong, [])
        self.assertLess(sorted(took.values())[len(took) // 2], 2)
        self.assertEqual(self.world.psql("""select case_id from loket.offer where state = 'accepted' group by case_id having count(*) > 1"""), [])
        # each outcome is counted once, of the agent who knows the product
        self.assertEqual(self.world.value('select coalesce(sum(n), 0) from loket.learned'), self.world.value('select count(*) from loket.outcome'))
        self.assertGreater(self.world.value('select count(*) from loket.outcome'), 50)


if __name__ == '__main__':
    world.main()
