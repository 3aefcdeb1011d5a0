#!/usr/bin/env python3
"""tree.py ROOT - documents and tree agree: README per folder, no machine paths, commands that exist, log keys."""
import fnmatch
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
bad = []


def files():
    done = subprocess.run(['git', '-C', str(root), 'ls-files'], check=False, capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        return [root / line for line in done.stdout.splitlines() if (root / line).is_file()]
    return [p for p in root.rglob('*') if p.is_file() and not re.match(r'(build.*|var|\.git)/', str(p.relative_to(root)))]


def text_of(path):
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ''


tree = files()
names = [p.relative_to(root) for p in tree]

# a page for every folder that people open
for folder in sorted({p.parent for p in names if p.parent != pathlib.Path('.')}):
    parts = folder.parts
    deep = len(parts) > 2 or parts[0] in ('.ci',) or (parts[0] == 'tests' and len(parts) > 1 and parts[1] in
                                                      ('channel', 'fuzz', 'golden') and len(parts) > 2)
    if not deep and not (root / folder / 'README.md').exists():
        only_data = all(p.suffix not in ('.c', '.h', '.py', '.sh') for p in names if p.parent == folder)
        if not only_data:
            bad.append(f'{folder}: no README.md')

# where a table says what each file is for, it leaves out none: a name, "name*" or "name.{c,h}"
for folder in ('lib/base', 'lib/core', 'lib/channel', 'daemon', 'tests/it', 'tests/support'):
    page = text_of(root / folder / 'README.md')
    said = ' '.join(re.findall(r'`([^`]*)`', '\n'.join(s for s in page.splitlines() if s.startswith('|')))).split()
    said = [s.partition('.{')[0] for s in said]
    for p in names:
        if p.parent == pathlib.Path(folder) and p.suffix in ('.c', '.py', '.sh') and not any(
                fnmatch.fnmatch(name, s) for name in (p.name, p.stem) for s in said):
            bad.append(f'{folder}/README.md: its table leaves out {p.name}')

# nobody's machine
for p in tree:
    for n, line in enumerate(text_of(p).splitlines(), 1):
        if re.search(r'(?<![\w.])/(home/\w|root/|work/|tmp/wt)', line) and 'lint-ok' not in line and p.name != 'tree.py':
            bad.append(f'{p.relative_to(root)}:{n}: a path of somebody\'s machine')

# what the documents tell people to type is there
verbs = set(re.findall(r'^(\w+)\) \w+ "\$@" ;;', text_of(root / 'loket'), re.M))
for p in tree:
    if p.suffix != '.md':
        continue
    text = text_of(p)
    for verb in re.findall(r'\./loket ([a-z]+)', text):
        if verb not in verbs:
            bad.append(f'{p.relative_to(root)}: ./loket {verb} does not exist')
    for option in re.findall(r'loketd (--[a-z-]+)', text):
        if f'"{option[2:]}"' not in text_of(root / 'daemon/main.c'):
            bad.append(f'{p.relative_to(root)}: loketd {option} does not exist')
    for link in re.findall(r'\]\((?!https?:|#|mailto:)([^)#\s]+)', text):
        if not (p.parent / link).exists():
            bad.append(f'{p.relative_to(root)}: {link} is not there')

# log keys come from a short list
listed = re.search(r'## Log keys\n(.*?)\n\n|## Log keys\n(.*)', text_of(root / 'daemon/README.md'), re.S)
keys = set(re.findall(r'[a-z_0-9]+', re.search(r'`([^`]*)`', (listed[1] or listed[2]) if listed else '``', re.S)[1]))
for p in tree:
    if p.suffix == '.c' and p.parent.name == 'daemon':
        for call in re.finditer(r'log_event\(([^;]*?)\);', text_of(p), re.S):
            strings = re.findall(r'"((?:[^"\\]|\\.)*)"', call[1])
            for key in re.findall(r'(?:^| )([A-Za-z_0-9]+)=', ' '.join(strings[1:])):
                if key not in keys:
                    bad.append(f'{p.relative_to(root)}: log key "{key}" is not in daemon/README.md')

# each metric is counted somewhere
table = re.findall(r'X\((M_\w+),', text_of(root / 'daemon/metrics_table.h'))
code = '\n'.join(text_of(p) for p in tree if p.suffix == '.c' and p.parent.name == 'daemon')
for metric in table:
    if not re.search(rf'\b{metric}\b', code):
        bad.append(f'daemon/metrics_table.h: nobody counts {metric}')

print('\n'.join(bad) or 'documents and tree agree')
sys.exit(1 if bad else 0)
