#!/usr/bin/env python3
"""What an operator does: the command line, the configuration file, migrations."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import LOKETD, ROOT  # noqa: E402


def loketd(*arguments):
    return subprocess.run([LOKETD, *arguments], check=False, capture_output=True, text=True)


class CommandLine(unittest.TestCase):
    def test_shipped_file_lists_every_option_at_its_default(self):
        self.assertEqual(loketd('--print-config').stdout, (ROOT / 'config/loketd.conf').read_text())
        self.assertEqual(loketd('--print-config', '--config', str(ROOT / 'config/loketd.conf')).stdout,
                         (ROOT / 'config/loketd.conf').read_text())

    def test_check_config_names_every_mistake_with_its_line(self):
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
            f.write('lisen = 1\nhttp {\n\tmax_headers = 1\n}\n')
            f.flush()
            done = loketd('--check-config', '--config', f.name)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"{f.name}:1: no such option 'lisen'\n"
                                      f'{f.name}:3: max_headers must be from 8 to 500\n')

    def test_version_names_the_libraries(self):
        text = loketd('--version').stdout
        for word in ['loketd', 'libevent', 'deb12u1', 'llhttp', 'libpq', 'hiredis', 'libcurl', 'openssl', 'jansson']:
            self.assertIn(word, text)

    def test_usage(self):
        self.assertEqual(loketd('--help').returncode, 0)
        self.assertEqual(loketd('--bogus').returncode, 2)
        self.assertEqual(loketd('--check-config', '--migrate').returncode, 2)
        self.assertEqual(loketd('stray').returncode, 2)


class Migrations(unittest.TestCase):
    def setUp(self):
        self.world = world.World(empty=True)
        self.world._write_config(self.world.database)

    def tearDown(self):
        self.world.close()

    def migrate(self):
        return loketd('--config', str(self.world.dir / 'loketd.conf'), '--migrate')

    def test_again_is_harmless(self):
        self.assertEqual(self.migrate().returncode, 0)
        files = sorted((ROOT / 'proto/db').glob('*.sql'))
        rows = self.world.psql('select number, name, sha256 from public.loket_migration order by number')
        self.assertEqual([r[1] for r in rows], [f.stem for f in files])

    def test_changed_file_is_refused(self):
        self.world.psql("update public.loket_migration set sha256 = 'other' where number = 1")
        done = self.migrate()
        self.assertEqual(done.returncode, 1)
        self.assertIn('changed after it was applied', done.stderr)

    def test_newer_schema_is_fine_unless_it_says_otherwise(self):
        known = self.world.value('select count(*) from public.loket_migration')
        self.world.psql("insert into public.loket_migration (number, name, sha256) values (9998, '9998_later', 'x')")
        self.world.psql("insert into public.loket_migration (number, name, sha256, least) values (9999, '9999_later', 'x', %s)", [known])
        done = self.migrate()
        self.assertEqual(done.returncode, 0)
        self.assertIn('migrate.ahead n=2', done.stderr)
        self.world.psql('update public.loket_migration set least = %s where number = 9999', [known + 1])
        done = self.migrate()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'newer than this program: 9999_later needs programs that know {known + 1} migrations, we know {known}', done.stderr)

    def test_a_database_of_before_migrations_said_what_they_need(self):
        self.world.psql('alter table public.loket_migration drop column least')
        off = self.world.dir / 'off.conf'
        off.write_text((self.world.dir / 'loketd.conf').read_text() + 'migrate = false\n')
        self.world.psql('delete from public.loket_migration where number > 1')
        self.assertIn('the schema is not up to date', loketd('--config', str(off)).stderr)      # and not that it cannot be read

    def test_waits_for_another_migration(self):
        import psycopg2
        other = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))
        other.cursor().execute('select pg_advisory_lock(465541686644)')
        running = subprocess.Popen([LOKETD, '--config', str(self.world.dir / 'loketd.conf'), '--migrate'],
                                   stderr=subprocess.DEVNULL)
        with self.assertRaises(subprocess.TimeoutExpired):
            running.wait(1)
        other.close()
        self.assertEqual(running.wait(60), 0)

    def test_roles_cannot_do_more_than_they_should(self):
        owners = self.world.psql("select distinct tableowner from pg_tables where schemaname = 'loket'")
        self.assertEqual(owners, [('loket_owner',)])
        bypass = self.world.psql("select rolname from pg_roles where rolname like 'loket\\_%' and (rolsuper or rolbypassrls)")
        self.assertEqual(bypass, [])


if __name__ == '__main__':
    world.main()
