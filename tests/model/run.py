#!/usr/bin/env python3
"""run.py - queue.pml exhausted by spin: what should hold holds, each seeded mistake is found. Speaks TAP.

What is not exhausted (memory, depth) has failed, and so has a mistake that was not found. The steps that lead to an error
that should not be there are printed. LOKET_MODEL=long runs the larger configuration as well.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent / 'queue.pml'
MISTAKES = {        # what they are, and where they show
    'NO_UNIQUE_KEY': 'safety',          # what comes twice is stored twice
    'ANSWER_FIRST': 'safety',           # 2xx before COMMIT
    'NO_FENCE': 'safety',               # offers are written without a look at the lease
    'NO_FENCE_EPOCH': 'safety',         # or at its holder only: who lost it and got it again goes on where it was
    'NO_EPOCH': 'safety',               # an agent's write looks at the state of the case only
    'NO_SWEEP': 'liveness -DONE',       # what the dispatcher did not hear of is not looked for
    'NO_EXPIRE': 'liveness -DONE',      # offers stand for ever
    'NO_LOST': 'liveness -DONE',        # who vanished keeps what they had
    'NO_REBUILD': 'liveness -DONE -DREDIS',   # Redis is not compared with PostgreSQL
}
HOLDS = {'safety': 'safety', 'liveness': 'liveness -DONE -DREDIS'}
LONG = {'liveness of two': 'liveness'}
BUILD = {'safety': '-DSAFETY -DNOCLAIM', 'liveness': '-DNFAIR=3'}
SEARCH = {'safety': '-m1000000', 'liveness': '-a -f -m1000000'}


class Run:
    def __init__(self, name, how, mistake=False):
        self.name, self.mistake = name, mistake
        self.kind, *self.defines = how.split()
        self.defines += ['-DLIVENESS'] * (self.kind == 'liveness') + [f'-D{name}'] * mistake

    def sh(self, folder, command):
        done = subprocess.run(command, shell=True, cwd=folder, check=False, capture_output=True, text=True)
        self.said = done.stdout + done.stderr
        return done.returncode == 0

    def go(self):
        """True when it ended as it should."""
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            cc = f'cc -w {"-O0" if self.mistake else "-O2"} {BUILD[self.kind]} -DMEMLIM=8000 -o pan pan.c'
            if not self.sh(folder, f'spin {" ".join(self.defines)} -a {MODEL}') or not self.sh(folder, cc):
                return False
            self.sh(folder, f'./pan -n {SEARCH[self.kind]}')
            self.seconds = time.monotonic() - began
            errors = re.search(r'errors: (\d+)', self.said)
            self.states = re.search(r'(\S+) states, stored', self.said)
            self.memory = re.search(r'(\S+)\s+total actual memory', self.said)
            self.exhausted = errors and not re.search(r'too small|not completed|out of memory|MEMLIM|truncated', self.said)
            found = bool(errors and errors[1] != '0')
            if found and not self.mistake:
                said, _ = self.said, self.sh(folder, f'spin {" ".join(self.defines)} -t -p -g -v {MODEL}')
                self.said = said + self.said[-20000:]
            return found if self.mistake else bool(self.exhausted and not found)

    def line(self):
        states = f'{float(self.states[1]):,.0f} states' if self.states else '?'
        return f'{self.name}: {states}, {self.memory[1] if self.memory else "?"} MB, {self.seconds:.1f} s'


def main():
    runs = [Run(name, how) for name, how in HOLDS.items()]
    if os.environ.get('LOKET_MODEL') == 'long':
        runs += [Run(name, how) for name, how in LONG.items()]
    runs += [Run(name, how, mistake=True) for name, how in MISTAKES.items()]
    if not shutil.which('spin'):
        print('1..0 # SKIP spin is not installed')
        return 0
    print(f'1..{len(runs)}', flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for n, (run, good) in enumerate(zip(runs, pool.map(Run.go, runs)), 1):
            print(f'{"ok" if good else "not ok"} {n} {run.line()}', flush=True)
            if not good:
                bad += 1
                print('\n'.join('# ' + s for s in run.said.splitlines()), flush=True)
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
