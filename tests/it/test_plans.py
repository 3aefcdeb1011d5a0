#!/usr/bin/env python3
"""The daemon keeps one plan for each of its statements, made when it connects, perhaps to empty tables: for what every
contact takes part in, that plan must go by an index, with as many rows as the batch has, and by the same one later.
And whatever statement it is: what it reads must not grow with years of history."""
import json
import pathlib
import re
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / folder) for folder in ('support', 'bench')]
import history  # noqa: E402
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


# tables that grow with every contact, or every tenth: all of one is years
GROW = {'access_log', 'address', 'attachment', 'automatic', 'call', 'call_event', 'callback', 'case_file', 'case_link',
        'case_merge', 'case_words', 'contact', 'contact_platform', 'delivery_report', 'figure_case', 'figure_day', 'figure_wait',
        'help_request', 'note', 'notice', 'offer', 'outbox', 'outcome', 'party', 'post', 'raw', 'routing', 'task',
        'task_event'}
# indexes of what is under way, whatever its key: as many rows as there is work
UNDER_WAY = {'attachment_due', 'automatic_queued', 'call_open', 'callback_due', 'callback_one', 'case_file_held',
             'case_file_offered', 'case_file_owner', 'case_file_queued', 'contact_formal', 'figure_case_look', 'help_request_one',
             'offer_agent', 'offer_made', 'offer_one', 'outbox_case', 'outbox_due', 'outbox_sending', 'outcome_due', 'post_open',
             'receipt_open', 'task_look', 'task_open'}
# what reads more, and why that is so
READS_ALL = {
    'cases_list_all': 'newest first, until a page is full; by state and period: test_lists',
    'post_list_done': 'newest first, until a page is full',
    'task_list': 'first due first, until a page is full; of a case: test_lists',
    'sweep_raw': 'a page', 'sweep_notices': 'a page', 'sweep_offers': 'a page', 'sweep_outbox': 'a page',
    'ledger': 'it counts everything, for who asks whether anything is lost',
    'party_find_name': 'letters in the middle of a name: no index on names',
    'survey_plan': 'the newest notice, for where to begin: the first row from the end',
    'intake_post_change': 'in contact_changes are edits only, and none are here',
}
LISTS = [('cases_list_all', "null, null, null, null, 'assigned', null, null, null, 21, null, null", {'case_file_held'}),
         ('cases_list_all', "null, null, null, null, 'scheduled', null, null, null, 21, null, null", {'case_file_held'}),
         ('cases_list_all', "null, null, null, null, 'offered', null, null, null, 21, null, null", {'case_file_offered'}),
         ('cases_list_all', "null, null, null, null, null, null, null, '2020-01-01', 21, null, null", {'case_file_pkey'}),
         ('cases_list_all', "null, null, null, null, null, null, '2020-01-01', '2020-02-01', 21, null, null", {'case_file_pkey'}),
         ('task_list', "'open', 'dordrecht', null, null, null, 21, null, null, null", {'task_open'}),
         ('task_list', "null, null, null, md5('k')::uuid, null, 21, null, null, null", {'task_case'}),
         ('queue_page_pg', "null, 'whatsapp', null, null, null, 21", {'case_file_queued'}),
         ('dead_letter_list', "null, null, 'open', null, null, 21", {'dead_letter_open'})]


def session_options(name='SYSTEM_SESSION'):
    """what the daemon says when it connects: as loket_system, or SESSION: both as that and as loket_api"""
    source = (DAEMON / 'pg_conn.c').read_text()
    text = re.search(r'#define SESSION (.*?[^\\])\n', source, re.S)[1]
    if name != 'SESSION':
        text += re.search(rf'#define {name} SESSION (.*?[^\\])\n', source, re.S)[1]
    return ''.join(re.findall(r'"(.*?)"', text)).replace('\\\\', '\\')


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
        for name in ('post_read', 'callback_case', 'task_case'):
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


def scans(plan):
    """(table or index, whether it is looked up there) for each node that reads one"""
    for p in nodes(plan):
        if 'Index Name' in p:
            yield p['Index Name'], 'Index Cond' in p
        elif p['Node Type'] == 'Seq Scan':
            yield p['Relation Name'], False


class History(world.LoketTest):
    """Every statement, with history in every table that grows: as loket_system with the one plan it keeps, and as loket_api with a
    plan for any values, row level security in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        h = history.History(cls.world)
        h.grow(40000, lambda text: None)
        h.work(100, 500)
        cls.world.psql('vacuum analyze')
        cls.tables = dict(cls.world.psql("select indexname::text, tablename::text from pg_indexes where schemaname = 'loket'"))

    def cursor(self, user, options):
        c = psycopg2.connect(self.world.servers.conninfo(self.world.database, user), options=options)
        c.autocommit = True
        self.addCleanup(c.close)
        cursor = c.cursor()
        cursor.execute("select set_config('loket.scope', 'dordrecht,sliedrecht', false)")
        return cursor

    def explain(self, cursor, name, values=None):
        text = (DAEMON / 'sql' / f'{name}.sql').read_text()
        if values is None:
            values = ', '.join(['null'] * max([int(d) for d in re.findall(r'\$(\d+)', text)] or [0]))
        cursor.execute(f'prepare {name} as {text}')
        cursor.execute(f'explain (format json) execute {name}{f"({values})" if values else ""}')
        plan = cursor.fetchone()[0]
        cursor.execute(f'deallocate {name}')
        return (json.loads(plan) if isinstance(plan, str) else plan)[0]['Plan']

    def all_of(self, plan):
        """What grows and is read from one end to the other."""
        return sorted({what for what, looked_up in scans(plan)
                       if not looked_up and what not in UNDER_WAY and self.tables.get(what, what) in GROW})

    def check(self, cursor, but=()):
        seen = 0
        for file in sorted((DAEMON / 'sql').glob('*.sql')):
            if file.stem.startswith(but) or file.stem == 'barrier_time':      # a CALL, which cannot be explained
                continue
            try:
                plan = self.explain(cursor, file.stem)
            except psycopg2.errors.InsufficientPrivilege:
                continue
            seen += 1
            with self.subTest(file.stem):
                self.assertTrue(file.stem in READS_ALL or not self.all_of(plan), self.all_of(plan))
        return seen

    def test_the_daemon(self):
        self.assertGreater(self.check(self.cursor('loket_system', session_options())), 200)

    def test_who_has_a_token(self):
        cursor = self.cursor('loket_api', session_options('SESSION') + ' -c plan_cache_mode=force_generic_plan')
        self.assertGreater(self.check(cursor, but=('intake_', 'dispatch_', 'call_', 'sort_')), 100)      # those are the daemon's own

    def test_lists(self):
        """Lists have optional filters: a plan for the values that were given, as long as that is cheaper."""
        cursor = self.cursor('loket_api', session_options('SESSION') + ' -c plan_cache_mode=auto')
        for name, values, indexes in LISTS:
            with self.subTest(name, values=values):
                plan = self.explain(cursor, name, values)
                self.assertEqual({what for what, _ in scans(plan) if self.tables.get(what, what) in GROW | {'dead_letter'}}, indexes)
                self.assertEqual(self.all_of(plan), [])

    def test_the_check_sees_a_mistake(self):
        """What row level security cannot look through is no condition of an index."""
        cursor = self.cursor('loket_api', session_options('SESSION') + ' -c plan_cache_mode=force_generic_plan')
        cursor.execute('prepare mistake as select 1 from loket.party where id = coalesce($1::uuid, $2::uuid)')
        cursor.execute('explain (format json) execute mistake(null, null)')
        self.assertEqual(self.all_of(cursor.fetchone()[0][0]['Plan']), ['party'])


if __name__ == '__main__':
    world.main()
