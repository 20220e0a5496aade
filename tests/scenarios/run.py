#!/usr/bin/env python3
"""Plays shipped scenarios against hand-made clients.

    run.py PROGRAM ID       plays one scenario, each of its variants
    run.py PROGRAM --same   does every shipped scenario have a dialogue, and the other way round?
    run.py PROGRAM --valid  is every shipped file valid and documented?
    run.py PROGRAM --rows   is every draft in docs/rows valid?
"""

import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialogue import ROOT, Play, check, equal, table, variants_of  # noqa: E402

for module in glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "play_*.py")):
    __import__(os.path.basename(module)[:-3])


def files(folder):
    found = sorted(glob.glob(os.path.join(ROOT, folder, "*", "*.json")))
    check(found, "nothing in", folder)
    return found


def id_of(path):
    return path[:-len(".json")].split(os.sep)[-2] + "/" + os.path.basename(path)[:-len(".json")]


def play(program, scenario):
    for variant in variants_of(scenario):
        with Play(program, scenario, variant) as p:
            table[scenario](p)


def same():
    equal(sorted(table), sorted(id_of(path) for path in files("scenarios")), "what has a dialogue")


def load(program, paths):
    run = subprocess.run([program, "check", *paths], capture_output=True, text=True, check=False)
    sys.stdout.write(run.stdout)
    sys.stderr.write(run.stderr)
    equal(run.returncode, 0, "the exit code of check")


def documented(path):
    with open(path, encoding="utf-8") as f:
        scenario = json.load(f)
    equal(scenario["id"], id_of(path), "the id in " + path)
    for key in "title", "layer", "about", "cause", "fix", "sources":
        check(scenario.get(key), path, "has no", key)
    check(scenario["layer"] in ("client", "gateway", "transport"), path, "is in no known layer")
    for name, item in scenario["expect"].items():
        check(item.get("says"), path, "does not say what", name, "asks for")


def main(program, what):
    if what == "--same":
        same()
    elif what in ("--valid", "--rows"):
        paths = files("scenarios" if what == "--valid" else "docs/rows")
        load(program, paths)
        for path in paths:
            documented(path)
    else:
        play(program, what)


if __name__ == "__main__":
    main(*sys.argv[1:])
