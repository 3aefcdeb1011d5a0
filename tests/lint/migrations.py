#!/usr/bin/env python3
"""migrations.py FOLDER [FIRST] - a migration lets the release before run, and keeps nobody waiting (proto/db/README.md).

Looks at the files from number FIRST on; those before were there before the first release. Takes the words of a statement for what
it does: whoever means something else says so with a marker and a reason.
"""
import pathlib
import re
import sys

FIRST = 30
CONTRACT = 'takes something away from the release before: one release later, with "-- contract NNNN: why"'
LOCKS = 'keeps others waiting as long as it takes: in batches or "concurrently" ("-- outside a transaction: why"), or "-- locks: why" that is short'
RULES = [
    (r'\bdrop (?!index concurrently\b|default\b|policy\b|trigger\b)', CONTRACT),
    (r'\brename\b', CONTRACT),
    (r'\balter (column )?\w+ (set data )?type\b', CONTRACT),
    (r'\bset not null\b', CONTRACT),
    (r'\bdrop default\b', CONTRACT),
    (r'\badd (column )?(if not exists )?\w+ (?!.*\bdefault\b).*\bnot null\b', CONTRACT),
    (r'\brevoke\b', CONTRACT),
    (r'\b(enable|force) row level security\b', CONTRACT),
    (r'\b(add column|add) [^,]*\bdefault [^,]*\b(random|clock_timestamp|gen_random_uuid|nextval)\b', LOCKS),
    (r'\bgenerated (always|by default) as\b', LOCKS),
    (r'\badd (constraint|check|unique|primary key|foreign key|exclude)\b(?!.*\bnot valid\b)', LOCKS),
    (r'\bcreate (unique )?index (?!concurrently\b)', LOCKS),
    (r'^(with\b.*)?\b(update|delete from) ', LOCKS),
    (r'^insert into\b.*\bselect\b.*\bfrom\b', LOCKS),
    (r'^(lock|truncate|cluster|vacuum|reindex)\b(?!.*\bconcurrently\b)', LOCKS),
]
OUTSIDE_NEEDS = re.compile(r'^(drop index concurrently if exists|create (unique )?index concurrently|do \$\$.*\bcommit\b|analyze\b|'
                           r'reindex .*concurrently|alter table \S+ validate constraint)')


def statements(sql):
    """Each statement on one line, lower case, without comments and literals; bodies in $$ stay."""
    sql = re.sub(r'--[^\n]*', '', sql)
    sql = re.sub(r"'(?:[^']|'')*'", "''", sql)
    parts, body = [''], False
    for piece in re.split(r'(\$\w*\$|;)', sql):
        body ^= piece.startswith('$')
        if piece == ';' and not body:
            parts.append('')
        else:
            parts[-1] += piece
    return [' '.join(p.split()).lower() for p in parts if p.strip()]


def made_here(every):
    return {m[2] for s in every if (m := re.match(r'create table (if not exists )?(\S+)', s))}


def about(statement):
    """The table that it is about, if it can be told."""
    found = re.search(r'\b(?:alter table(?: if exists)?(?: only)?|index(?: concurrently)?(?: if not exists)?(?: \w+)? on(?: only)?|update(?: only)?'
                      r'|delete from|insert into|revoke .* on(?: table)?) ([\w.]+)', statement)
    return found[1] if found else None


def faults(sql):
    contract = re.search(r'^-- contract \d{4}: \S', sql, re.M)
    locks = re.search(r'^-- locks: \S', sql, re.M)
    outside = re.search(r'^-- outside a transaction: \S', sql, re.M)
    every = statements(sql)
    new, old = made_here(every), set()
    for s in every:
        if outside:
            if not OUTSIDE_NEEDS.match(s):
                yield f'outside a transaction, but cannot be run twice or does not need it: {s[:60]}'
            continue
        table = about(s)
        if table in new or re.match(r'create (or replace )?(function|table|trigger)\b', s):
            continue
        if s.startswith('alter table') and table:
            old.add(table)
        for rule, why in RULES:
            if re.search(rule, s) and not (contract if why is CONTRACT else locks):
                yield f'"{s[:60]}" {why}'
                break
    if len(old) > 1 and not locks:
        yield f'{", ".join(sorted(old))}: a file for each, since a lock is kept until the end of the file; or "-- locks: why"'
    for paragraph in re.split(r'\n\n+', sql) if outside else []:
        if len(statements(paragraph)) > 1:
            yield f'outside a transaction a paragraph is one statement: {paragraph.strip()[:60]}'


BAD = ['alter table loket.contact drop column x', 'alter table loket.contact rename column a to b', 'drop table loket.x',
       'alter table loket.contact alter column x type text', 'alter table loket.contact alter x set not null',
       'alter table loket.contact add column x text not null', 'alter table loket.contact add x int not null, add y int',
       'create index x on loket.contact (a)', 'create unique index x on loket.contact (a)', "update loket.contact set a = 'drop'",
       'alter table loket.contact add constraint x check (a > 0)', 'alter table loket.contact add column x uuid default gen_random_uuid()',
       'with a as (select 1) delete from loket.contact', 'lock table loket.contact', 'revoke select on loket.contact from loket_api',
       'alter table loket.contact add a int; alter table loket.notice add a int', 'alter table loket.x enable row level security',
       '-- outside a transaction: it is large\ncreate index x on loket.contact (a)',
       '-- outside a transaction: it is large\ndrop index concurrently if exists x;\ncreate index concurrently x on loket.contact (a)',
       '-- contract: why\ndrop table loket.x', '-- locks:\ncreate index x on loket.contact (a)',
       'insert into loket.contact select * from loket.old']
GOOD = ['alter table loket.contact add column x text', "alter table loket.contact add x text not null default ''", "comment on table loket.x is 'drop'",
        'create table loket.x (id int not null); create index y on loket.x (id); alter table loket.x enable row level security',
        'create function f() returns int language sql as $$ update loket.contact set a = 1; delete from loket.x $$',
        '-- contract 0031: nobody reads it since then\nalter table loket.contact drop column x', '-- locks: ten rows\nupdate loket.norm set a = 1',
        'alter table loket.contact add constraint x check (a > 0) not valid', "insert into loket.x values ('update a')",
        '-- outside a transaction: it is large\ndrop index concurrently if exists x;\n\ncreate index concurrently x on loket.contact (a);',
        "-- outside a transaction: all rows\ndo $$ begin\nupdate loket.contact set a = 1;\ncommit;\nend $$;"]


def main():
    for sql in BAD:
        assert list(faults(sql)), f'not noticed: {sql}'
    for sql in GOOD:
        assert not list(faults(sql)), (sql, list(faults(sql)))
    first = int(sys.argv[2]) if len(sys.argv) > 2 else FIRST
    bad = [f'{f.name}: {what}' for f in sorted(pathlib.Path(sys.argv[1]).glob('[0-9]*.sql')) if int(f.name[:4]) >= first
           for what in faults(f.read_text())]
    print('\n'.join(bad) or 'the release before can run on each of them')
    return bool(bad)


sys.exit(main())
