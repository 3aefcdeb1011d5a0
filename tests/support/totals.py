#!/usr/bin/env python3
"""totals.py TESTLOG.json - the sum of a meson run: test cases inside TAP and unittest programs, else the program.

Last line: N passed, N failed (, N skipped). Exit code 1 when something failed or nothing ran.
"""
import json
import re
import sys


def tap(text):
    passed = failed = skipped = 0
    for line in text.splitlines():
        m = re.match(r'(not )?ok\b(.*)', line)
        if not m:
            continue
        if re.search(r'#\s*skip', m[2], re.I):
            skipped += 1
        elif m[1] and not re.search(r'#\s*todo', m[2], re.I):
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def unittest(text):
    """Every "Ran N tests" with the verdict after it."""
    passed = failed = skipped = 0
    for m in re.finditer(r'^Ran (\d+) tests? in [\d.]+s\n\n(OK|FAILED|NO TESTS RAN)(?: \((.*)\))?', text, re.M):
        parts = dict(re.findall(r'([a-z ]+)=(\d+)', m[3] or ''))
        parts = {k.strip(): int(v) for k, v in parts.items()}
        bad = parts.get('failures', 0) + parts.get('errors', 0) + parts.get('unexpected successes', 0)
        skipped += parts.get('skipped', 0)
        failed += bad
        passed += max(0, int(m[1]) - bad - parts.get('skipped', 0))
    return passed, failed, skipped


def count(test):
    """(passed, failed, skipped) of one meson test."""
    out, err = test.get('stdout') or '', test.get('stderr') or ''
    cases = [a + b for a, b in zip(tap(out), unittest(out + '\n' + err))]
    result = test['result']
    if result in ('OK', 'EXPECTEDFAIL'):
        return cases if any(cases) else [1, 0, 0]
    if result == 'SKIP':
        return [0, 0, max(1, cases[2])]
    if not cases[1]:    # it failed outside its cases: a crash, a time-out, a leak
        cases[1] = 1
    return cases


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    totals = [0, 0, 0]
    bad, skipped = [], []
    try:
        with open(sys.argv[1]) as f:
            tests = [json.loads(line) for line in f]
    except FileNotFoundError:
        tests = []
    for test in tests:
        counts = count(test)
        totals = [a + b for a, b in zip(totals, counts)]
        if counts[1]:
            bad.append(f"{test['name']} ({test['result']})")
        if counts[2]:
            skipped.append(test['name'])
    if skipped:
        print('with skipped cases: ' + ', '.join(skipped))
    if bad:
        print('failed: ' + ', '.join(bad))
    if not tests:
        print('no test ran')
    line = f'{totals[0]} passed, {totals[1]} failed'
    print(line + (f', {totals[2]} skipped' if totals[2] else ''))
    sys.exit(1 if totals[1] or not tests else 0)


if __name__ == '__main__':
    main()
