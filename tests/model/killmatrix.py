#!/usr/bin/env python3
"""Which checks catch which mutant of the model client?

    killmatrix.py --clientsuite PROGRAM --model PROGRAM [--scenarios FOLDER] [--markdown FILE] [--json FILE] [MUTANT…]

Runs clientsuite with the model, then with each of its mutants, and compares the verdicts check by check. A kill is a check
that the model passes and the mutant fails (fail or weak); a crash or a hang kills nothing. The report says for each mutant
what kills it, and for each MUST and SHOULD which mutants it kills; --json keeps the raw result, and --merge joins those of
shards. Exit status: 0 every mutant is killed and every MUST and SHOULD kills one, 1 not so, 3 a run failed.

Standard library only.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

KILLS = {"fail", "weak"}
GRADED = {"must": "MUST", "must*": "MUST*", "should": "SHOULD"}


def mutants_of(model):
    lines = subprocess.run([model, "--list-mutants"], capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split("\t", 1) for line in lines)


def write_profile(folder, model, mutant):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "profile.json"), encoding="utf-8") as f:
        profile = json.load(f)
    profile["driver"] = [os.path.abspath(model)] + (["--mutant", mutant] if mutant else [])
    path = os.path.join(folder, "profile.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(profile, f)
    return path


def run(options, mutant):
    """Verdicts: "topic/name check" or "house check" -> [level, verdict]; the worst of all variants."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.jsonl")
        argv = [os.path.abspath(options.clientsuite), "run", "--client", write_profile(folder, options.model, mutant),
                "--report", "json:" + report]
        for pattern in options.only or []:
            argv += ["--only", pattern]
        environment = dict(os.environ)
        environment["FAKEPROXY_SCENARIOS"] = os.path.abspath(options.scenarios)
        done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True,
                              timeout=1200, check=False)
        if not os.path.exists(report):
            raise RuntimeError(f"{mutant or 'model'}: exit status {done.returncode}: {done.stderr[-2000:]}")
        with open(report, encoding="utf-8") as f:
            return verdicts_of(map(json.loads, f))


def worse(old, new):
    order = ["not-applicable", "blocked", "not-exercised", "info", "pass", "inconclusive", "harness-error", "hang", "crash",
             "weak", "fail"]
    return new if old is None or order.index(new) > order.index(old) else old


def verdicts_of(lines):
    found = {}
    for line in lines:
        if line["type"] != "case":
            continue
        for check in line["checks"]:
            name = ("house " if check.get("house") else line["id"] + " ") + check["id"]
            level, verdict = found.get(name, (check["level"], None))
            found[name] = [level, worse(verdict, check["verdict"])]
    return found


def play_all(options, names):
    runs = {"": run(options, None)}
    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        futures = {pool.submit(run, options, name): name for name in names}
        for n, future in enumerate(concurrent.futures.as_completed(futures), 1):
            name = futures[future]
            runs[name] = future.result()
            dead = [c for c, v in kills(runs, name).items() if v]
            print(f"{n}/{len(names)} {name}: {len(dead)} kills", file=sys.stderr, flush=True)
    return runs


def kills(runs, name):
    base = runs[""]
    return {check: level for check, (level, verdict) in runs[name].items()
            if level in GRADED and verdict in KILLS and base.get(check, [None, None])[1] == "pass"}


# ---- the report -----------------------------------------------------------------------------------


def table(runs, defects):
    lines = ["| mutant | defect | killed by |", "| --- | --- | --- |"]
    for name in defects:
        if name in runs:
            dead = kills(runs, name)
            cells = ", ".join(f"`{c}`" for c in sorted(dead)) or "**nothing**"
            lines.append(f"| `{name}` | {defects[name]} | {cells} |")
    return lines


def killers(runs):
    """Each graded check of the model's run -> the mutants it kills."""
    found = {check: [] for check, (level, _) in runs[""].items() if level in GRADED}
    for name in runs:
        if name:
            for check in kills(runs, name):
                found[check].append(name)
    return found


def markdown(runs, defects):
    found = killers(runs)
    idle = sorted(c for c, names in found.items() if not names)
    dead = [n for n in runs if n and kills(runs, n)]
    lines = ["# Kill matrix", "",
             "Made by `tests/model/killmatrix.py`: clientsuite plays all scenarios with the model client, which does everything right,",
             "and with each of its mutants, which do one thing wrong. What kills a mutant is a check that the model passes and the",
             "mutant does not.", "",
             f"{len(dead)} of {len(runs) - 1} mutants are killed; {len(found) - len(idle)} of {len(found)} checks at MUST and SHOULD",
             "kill at least one.", "", "## Mutants", ""] + table(runs, defects)
    lines += ["", "## Checks that kill nothing", ""]
    lines += [f"- `{c}` ({GRADED[runs[''][c][0]]}; the model: {runs[''][c][1]})" for c in idle] or ["None."]
    lines += ["", "## Checks", "", "| check | level | kills |", "| --- | --- | --- |"]
    for check, names in sorted(found.items()):
        if names:
            lines.append(f"| `{check}` | {GRADED[runs[''][check][0]]} | {', '.join(sorted(names))} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clientsuite", default="build/release/clientsuite")
    parser.add_argument("--model", default="build/dev/tests/model/model")
    parser.add_argument("--scenarios", default="scenarios", help="where they lie")
    parser.add_argument("--only", action="append", help="cases, as for clientsuite run")
    parser.add_argument("--parallel", type=int, default=2, help="runs side by side")
    parser.add_argument("--shard", help="K/N: every N-th mutant")
    parser.add_argument("--merge", action="append", help="a file that --json wrote; then nothing is played")
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    parser.add_argument("mutants", nargs="*", help="these; all without")
    options = parser.parse_args()
    defects = mutants_of(options.model)
    names = options.mutants or list(defects)
    if options.shard:
        k, n = map(int, options.shard.split("/"))
        names = names[k - 1::n]
    runs = {}
    for path in options.merge or []:
        with open(path, encoding="utf-8") as f:
            runs.update(json.load(f))
    if not options.merge:
        runs = play_all(options, names)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(runs, f)
    text = markdown(runs, defects)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as f:
            f.write(text)
    survivors = [n for n in runs if n and not kills(runs, n)]
    idle = [c for c, dead in killers(runs).items() if not dead]
    print(f"{len(runs) - 1} mutants, {len(survivors)} survive; {len(idle)} checks kill nothing")
    for name in survivors:
        print(f"  survives: {name}")
    sys.exit(1 if survivors or idle else 0)


if __name__ == "__main__":
    main()
