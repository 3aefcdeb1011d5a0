"""town.py - what faults are done to: several loketd on one PostgreSQL and Redis, a crowd that works, a recorder outside

    town = Town(seed=1)
    town.start()
    town.open(per_second=20)            # the crowd comes
    fault = fault_table.KillOne(); fault.begin(town); …; fault.end(town)
    town.goes_on(30)                    # seconds until every instance stores again
    found = town.rest(60)               # citizens stop, agents finish: Findings
    town.close()
"""
import random
import time

import recorder
from crowd import Crowd
from instance import beside, end_beside, leader
from proxy import PgLine, Proxy
from servers import wait_until
from world import NO_BUDGETS, World, whatsapp_body

CONFIG = NO_BUDGETS + '''
dispatch { sweep_seconds = 1 offer_seconds = 3 presence_seconds = 5 }
calls { call_silent_minutes = 1 }
'''


class Town:
    """.world is the first of .instances; .chance decides what happens where. .lines: what the last instance reaches PostgreSQL
    and Redis by."""

    def __init__(self, instances=2, config=CONFIG, environment=None, seed=0, fsync=True, allow=()):
        self.world = World(config, fsync=fsync, record=False, environment=environment, allow=allow)
        self.instances = [self.world, *(beside(self.world, f'instance{n}') for n in range(2, instances + 1))]
        self.servers, self.recorder, self.chance, self.crowd = self.world.servers, recorder.Recorder(), random.Random(seed), None
        self.lines = self._lines_of(self.instances[-1])
        self.serial, self.seed = 0, seed

    def _lines_of(self, instance):
        redis = str(instance.dir / 'redis-line')
        instance.redis_address = f'unix:{redis}'
        return {'PostgreSQL': PgLine.before(instance), 'Redis': Proxy(redis, self.servers.redis_socket)}

    def start(self):
        for instance in self.instances:
            instance.start(wait=False)
        for instance in self.instances:
            instance.wait_ready()
        return self

    def open(self, **crowd):
        self.crowd = Crowd(self.instances, self.recorder, seed=self.seed, **crowd)
        return self

    def close(self):
        """Everything ends, and must end well."""
        if self.crowd:
            self.crowd.stop()
        try:
            for other in self.instances[1:]:
                end_beside(other)
        finally:
            self.world.close()
            for line in self.lines.values():
                line.close()

    # ---- what faults use

    def some(self):
        """One of the instances."""
        return self.chance.choice(self.instances)

    def leader(self):
        """(who dispatches, the others)"""
        return leader(self.instances)

    def start_again(self):
        """Whoever is not there is started; returns at once. One that ended by itself and not by a fault: AssertionError."""
        for instance in self.instances:
            if instance.process is None:
                instance.start(wait=False)
            elif instance.process.poll() is not None:
                raise AssertionError(f'a loketd ended with {instance.process.returncode}:\n{instance.log()[-3000:]}')

    # ---- what must hold

    def stores(self, instance):
        """Is a message taken there?"""
        self.serial += 1
        try:
            return instance.hook('dordrecht-whatsapp', whatsapp_body('Is er iemand?', wa_id='31600000000',
                                                                     message_id=f'wamid.probe{self.serial}'), timeout=5).status == 200
        except OSError:
            return False

    def goes_on(self, limit_s):
        """Seconds until every instance stores again; AssertionError after limit_s."""
        began = time.monotonic()
        for instance in self.instances:
            wait_until(lambda i=instance: self.stores(i), limit_s, 'every instance to store again')
        self.recorder.drain(self.world.standin)
        return time.monotonic() - began

    def look(self):
        """What is wrong now, in PostgreSQL alone: cheap, and at any moment."""
        return recorder.ask(self.world, recorder.ALWAYS)

    def rest(self, limit_s):
        """Citizens stop and agents finish, for limit_s at most; then all questions."""
        self.crowd.feeding = False
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            # what would come with time comes now: call-backs, calls that are silent, replies to be tried again
            self.world.psql("update loket.callback set not_before = clock_timestamp() where state = 'open' and not due")
            self.world.psql("update loket.call set seen_at = clock_timestamp() - interval '2 minutes' where state <> 'ended'")
            self.world.psql("update loket.outbox set next_at = clock_timestamp() where state = 'queued'")
            if not recorder.ask(self.world, recorder.AT_REST).lines():
                break
            time.sleep(0.5)
        self.crowd.stop()
        # what the last of it brings about, a survey for one, is said a moment later
        while (found := recorder.judge(self.world, self.recorder, recorder.AT_REST)).lines() and time.monotonic() < end:
            time.sleep(0.5)
        return found
