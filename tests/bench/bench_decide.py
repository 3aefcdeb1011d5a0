#!/usr/bin/env python3
"""what one routing decision costs, and a takeover, with a million cases waiting and ten thousand agents

    ./loket bench decide [--waiting 1000000] [--agents 10000] [--rounds 200000] [--only cost|takeover] [--json]

Cost: tests/bench/decide.c, in memory, one thread, CPU time (other work on the machine still slows memory). Gate: p99 of a decision on
either side, and of a change of an agent or a contact, is at most 20 µs. "first look" is an agent's first decision after a start;
"explained" is a decision with all its candidates and reasons, as it is recorded with an offer. Memory is without the agents.

Takeover: takeover.py, a loketd on a PostgreSQL of its own in which all that waits and Redis's queue stand, which takes minutes to fill.
It takes the lease, reads it all, and offers, while 100 contacts a second come in. Gate: everything is read in 10 s.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOKETD = pathlib.Path(os.environ.get('LOKETD', ROOT / 'build-release/daemon/loketd'))
GATE_US = 20
TAKEOVER_S = 10
GATED = ('contact_side', 'agent_side', 'agent_changes', 'contact_arrives', 'contact_leaves')


def measure(options):
    folder = LOKETD.resolve().parent.parent
    subprocess.run(['ninja', '-C', folder, 'tests/bench/decide'], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([folder / 'tests/bench/decide', str(options.waiting), str(options.agents), str(options.rounds)],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def show_takeover(r):
    print(f'\ntakeover with {r["read"]:,} waiting and {r["agents"]:,} agents, of whom 15 % have nothing in hand')
    print(f'  all that waits is read        {r["loaded_s"]:8.1f} s   ' + ('passed' if r['loaded_s'] <= TAKEOVER_S else 'missed'))
    print(f'  the first offer, from lease   {r["first_offer_s"]:8.2f} s')
    print(f'  CPU of loketd; of PostgreSQL  {r["cpu_s"]:8.1f} s; {r["postgres_cpu_s"]:.1f} s, with what came in')
    print(f'  memory before; after          {r["memory_mb"]:8} MB; {r["memory_after_mb"]} MB')
    for when in ('before', 'meanwhile'):
        i = r['intake_' + when]
        print(f'  contacts stored {when:14}{i["n"]:8,}     p50 {i["p50_ms"]:.0f} ms, p99 {i["p99_ms"]:.0f} ms, not stored {i["failed"]}')
    if r['load'] > os.cpu_count() + 3:
        print(f'  (other work was going on: load {r["load"]:.1f}; measure again when it is quiet)')


def show(r):
    print(f'{r["waiting"]:,} waiting, {r["agents"]:,} agents\n')
    print(f'{"":24}{"mean µs":>9}{"p50":>9}{"p99":>9}')
    for name, row in r.items():
        if isinstance(row, dict):
            gate = '' if name not in GATED else '  passed' if row['p99_us'] <= GATE_US else '  missed'
            print(f'{name.replace("_", " "):24}{row["mean_us"]:9.2f}{row["p50_us"]:9.2f}{row["p99_us"]:9.2f}{gate}')
    print(f'\nmemory of a waiting case {r["bytes_per_case"]:.0f} bytes; all of them put back into an empty router in '
          f'{r["build_s"]:.1f} s; bars and occupancies anew in {r["refresh_ms"]:.0f} ms; '
          f'a look at every class in {r["look_again_ms"]:.1f} ms')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--waiting', type=int, default=1000000)
    p.add_argument('--agents', type=int, default=10000)
    p.add_argument('--rounds', type=int, default=200000)
    p.add_argument('--only', choices=('cost', 'takeover'))
    p.add_argument('--json', action='store_true')
    options = p.parse_args()
    r, passed = {}, True
    if options.only != 'takeover':
        r = measure(options)
        passed = all(r[name]['p99_us'] <= GATE_US for name in GATED)
        if not options.json:
            show(r)
    if options.only != 'cost':
        import takeover
        r['takeover'] = takeover.measure(options.waiting, options.agents)
        passed = passed and r['takeover']['loaded_s'] <= TAKEOVER_S and not r['takeover']['intake_meanwhile']['failed']
        if not options.json:
            show_takeover(r['takeover'])
    if options.json:
        print(json.dumps(r, indent=1))
    return 0 if passed else 1


if __name__ == '__main__':
    sys.exit(main())
