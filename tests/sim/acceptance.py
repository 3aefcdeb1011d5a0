"""acceptance.py - what the routing policy must achieve over skills-fifo, row by row, on seeds that nobody tuned on"""
from intervals import interval
from report import BASE, Comparison, with_width
from runs import all_runs

POLICY = 'ftf'


# ---- what is demanded: each takes a Comparison, returns (demanded, measured, passed)

def gain_at_least(points):
    def check(c):
        mean, _ = gain = interval(c.gains(POLICY, 'ftf'))
        return f'FTF over {BASE} ≥ +{points:.1f} pp', f'{with_width(gain, 100, 2)}', mean * 100 >= points
    return check


def every_gain_at_least(points):
    def check(c):
        worst = min(c.gains(POLICY, 'ftf')) * 100
        return f'every seed ≥ +{points:.1f} pp', f'worst {worst:.2f}', worst >= points
    return check


def gain_within(points):
    def check(c):
        mean, _ = gain = interval(c.gains(POLICY, 'ftf'))
        return f'FTF over {BASE} within ± {points:.1f} pp', f'{with_width(gain, 100, 2)}', abs(mean) * 100 <= points
    return check


def never_more(name, what, scale, digits):
    def check(c):
        worst = max(c.gains(POLICY, name))
        return (f'every seed: {what} ≤ {BASE}',
                f'{c.mean(POLICY, name)[0] * scale:.{digits}f} against {c.mean(BASE, name)[0] * scale:.{digits}f}; '
                f'worst seed {worst * scale:+.{digits}f}', worst <= 0)
    return check


def fewer_repeats(share):
    def check(c):
        less = [1 - x / y for x, y in zip(c.values(POLICY, 'repeats'), c.values(BASE, 'repeats'), strict=True)]
        return f'every seed: repeats −{share:.0%} or better', f'worst −{min(less):.1%}', min(less) >= share
    return check


def at_most(name, what, limit, scale, digits):
    def check(c):
        mean, _ = c.mean(POLICY, name)
        return f'{what} ≤ {limit}', f'{mean * scale:.{digits}f}', mean * scale <= limit
    return check


def mean_not_more(name, what, scale, digits):
    def check(c):
        mine, other = c.mean(POLICY, name)[0], c.mean(BASE, name)[0]
        return f'{what} ≤ {BASE}', f'{mine * scale:.{digits}f} against {other * scale:.{digits}f}', mine <= other
    return check


LIVE = [never_more('liveWait', 'mean live wait', 1, 1), never_more('abandoned', 'abandonment', 100, 2)]
HARD = [mean_not_more('abandonedHardest6', 'abandonment of the 6 hardest products', 100, 1)]

ROWS = [  # name, scenario, seeds, demands
    ('S1', {'agents': 40, 'load': 0.70}, 8, [gain_at_least(4.0), *LIVE]),
    ('S2', {'agents': 40, 'load': 0.85}, 8, [gain_at_least(3.0), *LIVE, every_gain_at_least(2.0), fewer_repeats(0.12)]),
    ('S3', {'agents': 40, 'load': 0.95}, 8, [gain_at_least(2.8), *LIVE,
                                             at_most('asyncWaitP95Min', 'async wait, p95, min', 60, 1, 0)]),
    ('S4', {'agents': 40, 'load': 1.05}, 8, [gain_at_least(3.0), *LIVE, *HARD]),
    ('S5', {'agents': 400, 'load': 0.85}, 3, [gain_at_least(6.8), *LIVE,
                                              at_most('spread', 'spread of occupancy, pp', 40, 100, 0)]),
    ('S6a', {'agents': 400, 'load': 0.95}, 3, [gain_at_least(5.7), *LIVE, *HARD]),
    ('S6b', {'agents': 400, 'load': 1.05}, 3, [gain_at_least(5.7), *LIVE, *HARD]),
    ('S7', {'agents': 40, 'load': 0.85, 'misclassified': 0.15}, 8, [gain_at_least(2.0)]),
    ('S8', {'agents': 40, 'load': 0.85, 'spread': 0.5}, 8, [gain_at_least(0.8)]),
    ('S9', {'agents': 40, 'load': 0.85, 'spread': 0}, 8, [gain_within(0.5),
                                                          mean_not_more('liveWait', 'mean live wait', 1, 1)]),
]


def compare(sim, scenarios, policies, seeds_of, jobs):
    """A Comparison for each scenario; seeds_of: the seeds of each."""
    wanted = [{**s, 'policy': p, 'seed': seed}
              for s, seeds in zip(scenarios, seeds_of, strict=True) for p in policies for seed in seeds]
    figures = iter(all_runs(sim, wanted, jobs))
    return [Comparison(s, policies, seeds, {p: [next(figures) for _ in seeds] for p in policies})
            for s, seeds in zip(scenarios, seeds_of, strict=True)]


def accept(sim, rows, first_seed, jobs, more=None):
    """[(row, what it is, [(demanded, measured, passed), …]), …]"""
    comparisons = compare(sim, [{**s, **(more or {})} for _, s, _, _ in rows], [BASE, POLICY],
                          [range(first_seed, first_seed + n) for _, _, n, _ in rows], jobs)
    return [(name, c, [check(c) for check in checks])
            for (name, _, _, checks), c in zip(rows, comparisons, strict=True)]


def acceptance_table(results):
    out = ['| row | scenario | demanded | measured | |', '|---|---|---|---|---|']
    for name, c, checks in results:
        for i, (demanded, measured, passed) in enumerate(checks):
            out.append(f'| {name if i == 0 else ""} | {c.title() if i == 0 else ""} | {demanded} | {measured} | '
                       f'{"passed" if passed else "**failed**"} |')
    return '\n'.join(out)
