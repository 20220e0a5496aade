"""Load by wrk, and the comparison of two servers under it."""

import json
import os
import statistics
import subprocess

from servers import HERE, Failed, find_program


def wrk(server, target, seconds):
    """One run of one thread and 32 connections. The dict of wrk.lua, and with it the requests per
    second (`rate`) and the CPU time of the server for each request (`cpu_us`)."""
    before = server.cpu_seconds()
    run = subprocess.run(
        [find_program("wrk"), "-t1", "-c32", f"-d{seconds}s", "--timeout", "10s",
         "-s", os.path.join(HERE, "wrk.lua"), f"http://127.0.0.1:{server.port}", "--", target],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 30)
    cpu = server.cpu_seconds() - before
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if run.returncode or not lines:
        raise Failed(f"wrk against {server.name}: {run.stdout}{run.stderr}")
    result = json.loads(lines[-1])
    if not result["requests"] or result["broken"]:
        raise Failed(f"wrk against {server.name}: {result['broken']} broken exchanges: {result}")
    result["rate"] = result["requests"] / result["seconds"]
    result["cpu_us"] = cpu * 1e6 / result["requests"]
    return result


class Side:
    """One side of a comparison: a running server, and what to ask it for."""

    def __init__(self, label, server, target, expect_2xx):
        self.label = label
        self.server = server
        self.target = target
        self.expect_2xx = expect_2xx
        self.runs = []

    def run(self, seconds):
        result = wrk(self.server, self.target, seconds)
        wrong = result["not_2xx"] if self.expect_2xx else result["requests"] - result["not_2xx"]
        if wrong:
            raise Failed(f"{self.label}: {wrong} of {result['requests']} answers have a status "
                         "that was not asked for")
        return result

    def median(self, key):
        return statistics.median(run[key] for run in self.runs)


def alternate(sides, rounds, seconds, after_run=lambda: None):
    """A warm-up each, then A B, A B, ...: whatever else the machine does meets all of them."""
    for side in sides:
        side.run(1)
        after_run()
    for _ in range(rounds):
        for side in sides:
            side.runs.append(side.run(seconds))
            after_run()


def ratios(first, second, key="rate"):
    """first / second of each round."""
    return [a[key] / b[key] for a, b in zip(first.runs, second.runs)]


def median_ratio(first, second, key="rate"):
    return statistics.median(ratios(first, second, key))
