#!/usr/bin/env python3
"""A week of five municipalities in a few minutes, on a private world: citizens on every channel, callers who are helped or hang up,
who asks for a person, posts, promises, agents from half past eight to five, and what people thought of it. Then every figure of
GET /v1/kpis beside a count of all rows by another program (tests/support/recount.py): exit code 0 when all are the same.

The same seed is the same traffic. Time passes in steps: all clocks (loketd, PostgreSQL, the providers here) are moved together
(tests/support/clock.c), and everybody does what they do by the public API, one after the other.
"""
import argparse
import datetime
import pathlib
import random
import re
import subprocess
import sys
import threading
import time
import uuid
import zoneinfo

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'support')]
import crowd  # noqa: E402
import psycopg2  # noqa: E402
import world as worlds  # noqa: E402
from recorder import Recorder  # noqa: E402
from recount import Recount, differences  # noqa: E402
from servers import CLOCK, LOKETD, Servers, wait_until  # noqa: E402

AMSTERDAM = zoneinfo.ZoneInfo('Europe/Amsterdam')
MONDAY = datetime.datetime(2026, 9, 7, tzinfo=AMSTERDAM)        # a week without holidays
OPEN, CLOSE, STEP_S = 8.5, 17.0, 1200
PAGE = 'https://www.dordrecht.example/uw-mening'
CONFIG = worlds.NO_BUDGETS + 'dispatch { sweep_seconds = 1 offer_seconds = 3600 presence_seconds = 3600 }'
ACTS = {'reply': 0.7, 'decline': 0.03, 'task': 0.1, 'transfer': 0.05, 'callback': 0.08, 'attempt': 0.3, 'reopen': 0.03}
# of what in an hour that is open, and in one that is not
RATES = {'citizen': (24, 2), 'caller': (10, 0), 'passer': (2, 0.5), 'asker': (1.5, 0.2)}
BY = ('municipality', 'channel', 'product', 'team')
real_time = time.time


class Clock:
    """Everybody's: .now; .forward(seconds). PostgreSQL and loketd read it in a file; here time.time is another."""

    def __init__(self, begin):
        self.servers, self.ahead = None, begin.timestamp() - real_time()
        Servers.ahead_s = int(self.ahead)
        time.time = lambda: real_time() + self.ahead

    @property
    def now(self):
        return datetime.datetime.fromtimestamp(time.time(), AMSTERDAM)

    def forward(self, seconds):
        self.ahead += max(0, seconds)
        self.servers.set_ahead(self.ahead)

    def until(self, moment):
        self.forward((moment - self.now).total_seconds())


class Asker(crowd.Citizen):
    """Cannot go on with a page of the municipality, and asks for a person there."""

    def step(self):
        choice = self.chance.choice(['callback', 'now', None])
        body = {'municipality': self.chance.choice(worlds.MUNICIPALITIES), 'product': 'parkeervergunning', 'language': 'nl',
                'page': 'https://dordrecht.nl/parkeren', 'step': 'kenteken', 'address': {'kind': 'phone', 'value': '+' + self.chance.choice(self.crowd.people)}}
        body |= {'preference': choice} if choice else {}
        key = {'Idempotency-Key': uuid.uuid4().hex}
        self.until_taken(lambda instance: instance.api('POST', '/v1/help-requests', 'integration', body, key))


class Caller(crowd.Caller):
    """Time passes while they wait."""

    def wait(self, seconds):
        self.crowd.clock.forward(seconds)


class Department(crowd.Staff):
    """Does what was promised, most of it in time."""

    def step(self):
        for task in (self.call('GET', '/v1/tasks?state=open&limit=50') or {'items': []})['items']:
            if self.chance.random() < 0.15:
                self.call('PATCH', f"/v1/tasks/{task['id']}", {'state': 'done'})


class Week:
    """What actors of crowd.py know of a crowd; without threads, so that the same seed is the same week."""

    def __init__(self, seed, begin):
        self.clock, self.chance, self.acts, self.seed = Clock(begin), random.Random(seed), ACTS, seed
        linked = subprocess.run(['ldd', LOKETD], check=True, capture_output=True, text=True).stdout.splitlines()
        first = [line.split()[2] for line in linked if 'libasan' in line]       # a sanitizer wants to be loaded before anything else
        self.clock.servers = worlds.servers()
        self.world = worlds.World(CONFIG, record=False, environment={
            'LD_PRELOAD': ':'.join([*first, CLOCK]), 'LOKET_CLOCK': str(self.clock.servers.clock)}).start()
        self.instances, self.recorder, self.inboxes = [self.world], Recorder(), [*crowd.INBOXES]
        self.people, self.feeding, self.stopping = [str(31640000000 + n) for n in range(900)], True, threading.Event()
        self.asked, self.counts = set(), dict.fromkeys([*RATES, 'answered', 'surveys'], 0)
        self.comes = {'citizen': crowd.Citizen(self, f'{seed} citizen', 0), 'caller': Caller(self, f'{seed} caller', 30),
                      'passer': crowd.Passer(self, f'{seed} passer', 0), 'asker': Asker(self, f'{seed} asker', 0)}
        self.agents = [crowd.Agent(self, f'{seed} {name}', 0, name) for name in crowd.AGENTS]
        self.office = [crowd.Webcare(self, f'{seed} {name}', 0, name) for name in crowd.WEBCARE] + [Department(self, f'{seed} lead', 0, 'lead')]
        answer = self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {
            'survey': {'on': True, 'url': PAGE, 'waitMinutes': 5, 'periodDays': 1}}})
        assert answer.status in (200, 201), answer

    def close(self):
        for agent in self.agents:
            agent.end()
        self.world.close()
        time.time = real_time

    # ---- a step

    def is_open(self, at):
        return at.weekday() < 5 and OPEN <= at.hour + at.minute / 60 < CLOSE

    def arrive(self, seconds):
        """Who comes in the next seconds; each at the beginning of them."""
        rate = 0 if self.is_open(self.clock.now) else 1
        for name, actor in self.comes.items():
            per_step = RATES[name][rate] * seconds / 3600
            n = int(per_step) + (self.chance.random() < per_step % 1)
            for _ in range(n):
                actor.step()
            self.counts[name] += n

    def dispatched(self):
        """The lease is for seconds, which have passed: until somebody leads again, and nobody more is asked."""
        wait_until(lambda: self.world.value("select exists (select from loket.lease where name = 'dispatch' and until > clock_timestamp())"),
                   20, 'somebody to dispatch')
        asked, before = None, ()
        while asked != before:
            time.sleep(0.2)
            asked, before = self.world.psql("select count(*), max(made_at) from loket.offer"), asked

    def work(self):
        self.dispatched()
        for one in self.agents:
            one.step()
        for one in self.office:
            one.step()

    def opinions(self):
        """Some of those who got the link say how it was."""
        with self.world.standin.lock:
            said = re.findall(re.escape(PAGE) + r'#([A-Za-z0-9_-]{43})', str(self.world.standin.received))
        for token in said:
            if token in self.asked:
                continue
            self.asked.add(token)
            if self.chance.random() < 0.5:
                grade = min(10, max(1, round(self.chance.gauss(7.6, 1.5))))
                answer = self.world.api('POST', f'/v1/surveys/{token}', None, {
                    'grade': grade, 'speed': self.chance.randint(2, 5), 'feltHelped': self.chance.randint(2, 5), 'ease': 4,
                    'solvedInOneGo': grade > 6}, {'X-Real-IP': f'198.51.100.{len(self.asked) % 250}'})
                self.counts['surveys'] += answer.status == 201

    def go_home(self):
        """What is in hand is finished, and nobody is ready."""
        for agent in self.agents:
            me = agent.call('GET', '/v1/me') or {'cases': []}
            for case in me['cases']:
                agent.work(case, case['epoch'])
            agent.call('PUT', '/v1/me/presence', {'state': 'offline'})

    def step(self, end):
        seconds = min(STEP_S if self.is_open(self.clock.now) else 3600, (end - self.clock.now).total_seconds())
        after = self.clock.now + datetime.timedelta(seconds=seconds)
        self.arrive(seconds)
        if self.is_open(self.clock.now):
            for _ in range(3):
                self.clock.forward(self.chance.uniform(10, 120))
                self.work()
            if not self.is_open(after):
                self.go_home()
        self.opinions()
        self.clock.until(after)

    def run(self, end, say):
        shown = None
        while self.clock.now < end:
            now = self.clock.now
            if (now.date(), now.hour // 4) != shown:
                shown = now.date(), now.hour // 4
                say(f"{now:%a %H:%M}  {self.counts['citizen']:5} written  {self.counts['caller']:4} called  {self.counts['asker']:3} asked for help  "
                    f"{self.counts['passer']:3} in public  {len(self.recorder.replies):5} answers  {self.counts['surveys']:4} opinions")
            if 0 <= now.hour < 6 and end - now > datetime.timedelta(hours=6):
                self.clock.forward(6 * 3600)
                continue
            self.step(end)

    # ---- the figures

    def counted(self):
        """Until all that was committed by now is in the figures, and what is due with time too."""
        w, now = self.world, self.world.value('select clock_timestamp()')
        wait_until(lambda: w.value('select as_of from loket.figure_cursor') > now, 120, 'figures to be complete')
        wait_until(lambda: w.value('select count(*) from loket.figure_case where look_at <= clock_timestamp()') == 0, 120, 'what is due')

    def kpis(self, by=None):
        first, last = self.days
        answer = self.world.api('GET', f'/v1/kpis?from={first}T12:00:00Z&to={last}T12:00:00Z' + (f'&by={by}' if by else ''), 'lead')
        assert answer.status == 200, answer
        return answer.json

    def pass_days(self, days):
        """Until what is only known days later is known: was it solved in one go, answered within a week?"""
        self.clock.forward(days * 86400)
        wait_until(lambda: self.world.value('select count(*) from loket.outcome where y is null and due_at <= clock_timestamp()') == 0, 120,
                   'outcomes to be judged')

    def compare(self):
        """(figures as told, [what another count says otherwise], how many were compared)"""
        self.days = MONDAY.date() - datetime.timedelta(days=1), MONDAY.date() + datetime.timedelta(days=8)
        self.counted()
        connection = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        again = Recount(connection, *self.days)
        connection.close()
        told = self.kpis()
        wrong, n = differences(told, again.figures()), len(told['figures'])
        for by in BY:
            parts = self.kpis(by)
            for group in [g['group'] for g in parts['figures'][0]['groups']]:
                wrong += [f'{by} {group}: {s}' for s in differences(parts, again.figures(**{by: group}), group)]
                n += len(parts['figures'])
        return told['figures'], wrong, n


def shown(f):
    if 'value' not in f:
        return '-'
    return f"{f['value']:.1%}" if f['unit'] == 'share' else f"{f['value']:,.1f} s" if f['unit'] == 'seconds' else f"{f['value']:,.4g}"


def table(figures):
    yield f"{'figure':<18} {'':<42} {'value':>10} {'of':>7} {'target':>8}"
    for f in figures:
        target = f.get('target')
        yield (f"{f['id']:<18} {f.get('title', '')[:42]:<42} {shown(f):>10} {f['n']:>7} "
               f"{shown(f | {'value': target}) if target is not None else '':>8}")


def main():
    p = argparse.ArgumentParser(prog='./loket demo --week', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--week', action='store_true', help=argparse.SUPPRESS)
    p.add_argument('--seed', type=int, default=1, help='another one is another week (1)')
    p.add_argument('--hours', type=float, help='of the Monday from half past eight, instead of the week')
    options = p.parse_args()
    began = time.monotonic()
    begin = MONDAY.replace(hour=8, minute=30) if options.hours else MONDAY.replace(hour=6)
    end = begin + datetime.timedelta(hours=options.hours) if options.hours else MONDAY + datetime.timedelta(days=7)
    week = Week(options.seed, begin)
    try:
        week.run(end, lambda line: print(line, file=sys.stderr, flush=True))
        figures, wrong, n = week.compare()
        if not options.hours:
            print('and eight days later', file=sys.stderr)
            week.pass_days(8)
            figures, later, more = week.compare()
            wrong, n = wrong + later, n + more
    finally:
        week.close()
    print('\n'.join(table(figures)))
    print(f"\n{n} figures compared with a count of all rows: {'all the same' if not wrong else f'{len(wrong)} differ'}. "
          f'Seed {options.seed}, {time.monotonic() - began:.0f} s.')
    print('\n'.join(wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
