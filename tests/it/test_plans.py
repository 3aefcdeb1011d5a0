#!/usr/bin/env python3
"""The daemon keeps one plan for each of its statements, made when it connects, perhaps to empty tables: for what every
contact takes part in, that plan must go by an index, with as many rows as the batch has, and by the same one later."""
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import psycopg2  # noqa: E402
import world  # noqa: E402

DAEMON = pathlib.Path(__file__).resolve().parents[2] / 'daemon'
# statement: the indexes it goes by
HOT = {
    'intake_known_messages': {'contact_provider'},
    'intake_known_addresses': {'address_pkey', 'case_file_party'},
    'intake_known_cases': {'case_file_pkey'},
    'intake_known_parties': {'case_file_party'},
    'intake_party_lock': {'party_pkey'},
    'intake_party_check': {'case_file_party', 'party_pkey'},
    'intake_case_touch': {'case_file_pkey'},
    'intake_case_heard': {'case_file_pkey'},
    'intake_contact_change': {'contact_pkey', 'contact_provider'},
    'intake_delivery': {'contact_pkey', 'contact_provider', 'case_file_pkey'},
    'intake_notice_insert': {'case_file_pkey'},
    'intake_contact_insert': set(), 'intake_case_insert': set(), 'intake_raw_insert': set(),
    'offer_prepare': {'case_file_pkey', 'case_file_party', 'product_pkey', 'party_pkey', 'address_party', 'contact_case',
                      'note_case', 'article_product', 'article_id_municipality_key'},
    'intake_party_insert': set(), 'intake_address_insert': set(), 'intake_report_insert': set(),
    'intake_notice_known': set(),
}
SMALL = {'offer_made', 'offer_agent', 'offer_one'}     # only what is out now: one for an agent at most
FILL = """
insert into loket.party (id, municipality) select md5('p' || n)::uuid, 'dordrecht' from generate_series(1, 5000) n;
insert into loket.address (municipality, kind, value, party)
	select 'dordrecht', 'phone', '316' || n, md5('p' || n)::uuid from generate_series(1, 5000) n;
insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, state, opened_at, arrived_at, due_at,
		last_contact_at)
	select md5('k' || n)::uuid, 'dordrecht', 'PLN-' || n, 'rijbewijs', md5('p' || n)::uuid, 'dordrecht-whatsapp', 'whatsapp',
		'queued', now(), now(), now(), now() from generate_series(1, 5000) n;
insert into loket.contact (id, municipality, inbox, channel, direction, kind, provider_id, received_at, case_id, party)
	select md5('c' || n)::uuid, 'dordrecht', 'dordrecht-whatsapp', 'whatsapp', 'in', 'text', 'wamid.' || n, now(),
		md5('k' || n % 5000)::uuid, md5('p' || n % 5000)::uuid from generate_series(1, 20000) n;
analyze
"""


def session_options():
    """what the daemon says when it connects as loket_system"""
    source = (DAEMON / 'pg_conn.c').read_text()
    both = re.search(r'#define SESSION (.*?[^\\])\n', source, re.S)[1]
    system = re.search(r'#define SYSTEM_SESSION SESSION (.*?[^\\])\n', source, re.S)[1]
    return ''.join(re.findall(r'"(.*?)"', both + system)).replace('\\\\', '\\')


def nodes(plan):
    yield plan
    for child in plan.get('Plans', []):
        yield from nodes(child)


class Plans(world.LoketTest):
    def connect(self):
        c = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket_system'), options=session_options())
        c.autocommit = True
        self.addCleanup(c.close)
        cursor = c.cursor()
        for name in HOT:
            cursor.execute(f'prepare {name} as {(DAEMON / "sql" / f"{name}.sql").read_text()}')
        return cursor

    def test_who_reads_a_case_to_write_to_it_reads_the_same(self):
        """work_got takes columns by name; one that is not there ends the daemon."""
        cursor = self.connect()

        def columns(name):
            text = re.sub(r'\$\d+', 'null', (DAEMON / 'sql' / f'{name}.sql').read_text())
            cursor.execute(text)
            return {c.name for c in cursor.description}

        of_help = {'help', 'help_consent'}           # only asked for where help ends
        for name in ('post_read', 'callback_case'):
            self.assertEqual(set(), columns('work_case') - of_help - columns(name), name)

    def check(self, cursor):
        for name, indexes in HOT.items():
            n = max(int(d) for d in re.findall(r'\$(\d+)', (DAEMON / 'sql' / f'{name}.sql').read_text()))
            cursor.execute(f'explain (format json) execute {name}({", ".join(["null"] * n)})')
            plan = cursor.fetchone()[0]
            with self.subTest(name):
                all_nodes = list(nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]['Plan']))
                scans = [p for p in all_nodes if p['Node Type'].endswith('Scan') and ('Index Name' in p or 'Relation Name' in p)
                         and p['Node Type'] != 'Bitmap Heap Scan']
                self.assertEqual([], [p['Node Type'] for p in scans if not p.get('Index Cond') and p.get('Index Name') not in SMALL],
                                 'a scan of all rows')
                self.assertEqual(indexes, {p['Index Name'] for p in scans} - SMALL)
                self.assertFalse({p['Node Type'] for p in all_nodes} & {'Hash Join', 'Merge Join', 'Materialize'})

    def test_plans(self):
        kept = self.connect()
        self.check(kept)                        # empty, never analysed
        self.world.psql('vacuum analyze')
        self.check(self.connect())              # known to be empty: every plan looks free
        self.world.psql(FILL)
        self.check(kept)
        self.check(self.connect())              # filled and analysed


if __name__ == '__main__':
    world.main()
