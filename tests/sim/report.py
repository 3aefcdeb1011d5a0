"""report.py - policies side by side: a table of means with intervals over seeds"""
from intervals import interval

BASE = 'skills-fifo'


class Comparison:
    """One scenario: figures by policy and seed, the same seeds (so the same demand) for each."""

    def __init__(self, scenario, policies, seeds, figures):
        self.scenario, self.policies, self.seeds = scenario, policies, list(seeds)
        self.figures = figures          # {policy: [figures of each seed]}

    def values(self, policy, name):
        return [f[name] for f in self.figures[policy]]

    def mean(self, policy, name):
        return interval(self.values(policy, name))

    def gains(self, policy, name, base=BASE):
        """Seed by seed: how much more than the base has this policy?"""
        return [x - y for x, y in zip(self.values(policy, name), self.values(base, name), strict=True)]

    def title(self):
        s = self.scenario
        more = ''.join(f', {k} {v:g}' for k, v in s.items() if k in ('spread', 'misclassified') and v is not None)
        return f'{s["agents"]} agents, load {s["load"]:.2f}{more}; {len(self.seeds)} seeds from {self.seeds[0]}'


def with_width(mean_and_width, scale, digits):
    mean, width = mean_and_width
    text = f'{mean * scale:.{digits}f}'
    return text if width != width else f'{text} ± {width * scale:.{digits}f}'


def table(c):
    base = BASE if BASE in c.policies else c.policies[0]
    out = [f'### {c.title()}', '',
           f'| policy | FTF % | over {base}, pp | FTF-all % | live wait s, mean | p95 | longest | abandoned % '
           '| hardest 6 % | async wait min, mean / p95 | repeats per 100 | occupancy % | its spread, pp |',
           '|---|---|---|---|---|---|---|---|---|---|---|---|---|']
    for p in c.policies:
        gain = with_width(interval(c.gains(p, 'ftf', base)), 100, 2) if p != base else '–'
        longest = max(c.values(p, 'liveWaitMax'))
        cells = [p, with_width(c.mean(p, 'ftf'), 100, 1), gain, with_width(c.mean(p, 'ftfAll'), 100, 1),
                 with_width(c.mean(p, 'liveWait'), 1, 1), f'{c.mean(p, "liveWaitP95")[0]:.0f}', f'{longest:.0f}',
                 with_width(c.mean(p, 'abandoned'), 100, 1), f'{100 * c.mean(p, "abandonedHardest6")[0]:.1f}',
                 f'{c.mean(p, "asyncWaitMin")[0]:.1f} / {c.mean(p, "asyncWaitP95Min")[0]:.0f}',
                 with_width(c.mean(p, 'repeats'), 1, 1), f'{100 * c.mean(p, "occupancy")[0]:.1f}',
                 f'{100 * c.mean(p, "spread")[0]:.0f}']
        out.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(out)


def told_table(c):
    out = [f'### told waits: {c.title()}', '',
           '| policy | estimator | callers | within 30 % | mean error s | told s | waited s |',
           '|---|---|---|---|---|---|---|']
    for p in c.policies:
        told = [f['told'] for f in c.figures[p]]
        for name in (n for n in told[0] if n != 'promise'):
            def mean(key, scale, digits, name=name, told=told):
                return with_width(interval([t[name][key] for t in told]), scale, digits)
            out.append(f'| {p} | {name} | {sum(t[name]["callers"] for t in told)} | {mean("within30", 100, 1)} % | '
                       f'{mean("error", 1, 1)} | {mean("told", 1, 1)} | {mean("waited", 1, 1)} |')
    for p in c.policies:
        kept = [f['told']['promise'] for f in c.figures[p] if 'promise' in f['told']]
        if kept:
            share, limit = (interval([k[key] for k in kept]) for key in ('kept', 'promised'))
            out += ['', f'{p}: told a limit of {with_width(limit, 1, 0)} s on average, '
                        f'{with_width(share, 100, 1)} % of those answered waited no longer.']
    return '\n'.join(out)
