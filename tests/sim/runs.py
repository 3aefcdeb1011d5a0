"""runs.py - many runs of routing_sim, a few at a time; the figures of each, by scenario, policy and seed"""
import concurrent.futures
import json
import subprocess
import sys
import time


def policy_options(policy):
    """"ftf:advantage=40:sticky=0.1" is the policy ftf with two of its settings."""
    name, *settings = policy.split(':')
    options = ['--policy', name]
    if settings:
        routing = {k: float(v) for k, v in (s.split('=', 1) for s in settings)}
        options += ['--settings', json.dumps({'routing': routing})]
    return options


def one_run(sim, options):
    """options: {"agents": 40, "plain": True, …} as routing_sim has them; "policy" as policy_options."""
    words = [str(sim)]
    for name, value in options.items():
        if name == 'policy':
            words += policy_options(value)
        elif value is True:
            words.append(f'--{name}')
        elif value is not False and value is not None:
            words += [f'--{name}', str(value)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f'{" ".join(words)}: {done.stderr.strip()[-2000:]}')
    return json.loads(done.stdout)


class Progress:
    def __init__(self, total):
        self.total, self.done, self.began, self.shown = total, 0, time.monotonic(), 0.0

    def tick(self):
        self.done += 1
        now = time.monotonic()
        on_screen = sys.stderr.isatty()
        if self.done < self.total and now - self.shown < (0.2 if on_screen else 15):
            return
        self.shown = now
        left = (now - self.began) / self.done * (self.total - self.done)
        print(f'{self.done} of {self.total} runs, about {left:.0f} s left', file=sys.stderr, flush=True,
              end='\r' if on_screen and self.done < self.total else '\n')


def all_runs(sim, wanted, jobs=2):
    """wanted: a list of options; returns the figures in the same order."""
    progress = Progress(len(wanted))

    def one(options):
        figures = one_run(sim, options)
        progress.tick()
        return figures

    with concurrent.futures.ThreadPoolExecutor(max(1, min(2, jobs))) as pool:
        futures = [pool.submit(one, options) for options in wanted]
        try:
            return [f.result() for f in futures]
        except BaseException:
            for f in futures:
                f.cancel()
            raise
