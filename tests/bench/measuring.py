"""measuring.py - what the benches share: PostgreSQL as it would be set up, saying how far they are, CPU time of a process"""
import os
import pathlib
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
