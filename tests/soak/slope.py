"""slope.py - does it grow? The slope of a measured line, with its interval"""
import math

BLOCKS = 12
# of Student's t for BLOCKS - 2 degrees of freedom, 95 % in the middle; from any table
T = 2.228


def slope(points):
    """(slope per hour, half of its 95 % interval) of [(seconds, value)]; None when there are too few. Neighbours in time are
    alike, so the line is drawn through means of blocks: their spread says how sure it is."""
    if len(points) < 2 * BLOCKS:
        return None
    size = len(points) / BLOCKS
    blocks = [points[int(i * size):int((i + 1) * size)] for i in range(BLOCKS)]
    xs = [sum(t for t, _ in b) / len(b) / 3600 for b in blocks]
    ys = [sum(v for _, v in b) / len(b) for b in blocks]
    mx, my = sum(xs) / BLOCKS, sum(ys) / BLOCKS
    sxx = sum((x - mx) ** 2 for x in xs)
    if not sxx:
        return None
    a = sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sxx
    rest = sum((y - my - a * (x - mx)) ** 2 for x, y in zip(xs, ys)) / (BLOCKS - 2)
    return a, T * math.sqrt(rest / sxx)


def grows(found, more_than):
    """Does it, beyond doubt, by more than so much an hour?"""
    return found is not None and found[0] - found[1] > more_than
