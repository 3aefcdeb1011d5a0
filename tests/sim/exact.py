"""exact.py - what formulas say of a plain queue, to hold the simulator against

A queue with Poisson arrivals, exponential work, n servers: Erlang C when everybody stays, Erlang A when patience is
exponential. Who is not fixed and comes back later: the queue is as one with all arrivals, first and repeated, at its
door (Jackson).
source: A. K. Erlang 1917; C. Palm 1946 (patience); J. R. Jackson 1957. Own derivations from the balance equations.
"""
import math


def erlang_c(n, rate, work):
    """Mean wait of all, in seconds; rate: arrivals a second; work: mean seconds."""
    offered = rate * work
    blocked = 1.0                       # Erlang B, by its recursion
    for k in range(1, n + 1):
        blocked = offered * blocked / (k + offered * blocked)
    busy = offered / n
    waits = blocked / (1 - busy * (1 - blocked))
    return waits * work / (n - offered)


def erlang_a(n, rate, work, patience):
    """Mean wait of all, answered or not, and the share that gives up."""
    # balance: p[k] = p[k-1] * rate / (rate out of k); summed on both sides of n until nothing is left to add
    log_p, logs = 0.0, [0.0]
    for k in range(1, n + 50 * math.isqrt(n) + 20000):
        log_p += math.log(rate / (k / work if k <= n else n / work + (k - n) / patience))
        logs.append(log_p)
        if k > n and log_p < max(logs[n], 0) - 60:
            break
    top = max(logs)
    p = [math.exp(x - top) for x in logs]
    queue = sum((k - n) * x for k, x in enumerate(p) if k > n) / sum(p)
    return queue / rate, queue / patience / rate
