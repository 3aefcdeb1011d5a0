#!/usr/bin/env python3
"""Everybody works at two instances, and one of them dies at each CRASH point of daemon/*.c in turn: nothing is lost, doubled, in two
hands or stuck, each outcome is learned once, and offers go on. $LOKETD is the mutants' build.

Every point must be passed by the work; SAMPLE of them, others with another LOKET_SEED, are died at once; with LOKET_CRASH_TIMES=N all
of them N times. How soon offers go on is by PostgreSQL's clock, from the death to the next offer, and printed. The promise is two seconds; in the long
form half of the deaths keep it. Beside other tests, with sanitizers, less is asserted: none takes more than SLOWEST.
"""
import os
import pathlib
import random
import re
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import town as towns  # noqa: E402
import world  # noqa: E402
from receiver import Receiver  # noqa: E402
from servers import wait_until, within  # noqa: E402

POINTS = sorted({name for f in (world.ROOT / 'daemon').glob('*.c') for name in re.findall(r'CRASH\("([^"]+)"\)', f.read_text())})
TIMES = int(os.environ.get('LOKET_CRASH_TIMES', '0'))
SEED = int(os.environ.get('LOKET_SEED', '5'))
SAMPLE = 16
AT_TAKEOVER = ('lease.', 'load.', 'learn.')         # passed by who begins to lead
AT_FLUSH = ('rebuild.',)                            # passed when Redis was emptied
AT_LOSS = ('lost.',)                                # passed when an agent vanished with a case in hand
AT_DEATH = ('orphans.',)                            # passed when somebody died while a reply was on its way
SLOWEST = 10 if TIMES else 30
CONFIG = '''log_level = "notice"
dispatch { sweep_seconds = 1 offer_seconds = 4 presence_seconds = 5 }     # who vanishes is lost before two offers put them away
calls { call_silent_minutes = 1 }
''' + world.NO_BUDGETS
ACTS = {'reply': 0.6, 'decline': 0.1, 'ignore': 0.03, 'task': 0.1, 'transfer': 0.1, 'callback': 0.1, 'attempt': 0.5, 'stale': 0.1,
        'reopen': 0.05, 'vanish': 0.02}


def points():
    chance = random.Random(SEED)
    if TIMES:
        return [p for _ in range(TIMES) for p in chance.sample(POINTS, len(POINTS))]
    return chance.sample(POINTS, SAMPLE)


class Time(threading.Thread):
    """What would come with days comes now: outcomes that mature, the moment to call back; Redis is emptied now and then."""

    def __init__(self, town):
        super().__init__(daemon=True)
        self.town, self.over = town, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.2):
            self.town.world.psql('update loket.outcome set due_at = now() where y is null')
            self.town.world.psql("update loket.callback set not_before = clock_timestamp() where state = 'open' and not due")

    def stop(self):
        self.over.set()
        self.join()


class Crashes(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.town = towns.Town(config=CONFIG, seed=SEED, allow=[self.receiver.address])
        self.addCleanup(self.town.close)
        self.file = self.town.world.dir / 'crash'
        for instance in self.town.instances:
            instance.environment = {'LOKET_CRASH': str(self.file)}
        self.town.start()
        for place in world.MUNICIPALITIES:
            now = self.town.world.api('GET', f'/v1/municipalities/{place}', 'admin').json
            self.town.world.api('PUT', f'/v1/municipalities/{place}', 'admin', {
                'region': now['region'], 'name': now['name'],
                'settings': now['settings'] | {'routing': {'method': 'ftf', 'controlShare': 0.5, 'halfLifeDays': 0}}})
        self.world = self.town.world
        self.world.api('PUT', '/v1/subscriptions', 'admin', {
            'municipality': 'dordrecht', 'name': 'zaaksysteem', 'url': self.receiver.url, 'secret': self.receiver.secret,
            'types': ['nl.klantcontacten']})

    def provoke(self, point):
        if point.startswith(AT_TAKEOVER):
            self.town.leader()[0].kill9()
            self.town.start_again()
        elif point.startswith(AT_FLUSH):
            self.world.redis('FLUSHALL')
        elif point.startswith(AT_DEATH):
            self.world.standin.faults += ['lost'] * 5       # nobody tells that it came
            wait_until(lambda: self.world.value("select count(*) from loket.outbox where state = 'sending' "
                                                "and next_at < clock_timestamp() - interval '1 second'"), what='a reply on its way')
            for instance in self.town.instances:
                instance.kill9()
            self.town.start_again()
        elif point.startswith(AT_LOSS):
            for agent in self.town.crowd.agents[:3]:
                agent.vanishes = True

    def dead(self):
        return next((i for i in self.town.instances if i.process.poll() is not None), None)

    def die_at(self, point):
        """Seconds from the death to the next offer."""
        self.file.write_text(point)
        self.provoke(point)
        victim = wait_until(self.dead, 60, f'a death at {point}')
        died = self.world.value('select clock_timestamp()')
        victim.kill9()
        self.town.start_again()
        next_ = wait_until(lambda: self.world.value('select min(made_at) from loket.offer where made_at > %s', [died]), 30,
                           f'an offer after {point}')
        victim.wait_ready()
        self.assertEqual(self.town.look().lines(), [], f'after {point}')
        return (next_ - died).total_seconds()

    def passed(self):
        file = pathlib.Path(f'{self.file}.passed')
        return set(file.read_text().split()) if file.exists() else set()

    def every_event_was_told(self):
        kinds = "('case.changed', 'contact.received', 'delivery.changed', 'post.made', 'post.changed')"
        notices = {n for (n,) in self.world.psql(f"select id from loket.notice where municipality = 'dordrecht' and kind in {kinds} and id > "
                                                 '(select min(id) from loket.notice)')}
        self.assertGreater(len(notices), 50)
        self.world.psql("update loket.event set next_at = clock_timestamp() where state = 'waiting'")
        def told():
            return {int(i.split('.')[0]) for i in self.receiver.ids()}
        while missing := notices - told():              # as long as some arrive, however slowly
            if not within(90, lambda n=len(missing): len(notices - told()) < n):
                states = self.world.psql('select state, count(*), min(notice), max(attempts), max(error) from loket.event group by 1')
                self.fail(f'{len(missing)} events are never told, the first is {min(missing)}; there are {states}')
        self.assertEqual(self.receiver.wrong, [])

    def test_at_every_point(self):
        self.assertGreater(len(POINTS), 60)
        time, took = Time(self.town), []
        self.addCleanup(time.stop)
        self.town.open(per_second=16, acts=ACTS, people=60)
        for point in points():
            took.append((self.die_at(point), point))
        for _ in range(12):
            missing = sorted(set(POINTS) - self.passed())
            for point in missing or [AT_FLUSH[0]]:
                self.provoke(point)
            if within(10, lambda: not set(POINTS) - self.passed()):
                break
        self.assertEqual(set(POINTS) - self.passed(), set(), 'never passed, so not tried')
        found = self.town.rest(90)
        wait_until(lambda: not self.world.value('select count(*) from loket.outcome where y is null'), 20, 'all to be judged')
        took.sort()
        print(f'{len(took)} deaths at {len({p for _, p in took})} of {len(POINTS)} points, {len(self.town.recorder.taken)} cases; the next '
              f'offer after {took[len(took) // 2][0]:.2f} s, at most {took[-1][0]:.2f} s', end=' ', flush=True)
        self.assertEqual(found.lines(), [])
        if TIMES:
            self.assertLess(took[len(took) // 2][0], 2)
        self.assertLess(took[-1][0], SLOWEST, took[-1])
        self.every_event_was_told()
        # no outcome is counted twice; few are of something that the agent does not do by now
        n, counted = (self.world.value(q) for q in ('select count(*) from loket.outcome', 'select coalesce(sum(n), 0) from loket.learned'))
        self.assertTrue(0.8 * n <= counted <= n > 20, (counted, n))


if __name__ == '__main__':
    world.main()
