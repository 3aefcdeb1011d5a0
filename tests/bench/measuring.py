"""measuring.py - what the benches share: PostgreSQL as it would be set up, saying how far they are, CPU time of a process"""
import os
import pathlib
import re
import sys

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
    return ended + cpu_seconds(postmaster) + sum(cpu_seconds(c) for c in children)
