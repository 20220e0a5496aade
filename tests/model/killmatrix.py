#!/usr/bin/env python3
"""Which checks catch which mutant of the model client? ./dev killmatrix

    killmatrix.py --clientsuite PROGRAM --model PROGRAM [--shard K/N] [--parallel N] [MUTANT...]

Plays all cases with the model, then with each of its mutants, and compares the verdicts check by check. A kill is a check that
the model passes and the mutant fails (fail or weak), twice: the second time with nothing but the cases that showed something,
and if the two differ, it takes a third time, one case after the other.

The raw result lies in --json: what is played is added to it, and --merge adds other files (shards). When it has all mutants,
docs/kill-matrix.md and killers.tsv are written. Exit status: 0 every mutant is killed, every MUST and SHOULD kills one and no
MUST fails without an explanation (mutants.def), 1 not so or incomplete.

Standard library only.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import time

from play import GRADED, HERE, Suite, case_of, faults, kills, lasting_faults, matches, mutants_of, name_of, play

HOUSE_CASES = 3  # in which a check of the house is looked at again


def to_confirm(dead):
    """The cases in which it was killed; of those where only the house noticed, a few."""
    cases = {case_of(key) for key in dead if " house:" not in key}
    seen = {}
    for key in sorted(dead):
        if " house:" in key:
            name = name_of(key)
            seen[name] = seen.get(name, 0) + (case_of(key) in cases)
            if seen[name] < HOUSE_CASES:
                seen[name] += 1
                cases.add(case_of(key))
    return cases


def twice(suite, model, name):
    """Kills that were seen twice: key -> (level, verdict, seconds, is it by chance?)."""
    first = play(suite, name)
    dead = kills(model, first)
    if not dead:
        return {}
    cases = to_confirm(dead)
    dead = {key for key in dead if case_of(key) in cases}
    second = kills(model, play(suite, name, cases))
    doubtful = dead ^ second
    third = kills(model, play(suite, name, {case_of(key) for key in doubtful}, jobs=1)) if doubtful else set()
    believed = (dead & second) | (doubtful & third)
    return {key: first[key] + (key in doubtful,) for key in believed if key in first}


def play_all(suite, names, parallel):
    """{"model": verdicts, "mutants": name -> kills}"""
    model = play(suite)
    for key, verdict in sorted(lasting_faults(suite, model).items()):
        print(f"  the model itself: {key}: {verdict}", file=sys.stderr)
    for key, verdict in faults(model).items():
        print(f"  the model, once: {key}: {verdict}", file=sys.stderr)
    found = {}
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        futures = {pool.submit(twice, suite, model, name): name for name in names}
        for n, future in enumerate(concurrent.futures.as_completed(futures), 1):
            name = futures[future]
            try:
                found[name] = future.result()
            except (RuntimeError, subprocess.TimeoutExpired) as wrong:
                print(f"  {name} is left out: {wrong}", file=sys.stderr)
                continue
            print(f"{n}/{len(names)}, {time.monotonic() - began:.0f} s: {name}: {len(found[name])} kills", file=sys.stderr, flush=True)
    return {"model": model, "mutants": found}


# ---- what it says -----------------------------------------------------------------------------------


class Matrix:
    """A raw result, and what mutants.def says of the mutants in it."""

    def __init__(self, raw, mutants):
        self.mutants, self.model = mutants, raw["model"]
        self.raw = {name: raw["mutants"][name] for name in mutants if name in raw["mutants"]}
        self.levels = {name_of(key): level for key, (level, *_) in self.model.items() if level in GRADED}
        self.killed_by = {check: set() for check in self.levels}
        for name, dead in self.raw.items():
            for key in dead:
                if name_of(key) in self.killed_by:
                    self.killed_by[name_of(key)].add(name)

    def kills_of(self, name):
        return sorted({name_of(key) for key in self.raw[name]} & set(self.levels))

    def survivors(self):
        return [name for name in self.raw if not self.kills_of(name)]

    def idle(self):
        return sorted(check for check, by in self.killed_by.items() if not by)

    def own(self, name):
        return [check for check in self.kills_of(name) if matches(check, self.mutants[name].made_for)]

    def explained(self, name):
        """(why, checks) for each BECAUSE."""
        others = [check for check in self.kills_of(name) if check not in self.own(name)]
        return [(why, [check for check in others if matches(check, patterns)]) for patterns, why in self.mutants[name].because]

    def besides(self, name):
        """Checks that it is not made for, and of which nothing is said."""
        told = {check for _, checks in self.explained(name) for check in checks}
        return [check for check in self.kills_of(name) if check not in self.own(name) and check not in told]

    def unexplained(self):
        """(mutant, MUST)"""
        return [(name, check) for name in self.raw for check in self.besides(name) if self.levels[check] != "should"]


def listed(checks):
    return ", ".join(f"`{check}`" for check in checks)


def mutant_rows(m):
    lines = ["| mutant | defect | killed by | besides, and why |", "| --- | --- | --- | --- |"]
    for name in m.raw:
        why = [f"{text}: {listed(checks)}" for text, checks in m.explained(name) if checks]
        left = m.besides(name)
        cells = [listed(m.own(name)) or ("" if left or why else "**nothing**"), "; ".join(why + ([listed(left)] if left else []))]
        lines.append(f"| `{name}` | {m.mutants[name].defect} | " + " | ".join(cells) + " |")
    return lines


def markdown(m):
    idle = m.idle()
    lines = ["# Kill matrix", "",
             "Made by `./dev killmatrix`: clientsuite plays all cases with the model client, which does everything right, and with each of",
             "its mutants, which do one thing wrong. What kills a mutant is a check that the model passes and the mutant fails, seen twice.",
             "The column *besides* has what fails beyond the checks that a mutant is made for, with the reason; a MUST always has one.", "",
             f"{len(m.raw) - len(m.survivors())} of {len(m.raw)} mutants are killed; {len(m.levels) - len(idle)} of {len(m.levels)} checks at MUST and SHOULD kill at",
             "least one.", "", "## Mutants", ""] + mutant_rows(m)
    lines += ["", "## Checks that kill nothing", ""]
    lines += [f"- `{c}` ({GRADED[m.levels[c]]})" for c in idle] or ["None."]
    lines += ["", "## MUST failures without an explanation", ""]
    lines += [f"- `{name}`: `{check}`" for name, check in m.unexplained()] or ["None."]
    lines += ["", "## Checks", "", "| check | level | kills |", "| --- | --- | --- |"]
    for check, names in sorted(m.killed_by.items()):
        if names:
            lines.append(f"| `{check}` | {GRADED[m.levels[check]]} | {', '.join(sorted(names))} |")
    return "\n".join(lines) + "\n"


def killers(m):
    """A row for each check that kills: check, level, mutant, case. Few mutants, and of each the quickest cases."""
    options = {}  # check -> mutant -> (is it doubtful, or beside what the mutant is made for?, seconds, case)
    for name, dead in m.raw.items():
        for key, (_, _, seconds, by_chance) in dead.items():
            if name_of(key) in m.levels:
                best = options.setdefault(name_of(key), {})
                is_poor = by_chance or not matches(name_of(key), m.mutants[name].made_for)
                best[name] = min(best.get(name, (True, 1e9, "")), (is_poor, seconds, case_of(key)))
    for check, by in options.items():  # what is quick and certain, where there is a choice
        surest = min(by.values())
        options[check] = {name: o for name, o in by.items() if o[0] == surest[0] and o[1] <= max(3, surest[1] + 0.5)}
    rows, left = [], set(options)
    while left:
        gains = {}
        for check in left:
            for name in options[check]:
                gains.setdefault(name, []).append(check)
        name = max(gains, key=lambda n: (len(gains[n]), n))
        rows += [(check, m.levels[check], name, options[check][name][2]) for check in gains[name]]
        left -= set(gains[name])
    return sorted(rows)


def write_tables(m, page, table):
    with open(page, "w", encoding="utf-8") as f:
        f.write(markdown(m))
    with open(table, "w", encoding="utf-8") as f:
        f.write("# Written by ./dev killmatrix, replayed by killers_test.py: check, level, mutant that it fails, in this case\n")
        f.writelines("\t".join(row) + "\n" for row in killers(m))


def tell(m, missing):
    idle = m.idle()
    print(f"{len(m.raw)} mutants, {len(missing)} not played, {len(m.survivors())} survive; {len(idle)} checks kill nothing; "
          f"{len(m.unexplained())} MUSTs fail without an explanation")
    for name in m.survivors():
        print(f"  survives: {name}")
    for check in idle:
        print(f"  kills nothing: {check}")
    for name, check in m.unexplained():
        print(f"  unexplained: {name}: {check}")
    return bool(missing or m.survivors() or idle or m.unexplained())


def load(path):
    if not os.path.exists(path):
        return {"model": {}, "mutants": {}}
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def add(raw, more):
    raw["model"] = more["model"] or raw["model"]
    raw["mutants"].update(more["mutants"])


def options_of(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clientsuite", default="build/release/clientsuite")
    parser.add_argument("--model", default="build/release/tests/model/model")
    parser.add_argument("--scenarios", default="scenarios", help="where they lie")
    parser.add_argument("--parallel", type=int, default=4 * (os.cpu_count() or 1), help="runs side by side; they mostly wait")
    parser.add_argument("--shard", help="K/N: every N-th mutant")
    parser.add_argument("--merge", action="append", default=[], help="a file that --json wrote; then nothing is played")
    parser.add_argument("--json", default="build/killmatrix.json", help="the raw result")
    parser.add_argument("--page", default="docs/kill-matrix.md")
    parser.add_argument("--table", default=os.path.join(HERE, "killers.tsv"))
    parser.add_argument("mutants", nargs="*", help="these; all without")
    return parser.parse_args(argv)


def main():
    options = options_of(sys.argv[1:])
    suite = Suite(options.clientsuite, options.model, options.scenarios)
    mutants = mutants_of(options.model)
    names = options.mutants or list(mutants)
    unknown = [name for name in names if name not in mutants]
    if unknown:
        sys.exit(f"no such mutant: {', '.join(unknown)}")
    if options.shard:
        k, n = map(int, options.shard.split("/"))
        names = names[k - 1::n]
    raw = load(options.json)
    for path in options.merge:
        add(raw, load(path))
    if not options.merge:
        add(raw, play_all(suite, names, options.parallel))
    with open(options.json, "w", encoding="utf-8") as f:
        json.dump(raw, f)
    matrix = Matrix(raw, mutants)
    missing = [name for name in mutants if name not in matrix.raw]
    if missing:
        print(f"{options.page} is not written: it takes {len(missing)} mutants more")
    else:
        write_tables(matrix, options.page, options.table)
    sys.exit(1 if tell(matrix, missing) else 0)


if __name__ == "__main__":
    main()
