"""validation.py - the simulator against exact values of queues that formulas describe"""
from exact import erlang_a, erlang_c
from intervals import interval
from runs import all_runs

WORK = 300
# servers, load, mean patience in seconds (0: for ever), share fixed (the others come back)
CASES = [
    (10, 0.80, 0, 1.0),
    (40, 0.90, 0, 1.0),
    (100, 0.95, 0, 1.0),
    (40, 1.05, 240, 1.0),
    (100, 1.00, 300, 1.0),
    (10, 0.90, 120, 1.0),
    (40, 0.90, 0, 0.75),
    (100, 0.95, 0, 0.60),
]


def exact_of(case):
    n, load, patience, _ = case
    rate = load * n / WORK
    return erlang_a(n, rate, WORK, patience) if patience else (erlang_c(n, rate, WORK), 0.0)


def validate(sim, cases, seeds, days, warm, jobs, inside=0.95):
    """For each case: what is exact, and what was simulated with its interval, of mean wait and share abandoned."""
    runs = all_runs(sim, [{'policy': 'skills-fifo', 'plain': True, 'agents': n, 'load': load, 'patience': patience,
                           'fixed': fixed, 'work': WORK, 'days': days, 'warm': warm, 'seed': seed}
                          for n, load, patience, fixed in cases for seed in seeds], jobs)
    rows = []
    for i, case in enumerate(cases):
        mine = runs[i * len(seeds):(i + 1) * len(seeds)]
        wait, abandoned = exact_of(case)
        rows.append({'case': case, 'wait': wait, 'abandoned': abandoned,
                     'simulatedWait': interval([r['offeredWait'] for r in mine], inside),
                     'simulatedAbandoned': interval([r['abandoned'] for r in mine], inside)})
    return rows


def is_inside(exact, mean_and_width):
    mean, width = mean_and_width
    return abs(mean - exact) <= width + 1e-12


def validation_table(rows):
    out = ['| servers | load | patience s | fixed | wait s, exact | simulated | given up, exact | simulated | inside |',
           '|---|---|---|---|---|---|---|---|---|']
    for r in rows:
        n, load, patience, fixed = r['case']
        (wait, wait_w), (gone, gone_w) = r['simulatedWait'], r['simulatedAbandoned']
        inside = [is_inside(r['wait'], r['simulatedWait'])]
        if patience:
            inside.append(is_inside(r['abandoned'], r['simulatedAbandoned']))
        out.append(f'| {n} | {load:.2f} | {patience or "for ever"} | {fixed:.2f} | {r["wait"]:.2f} '
                   f'| {wait:.2f} ± {wait_w:.2f} | '
                   + (f'{r["abandoned"]:.5f} | {gone:.5f} ± {gone_w:.5f}' if patience else ' | ')
                   + f' | {sum(inside)} of {len(inside)} |')
    return '\n'.join(out)
