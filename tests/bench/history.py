"""history.py - fills a world with years of contacts (history.sql), agents at work and a queue (work.sql); it knows the ids"""
import pathlib
import random
import time

HERE = pathlib.Path(__file__).resolve().parent
STEP = 250_000      # cases in one transaction
PER_CASE = 4        # contacts
HOLD = "update loket.lease set holder = 'bench', epoch = epoch + 1, until = 'infinity' where name = 'dispatch'"


class History:
    """Of one world: cases 1 to .cases are there, the newest first."""

    def __init__(self, world):
        self.world, self.cases, self.offers, self.now_ms = world, 0, 0, int(time.time() * 1000)
        self.agents = 0

    def _sql(self, name, **variables):
        self.world.servers.psql_file(HERE / name, self.world.database, now_ms=self.now_ms, **variables)

    def grow(self, contacts, say):
        """Until there are so many contacts."""
        began = time.monotonic()
        while self.cases < contacts // PER_CASE:
            last = min(contacts // PER_CASE, self.cases + STEP)
            self._sql('history.sql', first=self.cases + 1, last=last)
            self.cases = last
            say(f'{self.cases * PER_CASE:,} contacts of history ({time.monotonic() - began:.0f} s)')
        self.world.psql('vacuum analyze')
        self.world.servers.query('checkpoint')

    def work(self, agents, waiting):
        """Once: agents with cases in hand, and a queue."""
        self.agents = agents
        self._sql('work.sql', agents=agents, waiting=waiting)

    def offer(self, n):
        """n more offers; their numbers."""
        first = self.offers + 1
        self.offers += n
        self._sql('offers.sql', agents=self.agents, first=first, last=self.offers, parties=self.cases)
        return range(first, self.offers + 1)

    # ---- ids, as the SQL makes them

    def _id(self, ms, kind, n):
        h = f'{ms:012x}7{kind:03x}8{n:015x}'
        return f'{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}'

    def _opened_ms(self, c):
        return self.now_ms - 3600000 - c * 25000

    def case_id(self, c):
        return self._id(self._opened_ms(c), 1, c)

    def party_id(self, c):
        return self._id(self._opened_ms(c // 2 * 2), 2, c // 2)

    def offer_id(self, n):
        return self._id(self.now_ms + n, 14, n)

    def offered_id(self, n):
        return self._id(self.now_ms + n, 13, n)

    def token(self, n):
        return f'bench-token-of-agent-{1 + n % self.agents}'

    def some(self, n, seed):
        """Numbers of cases, spread over all of the history."""
        rng = random.Random(seed)
        return [rng.randint(2, self.cases - 1) for _ in range(n)]
