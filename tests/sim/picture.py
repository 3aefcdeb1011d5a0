"""picture.py - policies side by side as an SVG: a panel a figure, a line a policy, with 95 % intervals"""
import html
import math

PANELS = [  # figure, title, factor
    ('ftf', 'first-time fix, %', 100),
    ('liveWait', 'live wait, mean s', 1),
    ('abandoned', 'abandoned, %', 100),
    ('abandonedHardest6', 'abandoned, 6 hardest products, %', 100),
    ('asyncWaitMin', 'async wait, mean min', 1),
    ('spread', 'occupancy, spread, pp', 100),
]
# told apart by everybody, also by who is colour-blind
COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000', '#999999']
WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 190, 45, 60, 30


def nice_step(span):
    raw = span / 4
    power = 10 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw)


def scale_of(low, high):
    span = (high - low) or 1.0
    step = nice_step(span * 1.15)
    return math.floor((low - 0.05 * span) / step) * step, math.ceil((high + 0.05 * span) / step) * step, step


def points_of(comparisons, policy, name, factor):
    out = []
    for c in comparisons:
        mean, width = c.mean(policy, name)
        out.append((c.scenario['load'], mean * factor, 0 if math.isnan(width) else width * factor))
    return out


def panel(comparisons, policies, x0, y0, name, title, factor):
    lines = {p: points_of(comparisons, p, name, factor) for p in policies}
    every = [v for ps in lines.values() for v in ps]
    low, high, step = scale_of(min(y - w for _, y, w in every), max(y + w for _, y, w in every))
    low = max(low, 0)
    loads = sorted({x for x, _, _ in every})
    x_low, x_high = loads[0] - 0.05, loads[-1] + 0.05

    def x_at(load):
        return x0 + LEFT + (WIDTH - LEFT) * (load - x_low) / (x_high - x_low)

    def y_at(value):
        return y0 + HEIGHT - (HEIGHT - 20) * (value - low) / (high - low)
    out = [f'<text x="{x0 + LEFT}" y="{y0 + 8}" class="t">{html.escape(title)}</text>']
    for i in range(round((high - low) / step) + 1):
        value = low + i * step
        out.append(f'<path class="g" d="M{x0 + LEFT} {y_at(value):.1f}H{x0 + WIDTH}"/>'
                   f'<text x="{x0 + LEFT - 5}" y="{y_at(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for load in loads:
        out.append(f'<text x="{x_at(load):.1f}" y="{y0 + HEIGHT + 15}" text-anchor="middle">{load:.2f}</text>')
    for i, p in enumerate(policies):
        shift = 4 * (i - (len(policies) - 1) / 2)        # intervals beside each other, not on top
        at = [(x_at(x) + shift, y, w) for x, y, w in sorted(lines[p])]
        colour = COLOURS[i % len(COLOURS)]
        path = 'L'.join(f'{x:.1f} {y_at(y):.1f}' for x, y, _ in at)
        out.append(f'<path d="M{path}" stroke="{colour}" class="l"/>')
        out += [f'<path d="M{x:.1f} {y_at(max(y - w, low)):.1f}V{y_at(y + w):.1f}" stroke="{colour}" class="w"/>'
                f'<circle cx="{x:.1f}" cy="{y_at(y):.1f}" r="3" fill="{colour}"/>' for x, y, w in at]
    return out


def picture(comparisons):
    policies = comparisons[0].policies
    width, height = 3 * (WIDTH + GAP) + GAP, TOP + 2 * (HEIGHT + 45)
    first = comparisons[0]
    seeds = f'{len(first.seeds)} seeds from {first.seeds[0]}'
    title = f'{first.scenario["agents"]} agents by load; {seeds}; bars: 95 % intervals'
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           'font-size="11"><style>.t{font-size:12px;font-weight:bold}.g{stroke:#ddd}.l{fill:none;stroke-width:1.5}'
           '.w{stroke-width:1.5}</style><rect width="100%" height="100%" fill="white"/>',
           f'<text x="{GAP}" y="20" class="t">{html.escape(title)}</text>']
    x = GAP
    for i, p in enumerate(policies):
        out.append(f'<circle cx="{x + 5}" cy="36" r="4" fill="{COLOURS[i % len(COLOURS)]}"/>'
                   f'<text x="{x + 13}" y="40">{html.escape(p)}</text>')
        x += 30 + 7 * len(p)
    for i, (name, title, factor) in enumerate(PANELS):
        x, y = GAP + i % 3 * (WIDTH + GAP), TOP + i // 3 * (HEIGHT + 45)
        out += panel(comparisons, policies, x, y, name, title, factor)
    return '\n'.join([*out, '</svg>', ''])
