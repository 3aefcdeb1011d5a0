"""fault_table.py - the table of faults that ./loket soak draws from, and that tests begin and end one by one

A fault is a subclass of Fault; to add one, write it here, or in a module that is named in MODULES below. Each happening is an
object of its own, so what it has to remember between begin and end is kept in self.
"""
import importlib
import signal
import time

from servers import PATIENCE, within

MODULES = []        # more of the table: names of modules in this folder


class Fault:
    name = None             # for --only
    number = ''             # in the list of faults that loketd was built against (F1 … F36)
    says = ''               # what happens, in a line
    lasts_s = (0, 0)        # between begin and end: from, to
    goes_on_s = 30          # after end every instance stores again within so many seconds
    times = 100             # with --only: how often, unless --times says otherwise
    ends_loketd = False     # an instance ends by it: then nothing can be said of its memory
    in_soak = True          # False: only with --only

    def can(self, town):
        """Why it cannot be done here, or None."""

    def begin(self, town):
        """Make it happen. Called from the thread that started loketd."""
        raise NotImplementedError

    def end(self, town):
        """Make it good again; returns when the servers are there. town.goes_on follows."""

    def holds(self, town):
        """After town.goes_on: what does not hold of this fault alone, in words. The general questions are asked anyway."""
        return []


class KillOne(Fault):
    name, number, says = 'kill-one', 'F1', 'kill -9 of one instance at any moment, started again at once'
    lasts_s, times, ends_loketd = (0, 0.3), 1000, True

    def begin(self, town):
        town.some().kill9()

    def end(self, town):
        town.start_again()


class KillAll(KillOne):
    name, number, says = 'kill-all', 'F3', 'kill -9 of all instances at once'
    times = 100

    def begin(self, town):
        for instance in town.instances:
            instance.process.kill()
        for instance in town.instances:
            instance.kill9()


class CrashPostgres(Fault):
    name, number, says = 'postgres-crash', 'F4', 'PostgreSQL ends as in a crash (immediate), and recovers'
    lasts_s, times = (0, 1), 50

    def begin(self, town):
        town.servers.pg_stop(signal.SIGQUIT)

    def end(self, town):
        town.servers.pg_start()


class CrashUnderWay(CrashPostgres):
    name, says = 'postgres-crash-writing', 'the same while transactions have certainly written and not committed'

    def begin(self, town):
        import psycopg2     # not needed to show the table
        holder = psycopg2.connect(town.servers.conninfo(town.world.database, 'loket'))
        with holder.cursor() as cursor:
            cursor.execute('lock table loket.contact in exclusive mode')     # may be read, not written
            time.sleep(0.25)
            town.servers.pg_stop(signal.SIGQUIT)
        holder.close()


class KillRedis(Fault):
    name, number, says = 'redis-kill', 'F10', 'kill -9 of Redis, which comes back empty'
    lasts_s = (0, 3)

    def begin(self, town):
        town.servers.redis_stop()

    def end(self, town):
        town.servers.redis_start()


class FlushRedis(Fault):
    name, number, says = 'redis-flushall', 'F11', 'FLUSHALL'

    def begin(self, town):
        town.world.redis('FLUSHALL')

    def holds(self, town):
        return [] if within(PATIENCE, lambda: town.world.redis('EXISTS', 'loket:queue:whole')) else ['no queue in Redis']


class FrozenRedis(Fault):
    name, number, says = 'redis-frozen', 'F14', 'Redis answers nothing, and takes everything'
    lasts_s, times = (1, 20), 20

    def begin(self, town):
        town.servers.redis.send_signal(signal.SIGSTOP)

    def end(self, town):
        town.servers.redis.send_signal(signal.SIGCONT)


class LostCommits(Fault):
    name, number, says = 'commits-lost', 'F9', 'the answer to one COMMIT in three does not come, though it happened'
    lasts_s, times = (2, 10), 50

    def begin(self, town):
        town.lines['PostgreSQL'].often(0.3)

    def end(self, town):
        town.lines['PostgreSQL'].often(0)


class Partition(Fault):
    name, number, says = 'partition', 'F15', 'one instance cannot reach PostgreSQL, or Redis, or both: refused, or silence'
    lasts_s, times = (1, 20), 60

    def begin(self, town):
        for name in town.chance.sample(sorted(town.lines), town.chance.randint(1, len(town.lines))):
            town.chance.choice([town.lines[name].refuse, town.lines[name].stall])()

    def end(self, town):
        for line in town.lines.values():
            line.heal()


class Asleep(Fault):
    name, number, says = 'asleep', 'F16', 'an instance does nothing for longer than its lease, and wakes up believing that it leads'
    lasts_s, times, who = (3, 8), 40, None

    def begin(self, town):
        self.who = town.leader()[0].process
        self.who.send_signal(signal.SIGSTOP)

    def end(self, town):
        self.who.send_signal(signal.SIGCONT)


class AgentVanishes(Fault):
    name, number, says = 'agent-vanishes', 'F20', 'an agent takes a case, and is never heard of again'
    times, who = 200, None

    def begin(self, town):
        self.who = town.chance.choice(town.crowd.agents)
        self.who.vanished_with, self.who.vanishes = None, True

    def holds(self, town):
        if not self.who.vanished_with:
            self.who.vanishes = False       # nobody asked
            return []
        case, epoch = self.who.vanished_with
        gone = within(PATIENCE, lambda: town.world.value('select epoch from loket.case_file where id = %s', [case]) > epoch)
        return [] if gone else ['the case of somebody who vanished does not go back']


def table():
    """{name: class} of all faults."""
    for module in MODULES:
        importlib.import_module(module)

    def below(c):
        return [c] + [x for sub in c.__subclasses__() for x in below(sub)]
    return {c.name: c for c in below(Fault) if c.name}
