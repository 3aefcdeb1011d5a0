#!/usr/bin/env python3
"""migrations.py DIR OUT.c OUT.d - compile the numbered files of proto/db into the daemon."""
import pathlib
import re
import sys


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, out_c, out_d = sys.argv[1:]
    files = sorted(p for p in pathlib.Path(folder).glob('*.sql'))
    with open(out_c, 'w') as c:
        c.write('/* made by proto/gen/migrations.py */\n#include "daemon/migrations.h"\n\n'
                'const struct migration migrations[] = {\n')
        for want, f in enumerate(files, 1):
            if not re.match(r'^\d{4}_[a-z0-9_]+$', f.stem) or int(f.stem[:4]) != want:
                sys.exit(f'{f}: expected {want:04d}_name.sql')
            lines = f.read_text().splitlines()
            quoted = '\n\t  '.join('"' + line.replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t') + '\\n"'
                                   for line in lines)
            c.write(f'\t{{ {want}, "{f.stem}",\n\t  {quoted} }},\n')
        c.write('};\nconst int n_migrations = sizeof migrations / sizeof *migrations;\n')
    with open(out_d, 'w') as d:
        d.write(f'{out_c}: {folder} ' + ' '.join(str(f) for f in files) + '\n')


main()
