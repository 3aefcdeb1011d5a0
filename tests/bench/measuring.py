"""measuring.py - what the benches share: PostgreSQL as it would be set up, saying how far they are, CPU time of a process"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
from servers import LOKETD  # noqa: E402

# a test server is small and vacuums often, so that a test sees it happen; here it is as PostgreSQL ships it, with room for
# what is written while we measure
POSTGRES = {'shared_buffers': '256MB', 'autovacuum_naptime': '1min', 'max_wal_size': '4GB', 'checkpoint_timeout': '30min'}
TICK = os.sysconf('SC_CLK_TCK')


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_kb(pid, what):
    return int(re.search(rf'{what}:\s+(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text())[1])


def postgres_cpu_seconds(postmaster):
    """of all its processes, also those that have ended"""
    fields = pathlib.Path(f'/proc/{postmaster}/stat').read_text().rsplit(')', 1)[1].split()
    ended = (int(fields[13]) + int(fields[14])) / TICK
    children = pathlib.Path(f'/proc/{postmaster}/task/{postmaster}/children').read_text().split()
    of_children = 0
    for child in children:
        with contextlib.suppress(FileNotFoundError):     # ended since: it is asked for in "ended" the next time
            of_children += cpu_seconds(child)
    return ended + cpu_seconds(postmaster) + of_children


def build(*tools):
    """The folder with these programs of tests/bench, of the same build as loketd."""
    folder = pathlib.Path(LOKETD).resolve().parent.parent
    subprocess.run(['ninja', '-C', folder, *[f'tests/bench/{t}' for t in tools]], check=True, stdout=subprocess.DEVNULL)
    return folder / 'tests/bench'


def run(*command):
    """What it prints; the end of the bench when it fails."""
    done = subprocess.run([str(w) for w in command], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{command[0]}: {done.stderr}')
    return done.stdout


def with_cpu(measure, pid):
    """measure() is one of tests/bench/client.h; its result with rate, and cpu_us: what pid computed for each answer."""
    before = cpu_seconds(pid)
    r = json.loads(measure())
    return r | {'rate': r['n'] / r['seconds'], 'cpu_us': (cpu_seconds(pid) - before) / max(1, r['n']) * 1e6}


def pgbench(servers, database, script, clients, seconds, user='loket', log=None, **variables):
    """Prepared statements; {"rate", "n", "p50_us", "p99_us"}, the last two when log is a folder."""
    command = [f'{servers.bin}/pgbench', '-n', '-M', 'prepared', '-c', clients, '-j', min(2, clients), '-T', max(1, round(seconds)), '-f', script,
               '-h', servers.dir, '-U', user]
    if log:
        command += ['--log', '--log-prefix', f'{log}/pgbench']
    for name, value in variables.items():
        command += ['-D', f'{name}={value}']
    out = run(*command, database)
    r = {'rate': float(re.search(r'tps = ([\d.]+)', out)[1]), 'n': int(re.search(r'transactions actually processed: (\d+)', out)[1])}
    if log:
        logs = list(pathlib.Path(log).glob('pgbench.*'))
        us = sorted(int(line.split()[2]) for path in logs for line in path.read_text().splitlines())
        for path in logs:
            path.unlink()
        r |= {'p50_us': us[len(us) // 2], 'p99_us': us[len(us) * 99 // 100]}
    return r


class Gate:
    """A ratio and what it is to be: at least or at most."""

    def __init__(self, value, least=None, most=None):
        self.value, self.least, self.most = value, least, most
        self.passed = (least is None or value >= least) and (most is None or value <= most)

    def __str__(self):
        wish = f'≥ {self.least:g}' if self.least is not None else f'≤ {self.most:g}'
        return f'{self.value:8.2f}   {wish:8} {"passed" if self.passed else "MISSED"}'

    def json(self):
        return {'value': round(self.value, 3), 'passed': self.passed} | (
            {'least': self.least} if self.least is not None else {'most': self.most})


def busy():
    """What to say when the figures are of a busy machine, or None."""
    load = os.getloadavg()[0]
    return f'other work was going on: load {load:.1f} on {os.cpu_count()} cores; measure again when it is quiet' \
        if load > os.cpu_count() + 3 else None


def finish(options, result, gates, show):
    """Prints result as a table or as JSON, with its gates; the exit code says whether all were passed."""
    if options.json:
        print(json.dumps(result | {'gates': {k: g.json() for k, g in gates.items()}, 'load': os.getloadavg()[0]}, indent=1))
    else:
        show(result)
        if gates:
            print()
        for name, gate in gates.items():
            print(f'  {name:76} {gate}')
        if busy():
            print(f'  ({busy()})')
    return 0 if all(g.passed for g in gates.values()) else 1
