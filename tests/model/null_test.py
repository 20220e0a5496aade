#!/usr/bin/env python3
"""Null clients pass nothing, and the report says why: null_test.py CLIENTSUITE SCENARIOS MODE.

A dozen cases are played with a null client (null_client.py). No case may come out as passed, there is no good letter, and
what the mode does wrong is named. Standard library only.
"""

import json
import os
import subprocess
import sys
import tempfile

CASES = ["auth/basic-after-challenge", "auth/no-creds-reported", "block/403-not-retried",
         "creds/pa-not-in-tunnel", "gateway/502-persistent", "retry-after/delta-1", "tls/self-signed", "transport/empty-reply",
         "transport/fin-mid-body-length"]
# Its URL works without a proxy, too; to refuse everything is right in it.
BEYOND = ["auth/basic-control-chars"]
CAPABILITIES = ["absolute-form", "environment", "https", "keep-alive", "origin-credentials", "redirects", "retry"]
# Of the checks that are graded, how may they come out; and a check of which it must be said.
EXPECTED = {
    "always-200": ({"fail", "weak", "not-exercised", "blocked"}, None),
    "always-error": ({"fail", "weak", "not-exercised", "blocked"}, None),
    "hangs": ({"hang", "fail", "weak", "not-exercised", "blocked"}, "ends"),
    "exits": ({"crash", "fail", "weak", "not-exercised", "blocked"}, "ends"),
    "floods": (None, "storm"),
    "past-the-proxy": (None, "bypass"),
}


def play(clientsuite, scenarios, mode, folder):
    here = os.path.dirname(os.path.abspath(__file__))
    honest, report = os.path.join(folder, "honest"), os.path.join(folder, "report.jsonl")
    profile = {"clientsuite": 1, "name": "null", "driver": [sys.executable, "-B", os.path.join(here, "null_client.py"), mode],
               "capabilities": CAPABILITIES, "environment": {"NULL_CLIENT_HONEST": honest}}
    with open(honest, "w", encoding="utf-8"), open(os.path.join(folder, "profile.json"), "w", encoding="utf-8") as f:
        json.dump(profile, f)
    argv = [clientsuite, "run", "--client", os.path.join(folder, "profile.json"), "--report", "json:" + report]
    for case in CASES + (BEYOND if mode == "past-the-proxy" else []):
        argv += ["--only", case]
    environment = {**os.environ, "FAKEPROXY_SCENARIOS": scenarios}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=600, check=False)
    with open(report, encoding="utf-8") as f:
        return done, [json.loads(line) for line in f]


def main():
    clientsuite, scenarios, mode = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        done, lines = play(clientsuite, scenarios, mode, folder)
    cases = [line for line in lines if line["type"] == "case"]
    verdicts, named = EXPECTED[mode]
    assert len(cases) >= len(CASES), f"{len(cases)} cases; {done.stderr}"
    passed = [c["id"] for c in cases if c["verdict"] == "pass"]
    assert not passed, f"passed: {passed}"
    for case in cases:
        for check in case["checks"]:
            if verdicts and not check.get("house") and check["level"] in ("must", "must*", "should"):
                known = verdicts | {"not-applicable"}
                assert check["verdict"] in known, f"{case['id']} {check['id']}: {check['verdict']}"
    failed = {check["id"] for case in cases for check in case["checks"] if check["verdict"] == "fail"}
    assert named is None or named in failed, f"checks that failed: {failed}"
    letters = [line.get("letter") for line in lines if line["type"] == "summary"]
    assert letters and letters[0] not in ("A", "B"), f"letter {letters}"
    assert done.returncode in (1, 4), f"exit status {done.returncode}: {done.stderr}"


if __name__ == "__main__":
    main()
