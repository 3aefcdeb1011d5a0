"""pair.py - two PostgreSQL clusters, one the standby of the other, that change places as often as one likes.

    pair = Pair()                   # Servers, with a primary and a synchronous standby
    pair.cut_off()                  # from now on the standby hears nothing
    pair.fail_over()                # the primary crashes and stays away, the standby is promoted
    pair.rejoin()                   # who crashed becomes the standby of the other

pair.synchronous = False: a standby that commits do not wait for.
"""
import shutil
import subprocess

from servers import Servers, die_with_us, wait_until


class Pair(Servers):
    keeps_connections = False       # the next query may be for the other one
    # fsync is off, since nothing here loses power: a crash is one of the processes
    settings = {'synchronous_commit': 'on', 'full_page_writes': 'on', 'wal_receiver_status_interval': '1s',
                'wal_retrieve_retry_interval': '100ms', 'wal_sender_timeout': '5s'}

    def __init__(self, synchronous=True):
        super().__init__()
        self.synchronous, self.away = synchronous, None
        self.folders = [self.dir, self.dir / 'b']
        self.folders[1].mkdir(mode=0o755)
        shutil.chown(self.folders[1], self.dir.owner())
        self.primary, self.processes = 0, [self.pg, None]
        self.rejoin()
        self.pg_host = ','.join(str(f) for f in self.folders)

    def at(self, i, sql):
        """Of one of both, as superuser."""
        done = subprocess.run(['psql', '-X', '-q', '-A', '-t', '-h', str(self.folders[i]), '-U', 'loket', '-d', 'postgres',
                               '-v', 'ON_ERROR_STOP=1', '-c', sql], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def conninfo(self, database='postgres', user=None):
        return super().conninfo(database, user) + ' target_session_attrs=read-write'

    def _set(self, i, name, value):
        self.at(i, f"alter system set {name} = '{value}'")
        self.at(i, 'select pg_reload_conf()')

    def rejoin(self):
        """A copy of the primary follows it; commits wait for it from now on."""
        to = 1 - self.primary
        shutil.rmtree(self.folders[to] / 'pg', ignore_errors=True)
        subprocess.run(die_with_us([f'{self.bin}/pg_basebackup', '-h', str(self.folders[self.primary]), '-U', 'loket', '-D',
                                    str(self.folders[to] / 'pg'), '-R', '-c', 'fast', '--no-sync'], 'postgres'),
                       cwd='/', check=True, stdout=subprocess.DEVNULL)
        self.processes[to] = self._start_postgres(self.folders[to])
        if self.synchronous:
            self._set(self.primary, 'synchronous_standby_names', '*')
        wait_until(lambda: self.at(self.primary, 'select sync_state from pg_stat_replication where state = \'streaming\'')
                   == ('sync' if self.synchronous else 'async'), 30, 'the standby to follow')

    def cut_off(self):
        self._set(1 - self.primary, 'primary_conninfo', '')
        wait_until(lambda: self.at(self.primary, 'select count(*) from pg_stat_replication') == '0', 10, 'the standby to be alone')

    def crash(self):
        """As an immediate shutdown: no process of it says another word. It does not come back as it was."""
        self.pg = self.processes[self.primary]
        super().pg_stop()

    def promote(self):
        self.primary = 1 - self.primary
        self.at(self.primary, 'select pg_promote()')
        self._set(self.primary, 'synchronous_standby_names', '')
        self.pg = self.processes[self.primary]

    def fail_over(self):
        self.crash()
        self.promote()

    def close(self):
        for self.pg in self.processes:
            super().pg_stop()
        super().close()
