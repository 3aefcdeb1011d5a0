#!/usr/bin/env python3
"""gen.py DIR OUT.h OUT.c OUT.d - make enum sql and sql_table[] from DIR/*.sql, one statement per file.

A file starts with comment lines: the statement's meaning, its parameters ($1 …) and its columns.
"""
import pathlib
import re
import sys


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder, out_h, out_c, out_d = sys.argv[1:]
    statements = []
    files = sorted(pathlib.Path(folder).glob('*.sql'))
    for f in files:
        text = f.read_text()
        if not text.startswith('-- '):
            sys.exit(f'{f}: must begin with a comment that says what it does')
        sql = '\n'.join(line for line in text.splitlines() if not line.lstrip().startswith('--')).strip().rstrip(';')
        if ';' in re.sub(r"'[^']*'", '', sql):
            sys.exit(f'{f}: one statement per file')
        n = max([int(d) for d in re.findall(r'\$(\d+)', sql)] or [0])
        statements.append((f.stem, n, sql))
    with open(out_h, 'w') as h:
        h.write('/* made by daemon/sql/gen.py */\n#ifndef LOKET_SQL_TABLE_H\n#define LOKET_SQL_TABLE_H\n\nenum sql {\n')
        for name, _, _ in statements:
            h.write(f'\tSQL_{name.upper()},\n')
        h.write('\tN_SQL\n};\n\nstruct sql_statement {\n\tconst char *name;\n\tint n_params;\n\tconst char *text;\n};\n'
                'extern const struct sql_statement sql_table[N_SQL + 1];\n\n#endif\n')
    with open(out_c, 'w') as c:
        c.write('/* made by daemon/sql/gen.py */\n#include "daemon/sql_table.h"\n\n'
                'const struct sql_statement sql_table[N_SQL + 1] = {\n')
        for name, n, sql in statements:
            quoted = '\n\t  '.join('"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"' for line in sql.splitlines())
            c.write(f'\t{{ "{name}", {n},\n\t  {quoted} }},\n')
        c.write('\t{ 0, 0, 0 },\n};\n')
    with open(out_d, 'w') as d:
        d.write(f'{out_h} {out_c}: {folder} ' + ' '.join(str(f) for f in files) + '\n')


main()
