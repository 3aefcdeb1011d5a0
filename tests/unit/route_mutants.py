#!/usr/bin/env python3
"""Would the tests of routing notice? Each seeded mistake of route_mutants.txt is compiled in, one at a time: the tests
must fail.

    route_mutants.py CC [NAME…]      CC: the compiler; NAME: only these
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCES = ('learn', 'needs', 'policy', 'route', 'route_ftf', 'route_words', 'router', 'router_agent', 'router_contact',
           'transfer', 'waitlist')
USED = ('base/arena', 'base/uuid', 'base/when', 'core/case_file', 'core/hours')    # by those; not a rule of routing
TESTS = {'test_route_golden': [str(ROOT / 'tests/golden/route.txt')], 'test_needs': [], 'test_transfer': [],
         'test_route_words': [str(ROOT / 'tests/golden/route_words.txt')], 'test_learn': [], 'test_router': []}
FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-ffp-contract=off', '-ffunction-sections', '-w']
ONLY_USED = '-Wl,--gc-sections'      # what nobody calls needs no library


def mutants():
    """name, file, what stands there, what stands there instead"""
    found = []
    for block in re.split(r'\n(?=== )', (HERE / 'route_mutants.txt').read_text())[1:]:
        head, rest = block.split('\n', 1)
        old, _, new = (rest + '\n').partition('\n--->\n')
        name, file = head[3:].split()
        found.append((name, file, old, new.rstrip('\n')))
    return found


class Build:
    def __init__(self, cc, folder):
        self.cc, self.folder = cc, pathlib.Path(folder)
        self.libs = subprocess.run(['pkg-config', '--cflags', '--libs', 'check', 'jansson'], check=True,
                                   capture_output=True, text=True).stdout.split() + ['-lm', ONLY_USED]
        for source in SOURCES:
            self.compile(ROOT / f'lib/core/{source}.c', self.folder / f'{source}.o')
        self.used = [self.folder / f'used_{n}.o' for n in range(len(USED))]
        for name, to in zip(USED, self.used):
            self.compile(ROOT / f'lib/{name}.c', to)
        for test in TESTS:
            self.compile(HERE / f'{test}.c', self.folder / f'{test}.o')

    def compile(self, source, to, include=ROOT):
        subprocess.run([*self.cc, *FLAGS, f'-I{include}', f'-I{ROOT}', '-c', '-o', to, source], check=True)

    def mutate(self, file, old, new):
        """the objects that differ: source name to object"""
        text = (ROOT / file).read_text()
        if text.count(old) != 1:
            sys.exit(f'{file} has {text.count(old)} times: {old}')
        tree = self.folder / 'tree'
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_text(text.replace(old, new))
        names = SOURCES if file.endswith('.h') else [pathlib.Path(file).stem]
        objects = {}
        for name in names:
            source = tree / f'lib/core/{name}.c' if file.endswith(f'/{name}.c') else ROOT / f'lib/core/{name}.c'
            objects[name] = self.folder / f'mutant_{name}.o'
            self.compile(source, objects[name], tree)
        (tree / file).unlink()
        return objects

    def noticed_by(self, objects):
        """the first test that fails; None: none does"""
        for test, arguments in TESTS.items():
            program = self.folder / 'program'
            parts = [objects.get(s, self.folder / f'{s}.o') for s in SOURCES]
            subprocess.run([*self.cc, '-o', program, self.folder / f'{test}.o', *parts, *self.used, *self.libs],
                           check=True)
            try:
                done = subprocess.run([program, *arguments], capture_output=True, timeout=120, check=False)
            except subprocess.TimeoutExpired:
                return test
            if done.returncode != 0 or b'\nnot ok' in done.stdout:
                return test
        return None


def main():
    only = sys.argv[2:]
    chosen = [m for m in mutants() if not only or m[0] in only]
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        build = Build(sys.argv[1].split(), folder)
        print(f'1..{len(chosen) + 1}')
        control = build.noticed_by({})
        print(f'{"not " if control else ""}ok 1 - without a mistake nothing is found', flush=True)
        for n, (name, file, old, new) in enumerate(chosen, 2):
            by = build.noticed_by(build.mutate(file, old, new))
            missed += by is None
            print(f'{"" if by else "not "}ok {n} - {name}: {by or "nobody noticed"}', flush=True)
    sys.exit(1 if missed or control else 0)


main()
