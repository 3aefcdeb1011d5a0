#!/usr/bin/env python3
"""migrations.py DIR OUT.c OUT.d [MORE] - compile the numbered files of proto/db into the daemon.

Those of MORE follow in the order of their names: the release that a test makes up.
"""
import pathlib
import re
import sys


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    folder, out_c, out_d, *more = sys.argv[1:]
    files = sorted(pathlib.Path(folder).glob('*.sql'))
    numbered = len(files)
    files += [f for m in more for f in sorted(pathlib.Path(m).glob('*.sql'))]
    with open(out_c, 'w') as c:
        c.write('/* made by proto/gen/migrations.py */\n#include "daemon/migrations.h"\n\n'
                'const struct migration migrations[] = {\n')
        for want, f in enumerate(files, 1):
            if want <= numbered and (not re.match(r'^\d{4}_[a-z0-9_]+$', f.stem) or int(f.stem[:4]) != want):
                sys.exit(f'{f}: expected {want:04d}_name.sql')
            text = f.read_text()
            least = re.search(r'^-- contract (\d{4}): \S', text, re.M)
            outside = re.search(r'^-- outside a transaction: \S', text, re.M)
            if least and int(least[1]) > want:
                sys.exit(f'{f}: contract {least[1]} is later than this migration itself')
            lines = text.splitlines()
            quoted = '\n\t  '.join('"' + line.replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t') + '\\n"'
                                   for line in lines)
            c.write(f'\t{{ {want}, "{f.stem}",\n\t  {quoted},\n\t  {int(least[1]) if least else 0}, '
                    f'{"true" if outside else "false"} }},\n')
        c.write('};\nconst int n_migrations = sizeof migrations / sizeof *migrations;\n')
    with open(out_d, 'w') as d:
        d.write(f'{out_c}: {folder} ' + ' '.join(str(f) for f in files) + '\n')


main()
