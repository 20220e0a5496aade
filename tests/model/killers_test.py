#!/usr/bin/env python3
"""Each MUST and SHOULD can be failed, and the model passes: killers_test.py MODE CLIENTSUITE MODEL SCENARIOS.

    table     killers.tsv has a row for each MUST and SHOULD of the shipped cases
    model     the model passes all of them
    K/N       every N-th mutant of killers.tsv fails what is recorded of it

The whole matrix is killmatrix.py's, which takes longer. What comes out wrong is played again, alone, before it is believed.
Standard library only.
"""

import concurrent.futures
import os
import sys

from play import GRADED, HERE, KILLS, Suite, case_of, lasting_faults, mutants_of, name_of, play

CASES = os.path.join(HERE, "..", "cases.tsv")
AT_ONCE = 4  # runs; they mostly wait


def rows_of(path, columns):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t")[:columns] for line in f if not line.startswith("#")]


def killers():
    """Mutant -> keys of verdicts that it fails."""
    found = {}
    for check, _, mutant, case in rows_of(os.path.join(HERE, "killers.tsv"), 4):
        key = f"{case} house:{check.split(' ')[1]}" if check.startswith("house ") else check
        found.setdefault(mutant, set()).add(key)
    return found


def missing_from_table(suite):
    known = {row[0] for row in rows_of(os.path.join(HERE, "killers.tsv"), 4)}
    shipped = {f"{row[1]} {row[2]}" for row in rows_of(CASES, 4) if row[0] == "check" and row[3] in GRADED}
    for check in sorted(shipped - known):
        yield f"{check}: no mutant is recorded that fails it; run ./dev killmatrix"
    for check in sorted(check for check in known if not check.startswith("house ")):
        if check not in shipped:
            yield f"{check} is recorded, but there is none; run ./dev killmatrix"
    for mutant in sorted(set(killers()) - set(mutants_of(suite.model))):
        yield f"there is no mutant {mutant} any more; run ./dev killmatrix"


def faults_of_model(suite):
    for key, verdict in sorted(lasting_faults(suite, play(suite)).items()):
        yield f"the model: {name_of(key)} in {case_of(key)}: {verdict}"


def not_failed(suite, mutant, keys, jobs=None):
    run = play(suite, mutant, {case_of(key) for key in keys}, jobs)
    return {key: run.get(key, (None, "there is none"))[1] for key in keys if run.get(key, (None, None))[1] not in KILLS}


def replay(suite, mutant, keys):
    wrong = not_failed(suite, mutant, keys)
    if wrong:
        wrong = not_failed(suite, mutant, set(wrong), jobs=1)
    return [f"{mutant}: {name_of(key)} in {case_of(key)}: {verdict}, and not fail" for key, verdict in sorted(wrong.items())]


def replays(suite, shard):
    k, n = map(int, shard.split("/"))
    table = killers()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for wrong in pool.map(lambda name: replay(suite, name, table[name]), sorted(table)[k - 1::n]):
            yield from wrong


def main():
    mode, *rest = sys.argv[1:]
    suite = Suite(*rest)
    if mode == "table":
        wrong = list(missing_from_table(suite))
    elif mode == "model":
        wrong = list(faults_of_model(suite))
    else:
        wrong = list(replays(suite, mode))
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
