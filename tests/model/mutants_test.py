#!/usr/bin/env python3
"""The model passes a handful of cases, and a recorded killer catches its mutant in each: mutants_test.py CLIENTSUITE MODEL SCENARIOS.

One mutant for each part of the client; the whole matrix is killmatrix.py's, which takes longer. Standard library only.
"""

import argparse
import sys

import killmatrix

KILLERS = {
    "ignores-retry-after": "retry-after/delta-1 waits",
    "sends-pa-in-tunnel": "creds/pa-not-in-tunnel not-inside",
    "accepts-short-body": "transport/fin-mid-body-length incomplete",
    "no-verification": "tls/self-signed no-request",
    "retries-403": "block/403-not-retried once",
}


def main():
    clientsuite, model, scenarios = sys.argv[1:]
    defects = killmatrix.mutants_of(model)
    assert len(defects) >= 60 and all(defects.values()), "a mutant has no words"
    only = ["retry-after/delta-1", "transport/fin-mid-body-length", "tls/self-signed",
            "block/403-not-retried", "creds/pa-not-in-tunnel"]
    options = argparse.Namespace(clientsuite=clientsuite, model=model, scenarios=scenarios, only=only, parallel=2)
    runs = killmatrix.play_all(options, list(KILLERS))
    wrong = {c: v for c, v in runs[""].items() if v[0] in killmatrix.GRADED and v[1] in ("fail", "weak", "crash", "hang")}
    assert not wrong, f"the model: {wrong}"
    for name, check in KILLERS.items():
        dead = killmatrix.kills(runs, name)
        assert check in dead, f"{name} is not caught by {check}, but by {sorted(dead)}"


if __name__ == "__main__":
    main()
