#!/usr/bin/env python3
"""run.py [NAME...]: measures fakeproxy, beside its peers where it has any, and writes what came of
it into docs/performance.md. `./dev bench` calls it.

Exit status: 0 every bound held, 1 one was missed, 3 something could not be measured.
"""

import argparse
import sys
import time

import exactness
import report
import size
import speed
import states
from servers import Failed

# The part of docs/performance.md of that name is written. Each takes (rounds, seconds), those of a
# comparison, and returns (text for the page, whether all bounds held).
MEASUREMENTS = {
    "canned": speed.canned,
    "journal": speed.journaled,
    "forward": speed.forward,
    "upstream": speed.upstream,
    "start": size.start,
    "idle": size.idle,
    "connections": size.connections,
    "tunnels": size.tunnels,
    "events": size.events,
    "cpu": states.cpu,
    "exact": exactness.exact,
}


def options():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="of " + ", ".join(MEASUREMENTS) + " (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="alternations (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="of each run of wrk (default 4)")
    parser.add_argument("--dry", action="store_true", help="only print, leave the page as it is")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in MEASUREMENTS:
            parser.error(f"nothing is named '{name}'; there are {', '.join(MEASUREMENTS)}")
    return chosen


def main():
    chosen = options()
    host = report.host()
    status = 0
    for name in chosen.names or MEASUREMENTS:
        began = time.monotonic()
        measurement = MEASUREMENTS[name]
        print(f"== {name}: {measurement.__doc__.splitlines()[0]}", flush=True)
        try:
            text, holds = measurement(chosen.rounds, chosen.seconds)
        except Failed as failure:
            print(f"bench: {name}: {failure}", file=sys.stderr, flush=True)
            status = 3
            continue
        print(f"{text}\n({time.monotonic() - began:.0f} s)\n", flush=True)
        if not holds:
            status = status or 1
        if not chosen.dry:
            report.write(name, f"{text}\n\n{host}")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
