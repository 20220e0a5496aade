#!/usr/bin/env python3
"""The model passes everything, again and again, on a busy machine.

    soak.py [--runs 20] [--busy 4] [--clientsuite PROGRAM] [--model PROGRAM] [--scenarios FOLDER] [--only CASE]...

Nothing is played twice here: each run has to pass as it is, however late everything comes. Prints what did not, run by run;
exit status 1 if there is anything. Standard library only.
"""

import argparse
import collections
import multiprocessing
import sys
import time

from play import Suite, faults, play


def be_busy():
    while True:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--busy", type=int, default=4, help="processes beside it that do nothing but compute")
    parser.add_argument("--clientsuite", default="build/release/clientsuite")
    parser.add_argument("--model", default="build/release/tests/model/model")
    parser.add_argument("--scenarios", default="scenarios")
    parser.add_argument("--only", action="append", help="these cases")
    options = parser.parse_args()
    suite = Suite(options.clientsuite, options.model, options.scenarios)
    seen = collections.Counter()
    others = [multiprocessing.Process(target=be_busy, daemon=True) for _ in range(options.busy)]
    for process in others:
        process.start()
    for n in range(1, options.runs + 1):
        began = time.monotonic()
        wrong = faults(play(suite, cases=options.only))
        print(f"run {n}: {time.monotonic() - began:.0f} s, {len(wrong)} not passed", flush=True)
        for key, verdict in sorted(wrong.items()):
            print(f"  {key}: {verdict}")
        seen.update(wrong)
    for process in others:
        process.terminate()
    for key, times in seen.most_common():
        print(f"{times} of {options.runs}: {key}")
    sys.exit(1 if seen else 0)


if __name__ == "__main__":
    main()
