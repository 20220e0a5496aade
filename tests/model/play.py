"""Playing the model client and its mutants: what killmatrix.py, killers_test.py and soak.py share. Standard library only.

Verdicts are a dictionary: "topic/name check", or "topic/name house:check" for what is judged in every case, to (level, verdict,
seconds); of variants the worst counts.
"""

import collections
import fnmatch
import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GRADED = {"must": "MUST", "must*": "MUST*", "should": "SHOULD"}
KILLS = {"fail", "weak"}
FROM_GOOD_TO_BAD = ["not-applicable", "blocked", "not-exercised", "info", "pass", "inconclusive", "harness-error", "hang", "crash",
                    "weak", "fail"]
LONGEST_RUN_S = 600

Suite = collections.namedtuple("Suite", "clientsuite model scenarios")
Mutant = collections.namedtuple("Mutant", "defect part made_for because")


def matches(check, patterns):
    """Does "case check", or "house check", fit one of "a, b, c"?"""
    return any(fnmatch.fnmatchcase(check, p.strip() if " " in p.strip() or p.strip().endswith("*") else p.strip() + " *")
               for p in patterns.split(","))


def mutants_of(model):
    """Name -> Mutant, in the order of mutants.def."""
    found = {}
    lines = subprocess.run([model, "--list-mutants"], capture_output=True, text=True, check=True).stdout.splitlines()
    for line in lines:
        name, defect, part, made_for, *because = line.split("\t")
        found[name] = Mutant(defect, part, made_for, list(zip(because[::2], because[1::2])))
    return found


def write_profile(folder, model, mutant):
    with open(os.path.join(HERE, "profile.json"), encoding="utf-8") as f:
        profile = json.load(f)
    profile["driver"] = [os.path.abspath(model)] + (["--mutant", mutant] if mutant else [])
    path = os.path.join(folder, "profile.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(profile, f)
    return path


def play(suite, mutant=None, cases=None, jobs=None):
    """The verdicts of one run: of the model without a mutant, of all cases without a list of them."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.jsonl")
        argv = [os.path.abspath(suite.clientsuite), "run", "--client", write_profile(folder, suite.model, mutant),
                "--quiet", "--report", "json:" + report]
        for case in sorted(cases or []):
            argv += ["--only", case]
        if jobs:
            argv += ["--jobs", str(jobs)]
        environment = {**os.environ, "FAKEPROXY_SCENARIOS": os.path.abspath(suite.scenarios)}
        done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, timeout=LONGEST_RUN_S,
                              check=False)
        if done.returncode not in (0, 1, 4) or not os.path.exists(report):
            raise RuntimeError(f"{mutant or 'model'}: clientsuite ended with {done.returncode}: {done.stderr[-2000:]}")
        with open(report, encoding="utf-8") as f:
            return verdicts_of(map(json.loads, f))


def verdicts_of(lines):
    found = {}
    for line in lines:
        if line["type"] != "case":
            continue
        for check in line["checks"]:
            key = line["id"] + (" house:" if check.get("house") else " ") + check["id"]
            _, verdict, seconds = found.get(key, (None, None, 0))
            if verdict is None or FROM_GOOD_TO_BAD.index(check["verdict"]) > FROM_GOOD_TO_BAD.index(verdict):
                verdict = check["verdict"]
            found[key] = (check["level"], verdict, max(seconds, round(line.get("took", 0), 3)))
    return found


def name_of(key):
    """As people read it: what is judged in every case is reported once."""
    return "house " + key.split(" house:")[1] if " house:" in key else key


def case_of(key):
    return key.split(" ")[0]


def kills(model, run):
    """What the model passes and this run fails. A crash or a hang kills nothing. A check of the house need not have been put
    to the test by the model in that very case."""
    found = set()
    for key, (level, verdict, _) in run.items():
        if level in GRADED and verdict in KILLS:
            by_model = model.get(key, (None, None, 0))[1]
            if by_model == "pass" or (by_model == "not-exercised" and " house:" in key):
                found.add(key)
    return found


def faults(run):
    """What the model should not have: each graded check that did not pass."""
    fine = {"pass", "not-applicable", "info"}
    return {key: verdict for key, (level, verdict, _) in run.items()
            if level in GRADED and verdict not in fine and not (" house:" in key and verdict == "not-exercised")}


def lasting_faults(suite, run):
    """The same, once those cases were played again, alone: what load did is not there any more."""
    found = faults(run)
    if not found:
        return {}
    again = faults(play(suite, cases={case_of(key) for key in found}, jobs=1))
    return {key: verdict for key, verdict in again.items() if key in found}
