"""wrong_clock.py - a loketd whose wall clock is ahead or behind (tests/support/clock.c); PostgreSQL's stays as it is

    clock = WrongClock(world)       # before it starts
    clock.set(86400)                # seconds ahead, at once
"""
import struct
import subprocess
from email.utils import parsedate_to_datetime

from servers import CLOCK, LOKETD


class WrongClock:
    def __init__(self, world):
        self.world, self.path = world, world.dir / 'clock'
        self.path.write_bytes(bytes(8))
        linked = subprocess.run(['ldd', LOKETD], check=True, capture_output=True, text=True).stdout.splitlines()
        first = [line.split()[2] for line in linked if 'libasan' in line]       # a sanitizer wants to be loaded before anything else
        world.environment = {'LD_PRELOAD': ':'.join([*first, CLOCK]), 'LOKET_CLOCK': str(self.path)}

    def set(self, seconds):
        with open(self.path, 'r+b') as f:
            f.write(struct.pack('=q', seconds))

    def now(self):
        """What it says, in seconds since 1970."""
        return parsedate_to_datetime(self.world.request('GET', '/livez').headers['Date']).timestamp()
