#!/usr/bin/env python3
"""what one routing decision costs, with a million cases waiting and ten thousand agents

    ./loket bench decide [--waiting 1000000] [--agents 10000] [--rounds 200000] [--json]

tests/bench/decide.c, in memory, one thread, CPU time (other work on the machine still slows memory). Gate: p99 of a decision on
either side, and of a change of an agent or a contact, is at most 20 µs. "first look" is an agent's first decision after a start;
"explained" is a decision with all its candidates and reasons, as it is recorded with an offer. Memory is without the agents.
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
GATED = ('contact_side', 'agent_side', 'agent_changes', 'contact_arrives', 'contact_leaves')


def measure(options):
    folder = LOKETD.resolve().parent.parent
    subprocess.run(['ninja', '-C', folder, 'tests/bench/decide'], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([folder / 'tests/bench/decide', str(options.waiting), str(options.agents), str(options.rounds)],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


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
    p.add_argument('--json', action='store_true')
    options = p.parse_args()
    r = measure(options)
    print(json.dumps(r, indent=1)) if options.json else show(r)
    return 0 if all(r[name]['p99_us'] <= GATE_US for name in GATED) else 1


if __name__ == '__main__':
    sys.exit(main())
