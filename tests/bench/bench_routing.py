#!/usr/bin/env python3
"""first-time fix, waits and fairness of routing policies, simulated with the daemon's own decisions

    ./loket bench routing [--agents 40] [--load 0.85[,…]] [--seeds 1001-1008] [--policy skills-fifo,ftf[:SETTING=X…],…]
                          [--days 50] [--warm 20] [--spread X] [--misclassified X]
                          [--expect [--futures 200] [--every 300]]
                          [--json] [--picture FILE.svg]
    ./loket bench routing --acceptance      what the policy must achieve, row by row
    ./loket bench routing --validate        the simulator against exact values of Erlang's formulas

Policies meet the same demand seed by seed; differences are paired, ± is half a 95 % interval over seeds. A policy may
have settings of its own: ftf:advantage=40:sticky=0.1 (lib/core/policy.c). The scenario is made up: tests/sim/README.md.
"""
import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'sim'), str(HERE.parent / 'support')]
from acceptance import ROWS, accept, acceptance_table, compare  # noqa: E402
from measuring import say  # noqa: E402
from picture import picture  # noqa: E402
from report import table, told_table  # noqa: E402
from servers import LOKETD  # noqa: E402
from validation import CASES, validate, validation_table  # noqa: E402


def seeds(text):
    first, _, last = text.partition('-')
    return range(int(first), int(last or first) + 1)


def read_options():
    parser = argparse.ArgumentParser(prog='./loket bench routing', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--agents', type=int, default=40)
    parser.add_argument('--load', type=lambda s: [float(x) for x in s.split(',')], default=[0.85],
                        help='one, or several with commas')
    parser.add_argument('--seeds', type=seeds, default=seeds('1001-1008'), metavar='A-B')
    parser.add_argument('--policy', type=lambda s: s.split(','), default=['skills-fifo', 'ftf'])
    parser.add_argument('--days', type=int, default=50)
    parser.add_argument('--warm', type=int, default=20, help='of those, not counted')
    parser.add_argument('--spread', type=float, help='how much agents differ: 1 as meant, 0 not at all')
    parser.add_argument('--misclassified', type=float, help='share routed as another product at first')
    parser.add_argument('--expect', action='store_true', help='how well the waits told to callers come true')
    parser.add_argument('--futures', type=int, help='with --expect: in so many futures of a caller, what can be known')
    parser.add_argument('--every', type=int, help='with --futures: of each so many callers who wait, one')
    parser.add_argument('--jobs', type=int, default=2, choices=(1, 2), help='runs at the same time')
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--picture', type=pathlib.Path, metavar='FILE.svg')
    parser.add_argument('--acceptance', action='store_true')
    parser.add_argument('--row', type=lambda s: s.split(','), help='with --acceptance: only these rows')
    parser.add_argument('--validate', action='store_true')
    return parser.parse_args()


def built():
    folder = pathlib.Path(LOKETD).resolve().parent.parent
    subprocess.run(['ninja', '-C', folder, 'tests/sim/routing_sim'], check=True, stdout=subprocess.DEVNULL)
    return folder / 'tests/sim/routing_sim'


def run_acceptance(sim, options):
    rows = [r for r in ROWS if not options.row or r[0] in options.row]
    results = accept(sim, rows, 1001, options.jobs, {'days': options.days, 'warm': options.warm})
    if options.json:
        print(json.dumps([{'row': name, 'scenario': c.scenario, 'figures': c.figures, 'checks': checks}
                          for name, c, checks in results]))
    else:
        print(acceptance_table(results))
    return all(passed for _, _, checks in results for _, _, passed in checks)


def run_comparison(sim, options):
    same = {k: getattr(options, k) for k in ('agents', 'days', 'warm', 'spread', 'misclassified', 'expect', 'futures',
                                             'every')}
    comparisons = compare(sim, [{**same, 'load': load} for load in options.load], options.policy,
                          [options.seeds] * len(options.load), options.jobs)
    if options.picture:
        options.picture.write_text(picture(comparisons))
        say(f'{options.picture} is written')
    if options.json:
        print(json.dumps([{'scenario': c.scenario, 'seeds': c.seeds, 'figures': c.figures} for c in comparisons]))
        return
    for c in comparisons:
        print(table(c) + '\n')
        if options.expect:
            print(told_table(c) + '\n')


def main():
    options = read_options()
    sim = built()
    if options.validate:
        rows = validate(sim, CASES, options.seeds, 200, 10, options.jobs)
        print(json.dumps(rows) if options.json else validation_table(rows))
    elif options.acceptance:
        return 0 if run_acceptance(sim, options) else 1
    else:
        run_comparison(sim, options)
    return 0


if __name__ == '__main__':
    sys.exit(main())
