"""intervals.py - means with 95 % intervals over seeds (Student's t)"""
import functools
import math
import statistics


def t_inside(t, degrees):
    """P(-t < T < t), by the finite series for whole degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4)."""
    angle = math.atan(t / math.sqrt(degrees))
    cos2, term, total = math.cos(angle) ** 2, 1.0, 0.0
    if degrees % 2:
        term = math.cos(angle)
        for k in range(1, degrees - 1, 2):
            total += term
            term *= cos2 * (k + 1) / (k + 2)
        return 2 / math.pi * (angle + math.sin(angle) * total)
    for k in range(0, degrees - 1, 2):
        total += term
        term *= cos2 * (k + 1) / (k + 2)
    return math.sin(angle) * total


@functools.cache
def t_quantile(degrees, inside=0.95):
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if t_inside(middle, degrees) < inside else (low, middle)
    return (low + high) / 2


def interval(values, inside=0.95):
    """(mean, half the width); of one value the width is unknown."""
    values = list(values)
    if len(values) < 2:
        return values[0], math.nan
    error = statistics.stdev(values) / math.sqrt(len(values))
    return statistics.mean(values), t_quantile(len(values) - 1, inside) * error


def apart(xs, ys, inside=0.95):
    """The difference of two means and half its interval, samples not paired (Welch)."""
    vx, vy = statistics.variance(xs) / len(xs), statistics.variance(ys) / len(ys)
    degrees = (vx + vy) ** 2 / (vx ** 2 / (len(xs) - 1) + vy ** 2 / (len(ys) - 1))
    return statistics.mean(xs) - statistics.mean(ys), t_quantile(int(degrees), inside) * math.sqrt(vx + vy)
