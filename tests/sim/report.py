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
    """Figures as told.h has them; kept is its keptAll."""
    out = [f'### told waits: {c.title()}', '',
           '| policy | estimator | callers | waited s | within 30 % | who waited > 30 s | as said | mean error s '
           '| limit s | kept | over futures: within 30 % | kept |', '|---' * 12 + '|']
    for p in c.policies:
        told = [f['told'] for f in c.figures[p]]
        for name in told[0]:
            if name in ('atOnce', 'best30', 'futuresWaited'):
                continue
            rows = [t[name] for t in told if name in t]
            mean = {k: with_width(interval([r[k] for r in rows]), 1 if k in ('error', 'limit', 'waited') else 100, 1)
                    for k in rows[0] if k != 'callers'}
            cells = [p, name, str(sum(r['callers'] for r in rows))]
            cells += [mean.get(k, '') for k in ('waited', 'within30', 'within30Over30s', 'spoken30', 'error', 'limit',
                                                'keptAll', 'futures30', 'futuresKept')]
            out.append('| ' + ' | '.join(cells) + ' |')
        if 'best30' in told[0]:
            out.append(f'| {p} | any, at most |' + ' |' * 8
                       + f' {with_width(interval([t["best30"] for t in told]), 100, 1)} | |')
    at_once = ', '.join(f'{100 * interval([f["told"]["atOnce"] for f in c.figures[p]])[0]:.0f} % ({p})'
                        for p in c.policies)
    return '\n'.join([*out, '', f'Answered at once, and told nothing: {at_once}.'])
