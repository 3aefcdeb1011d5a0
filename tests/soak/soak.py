#!/usr/bin/env python3
"""Hours of work in a municipality with something failing all the time: what is lost, doubled, in two hands, stuck, and does
memory grow? --only NAME does one fault again and again instead, as often as the table says (tests/support/fault_table.py)."""
import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'support'), str(HERE)]
import fault_table  # noqa: E402
import recorder  # noqa: E402
from slope import grows, slope  # noqa: E402
from town import CONFIG, Town  # noqa: E402
from world import SANITIZER, TOKENS, ROOT  # noqa: E402

WARM = 0.25                 # of an instance's life that is not looked at: caches fill
MEMORY_PER_HOUR = 1024      # kB: less than this is no growth
DESCRIPTORS_PER_HOUR = 1
# what is measured as a test program: its whole size. {name: (file, environment, what)}
PROGRAMS = {
    'duplicates': ('test_instances', {'LOKET_INSTANCES_MESSAGES': '10000'}, 'F17, F18: each message five times at two instances; reports shuffled'),
    'crash-points': ('test_crashes', {'LOKET_CRASH_TIMES': '3'}, 'F2: every crash point three times'),
    'poison': ('test_poison', {}, 'F21: what cannot be stored, among what can'),
}


def say(text=''):
    print(text, file=sys.stderr, flush=True)


class Watch(threading.Thread):
    """Looks at each process every second: [(seconds, RSS in kB, descriptors)] for each of its lives."""

    def __init__(self, town):
        super().__init__(daemon=True)
        self.town, self.lives, self.over = town, {}, threading.Event()
        self.began = time.monotonic()

    def run(self):
        while not self.over.wait(1):
            for n, instance in enumerate(self.town.instances):
                process = instance.process
                try:
                    status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
                    seen = (time.monotonic() - self.began, int(re.search(r'VmRSS:\s+(\d+)', status)[1]),
                            len(os.listdir(f'/proc/{process.pid}/fd')))
                except (OSError, AttributeError, TypeError):
                    continue
                self.lives.setdefault((n, process.pid), []).append(seen)

    def slopes(self):
        """For each instance, of its longest life: seconds, memory and descriptors as (an hour, ±) or None."""
        found = []
        for n in range(len(self.town.instances)):
            longest = max((life for (m, _), life in self.lives.items() if m == n), key=len, default=[])
            warm = longest[int(len(longest) * WARM):]
            found.append({'seconds': len(warm), 'rss_kb': warm[-1][1] if warm else None, 'descriptors': warm[-1][2] if warm else None,
                          'rss_kb_per_hour': slope([(t, kb) for t, kb, _ in warm]),
                          'descriptors_per_hour': slope([(t, n_fd) for t, _, n_fd in warm])})
        return found


class Soak:
    def __init__(self, options):
        self.o, self.happened, self.broken = options, [], []
        self.town = Town(instances=options.instances, config='log_level = "notice"\n' + CONFIG, seed=options.seed)
        self.watch, self.began = Watch(self.town), time.monotonic()

    def run(self):
        say(f'{self.o.instances} instances, {self.o.per_second} contacts a second, seed {self.o.seed}')
        self.town.start()
        self.town.open(per_second=self.o.per_second, agents=self.agents(), callers=2, posts=1,
                       acts={'reply': 0.4, 'decline': 0.05, 'ignore': 0.02, 'task': 0.02, 'transfer': 0.02, 'callback': 0.01,
                             'attempt': 0.3, 'stale': 0.05, 'reopen': 0.01, 'vanish': 0.002})
        self.watch.start()
        say(f"{'at':>7}  {'fault':24} {'lasted':>7} {'stores':>7} {'taken':>8} {'open':>6}  what came of it")
        try:
            if self.o.only:
                self.again_and_again(fault_table.table()[self.o.only])
            else:
                self.one_after_the_other()
            self.watch.over.set()
            say('citizens stop, agents finish')
            return self.report(self.town.rest(self.o.rest_seconds))
        finally:
            self.town.close()

    def agents(self):
        """Twenty who work: those of the demo world, and as many more as are missing, who can do everything."""
        from crowd import AGENTS
        more = [f'agent{n}' for n in range(self.o.agents - len(AGENTS))]
        for name in more:
            TOKENS[name] = self.town.world.tokens[name] = f'token-of-{name}-0123456789abcdef0123456789abcdef'
            self.town.world.psql("""with a as (
                insert into loket.agent (id, name, role, municipalities, products, languages, channels, teams, room_total)
                select gen_random_uuid(), %s, role, municipalities, products, '{nl}', channels, teams, 4 from loket.agent where name = 'Fatima'
                returning *)
                insert into loket.token (id, sha256, name, role, agent, municipalities)
                select gen_random_uuid(), sha256(%s), name, role, id, municipalities from a""", [name, TOKENS[name].encode()])
        return [*AGENTS[:self.o.agents], *more]

    # ---- faults

    def one_after_the_other(self):
        """Those that end a loketd come in the first half only, so that the second shows what happens to memory."""
        town, end = self.town, self.began + self.o.minutes * 60
        kinds = [c for c in fault_table.table().values() if c.in_soak and not c().can(town)]
        staying = [c for c in kinds if not c.ends_loketd] or kinds
        while time.monotonic() < end:
            late = time.monotonic() > self.began + self.o.minutes * 30
            next_ = time.monotonic() + self.o.every
            self.once(town.chance.choice(staying if late else kinds)())
            time.sleep(max(0, min(next_, end) - time.monotonic()))

    def again_and_again(self, kind):
        why = kind().can(self.town)
        if why:
            sys.exit(f'{kind.name} cannot be done here: {why}')
        for _ in range(self.o.times or kind.times):
            time.sleep(self.town.chance.random() * 0.3)
            self.once(kind())

    def once(self, fault):
        town, at = self.town, time.monotonic()
        fault.begin(town)
        time.sleep(town.chance.uniform(*fault.lasts_s))
        fault.end(town)
        lasted = time.monotonic() - at
        try:
            stores, wrong = town.goes_on(fault.goes_on_s), []
        except AssertionError as e:
            stores, wrong = math.nan, [str(e)]
        wrong += [*fault.holds(town), *town.look().lines()]
        n_open = town.world.value("select count(*) from loket.case_file where state <> 'closed'")
        self.happened.append({'fault': fault.name, 'number': fault.number, 'at_s': round(at - self.began, 1), 'lasted_s': round(lasted, 2),
                              'stores_after_s': round(stores, 2), 'wrong': wrong})
        self.broken += [f'{fault.name}: {w}' for w in wrong]
        say(f"{at - self.began:6.0f}s  {fault.number + ' ' + fault.name:24} {lasted:6.1f}s {stores:6.1f}s "
            f"{len(town.recorder.acknowledged):8} {n_open:6}  {'; '.join(wrong) or 'well'}")

    # ---- the end

    def report(self, found):
        slopes, n, r = self.watch.slopes(), len(self.happened), self.town.recorder
        for number, s in enumerate(slopes, 1):
            if grows(s['rss_kb_per_hour'], MEMORY_PER_HOUR):
                self.broken.append(f'the memory of instance {number} grows')
            if grows(s['descriptors_per_hour'], DESCRIPTORS_PER_HOUR):
                self.broken.append(f'the descriptors of instance {number} grow')
        counts = {kind: found.count(kind) for kind in recorder.KINDS}
        result = {'minutes': round((time.monotonic() - self.began) / 60, 1), 'seed': self.o.seed, 'faults': n,
                  'acknowledged': len(r.acknowledged), 'calls': len(r.calls), 'tries': r.tries, 'accepted': len(r.taken), 'replies': len(r.replies),
                  'uncertain': self.town.world.value("select count(*) from loket.contact where delivery = 'uncertain'"),
                  **counts, 'what': found.lines(), 'broken': self.broken, 'instances': slopes, 'happened': self.happened}
        if self.o.json:
            print(json.dumps(result, indent=1))
        self.show(result)
        return 1 if self.broken or found.lines() else 0

    def show(self, r):
        say(f"\n{r['minutes']} minutes, {r['faults']} faults; {r['acknowledged']} contacts and {r['calls']} calls acknowledged in {r['tries']} tries, "
            f"{r['accepted']} times a case was taken, {r['replies']} replies, {r['uncertain']} of them uncertain")
        for kind in recorder.KINDS:
            say(f'{kind:12} {r[kind]}')
        if r['faults'] and not any(r[k] for k in recorder.KINDS):
            say(f"             so at most {3 / r['faults']:.2%} of such faults harm something (95 %, rule of three)")
        for n, s in enumerate(r['instances'], 1):
            say(f"instance {n}   memory {s['rss_kb']} kB, {self.per_hour(s['rss_kb_per_hour'], 'kB')}; descriptors {s['descriptors']}, "
                f"{self.per_hour(s['descriptors_per_hour'], '')}; over {s['seconds']} s")
        for line in [*r['what'], *r['broken']]:
            say('WRONG: ' + line)

    @staticmethod
    def per_hour(found, unit):
        return 'lived too short for a slope' if found is None else f'{found[0]:+.1f} ± {found[1]:.1f} {unit}/h'


def show_list():
    print(f"{'name':24} {'':5} {'times':>6}  what")
    for c in fault_table.table().values():
        print(f'{c.name:24} {c.number:5} {c.times:6}  {c.says}')
    for name, (_, _, what) in PROGRAMS.items():
        number, _, rest = what.partition(': ')
        print(f'{name:24} {number:5}         {rest}')


def main():
    p = argparse.ArgumentParser(prog='./loket soak', description=__doc__)
    p.add_argument('--minutes', type=float, default=60, help='how long (60)')
    p.add_argument('--every', type=float, default=10, metavar='SECONDS', help='from one fault to the next (10)')
    p.add_argument('--only', metavar='NAME', help='this fault alone, again and again; see --list')
    p.add_argument('--times', type=int, metavar='N', help='with --only: how often (the table says)')
    p.add_argument('--seed', type=int, default=1, help='of chance: what fails when (1)')
    p.add_argument('--per-second', type=int, default=50, metavar='N', help='contacts (50)')
    p.add_argument('--agents', type=int, default=20, metavar='N', help='who work (20)')
    p.add_argument('--instances', type=int, default=2, metavar='N', help='loketd (2)')
    p.add_argument('--rest-seconds', type=int, default=180, metavar='N', help='for agents to finish at the end (180)')
    p.add_argument('--json', action='store_true', help='the result on stdout, for a machine')
    p.add_argument('--list', action='store_true', help='the table of faults')
    o = p.parse_args()
    if o.list:
        show_list()
        return 0
    if o.only in PROGRAMS:
        name, environment, _ = PROGRAMS[o.only]
        return subprocess.run([sys.executable, str(ROOT / 'tests/it' / f'{name}.py')], check=False, env=os.environ | environment).returncode
    if o.only and o.only not in fault_table.table():
        p.error(f'there is no fault {o.only}; see --list')
    return Soak(o).run()


if __name__ == '__main__':
    sys.exit(main())
