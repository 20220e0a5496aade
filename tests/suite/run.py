#!/usr/bin/env python3
"""End-to-end tests of clientsuite: run.py PROGRAM TEST. Each test is a function below, and a CTest entry."""

import json
import os
import signal
import sys
import xml.etree.ElementTree

from suite import FAULT, PLAIN, a_run, wait_for

TESTS = {}


def test(function):
    TESTS[function.__name__.replace("_", "-")] = function
    return function


def eq(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


# ---- a client that is right, and null clients ----------------------------------------------------------------------

@test
def good(run):
    run.scenario(PLAIN)
    run.scenario(FAULT)
    run.play("good")
    eq(run.code, 0)
    eq(run.checks("test/plain")["answered"]["verdict"], "pass")
    eq(run.checks("test/reset")["error"]["verdict"], "pass")
    eq(run.summary()["letter"], "A")
    eq(run.client()["version"], "1")


@test
def always_200(run):
    """It does not even get past the contract check: the origin's answer is known."""
    run.scenario(PLAIN)
    run.play("always-200")
    eq(run.code, 3)
    eq(run.cases(), {})
    assert "plain request" in run.client()["contract"], run.client()["contract"]
    assert "does not keep the driver contract" in run.err, run.err


@test
def always_error(run):
    run.scenario(FAULT)
    run.play("always-error")
    eq(run.code, 3)
    eq(run.cases(), {})


# ---- drivers that break the contract at once -----------------------------------------------------------------------

def stops_there(run, mode, word):
    run.scenario(PLAIN)
    run.play(mode)
    eq(run.code, 3)
    eq(run.cases(), {})
    assert word in run.client()["contract"], run.client()["contract"]
    return run.client()["contract"]


@test
def die_hello(run):
    said = stops_there(run, "die-hello", "exit status 3")
    assert "cannot find my library" in said, said


@test
def rubbish_hello(run):
    stops_there(run, "rubbish-hello", "Welcome!")


@test
def knows_all(run):
    stops_there(run, "knows-all", "a verb that does not exist")


@test
def no_such_program(run):
    run.scenario(PLAIN)
    path = run.profile()
    with open(path) as f:
        profile = json.load(f)
    profile["driver"] = ["./is-not-there"]
    with open(path, "w") as f:
        json.dump(profile, f)
    run.run("run", "--client", path, "--only", "test/*", "--report", "json:results")
    run.results()
    eq(run.code, 3)
    assert "is-not-there" in run.client()["contract"], run.client()["contract"]


# ---- drivers that break in the middle: the contract check is for another mode --------------------------------------

# The first request of a driver process is good, so that the contract check passes; the cases are then played by a
# process of another mode, chosen by a variable that only these cases set.
def breaks(run, mode, fate, verdict):
    broken = json.loads(json.dumps(PLAIN))
    broken["id"] = "test/broken"
    broken["client"]["environment"] = {"SUITE_TEST_MODE": mode}
    run.scenario(broken)
    run.scenario(PLAIN)
    run.play("environment", capabilities=["absolute-form", "deadlines", "environment"])
    cases = run.cases()
    eq(cases["test/broken"]["fate"], fate)
    eq(run.checks("test/broken")["answered"]["verdict"], verdict)
    eq(cases["test/plain"]["fate"], "done")
    eq(run.checks("test/plain")["answered"]["verdict"], "pass")
    return cases["test/broken"]


@test
def die_open(run):
    breaks(run, "die-open", "crash", "crash")
    eq(run.code, 1)


@test
def die_request(run):
    case = breaks(run, "die-request", "crash", "crash")
    assert "exit status 3" in case["why"], case["why"]
    eq(run.checks("test/broken")["ends"]["verdict"], "fail")


@test
def hang_request(run):
    breaks(run, "hang-request", "hang", "hang")
    eq(run.checks("test/broken")["ends"]["verdict"], "fail")
    eq(run.summary()["letter"], "C")


@test
def rubbish(run):
    case = breaks(run, "rubbish", "garbled", "crash")
    assert "Segmentation" in case["why"], case["why"]


@test
def wrong_id(run):
    breaks(run, "wrong-id", "garbled", "crash")


@test
def deaf(run):
    breaks(run, "deaf", "hang", "hang")


@test
def flood(run):
    case = breaks(run, "flood", "garbled", "crash")
    assert len(case["why"]) < 400, len(case["why"])


@test
def flood_errors(run):
    case = breaks(run, "flood-errors", "done", "pass")
    assert len(case.get("stderr", "")) <= 16384


@test
def children(run):
    breaks(run, "children", "done", "pass")


@test
def storm(run):
    case = breaks(run, "storm", "storm", "blocked")  # so does its twin
    eq(run.checks("test/broken")["storm"]["verdict"], "fail")
    assert "interrupted" not in case


@test
def die_quiet(run):
    """It dies in the quiet window of a case: the next case gets a new process."""
    breaks(run, "die-quiet", "crash", "crash")


# ---- the run as a whole --------------------------------------------------------------------------------------------

@test
def interrupt(run):
    """SIGINT in the middle leaves valid reports of what ran, and nothing behind."""
    slow = json.loads(json.dumps(FAULT))
    slow["id"] = "test/slow"
    slow["proxy"]["rules"][0]["do"] = ["stall"]
    slow["client"]["deadlines"] = {"total": "60s"}
    run.scenario(slow)
    run.scenario(PLAIN)
    process = run.start("run", "--client", run.profile("good"), "--only", "test/*", "--report", "json:results",
                        "--report", "junit:junit.xml", "--report", "tap:tap")
    wait_for(lambda: os.path.exists(os.path.join(run.folder, "results")) and "test/plain" in
             open(os.path.join(run.folder, "results")).read())
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    eq(process.returncode, 3)
    eq([line["type"] for line in run.results()], ["run", "client", "case", "summary", "end"])
    eq(run.lines[-1]["interrupted"], True)
    xml.etree.ElementTree.parse(os.path.join(run.folder, "junit.xml"))
    assert "interrupted" in out, out


@test
def exit_1(run):
    wrong = json.loads(json.dumps(FAULT))
    wrong["expect"]["error"]["outcome"] = {"status": 200}
    run.scenario(wrong)
    run.play("good")
    eq(run.code, 1)


@test
def exit_2(run):
    run.scenario(PLAIN)
    eq(run.run("run", "--client", "no-such-client", "--only", "test/*").code, 2)
    assert "no such client" in run.err, run.err
    eq(run.run("run").code, 2)
    eq(run.run("run", "--client", run.profile(), "--only", "nothing/*").code, 2)
    assert "no case fits" in run.err, run.err
    eq(run.run("run", "--client", run.profile(heavi=True), "--only", "test/*").code, 2)
    assert "did you mean \"heavy\"?" in run.err, run.err
    run.scenario({**PLAIN, "titel": "x"})
    eq(run.run("run", "--client", run.profile(), "--only", "test/*").code, 2)
    assert "did you mean \"title\"?" in run.err, run.err


@test
def exit_4(run):
    run.scenario({**PLAIN, "needs": ["digest"]})
    run.play("good")
    eq(run.code, 4)
    eq(run.checks("test/plain")["answered"]["verdict"], "not-applicable")
    run.scenario(PLAIN)
    run.play("good", more=["--min-run", "1"])
    eq(run.code, 0)
    run.play("good", more=["--min-run", "2"])
    eq(run.code, 4)


@test
def shards(run):
    """Every case is in exactly one shard."""
    for i in range(5):
        run.scenario({**PLAIN, "id": f"test/plain-{i}"})
    ids = []
    for k in (1, 2, 3):
        run.play("good", more=["--shard", f"{k}/3"])
        ids += run.cases()
    eq(sorted(ids), [f"test/plain-{i}" for i in range(5)])


@test
def twin(run):
    """A client that fails without the fault, too, is not blamed for the fault."""
    needs_two = json.loads(json.dumps(FAULT))
    needs_two["id"] = "test/blocked"
    needs_two["client"]["steps"] = [{"url": "https://{origin}/"}]  # client.py speaks no TLS
    needs_two["expect"]["error"]["outcome"] = {"status": 200}
    run.scenario(needs_two)
    run.play("good", capabilities=["absolute-form", "deadlines", "https"])
    eq(run.checks("test/blocked")["error"]["verdict"], "blocked")
    assert "without the fault" in run.cases()["test/blocked"]["blocked_by"]


@test
def evidence(run):
    """What is kept is judged again, without the client, to the same verdicts."""
    run.scenario(PLAIN)
    wrong = json.loads(json.dumps(FAULT))
    wrong["expect"]["error"]["outcome"] = {"status": 200}
    run.scenario(wrong)
    run.play("good", more=["--keep", "kept"])
    eq(run.code, 1)
    before = {(i, c): v["verdict"] for i in run.cases() for c, v in run.checks(i).items()}
    eq(run.run("grade", "kept").code, 1)
    assert "test/plain" in run.out and "test/reset" in run.out, run.out
    eq(before[("test/reset", "error")], "fail")
    assert "fail" in run.out, run.out
    eq(run.run("grade", "mine").code, 4)


@test
def list_and_explain(run):
    run.scenario(PLAIN)
    run.run("list", "test/*")
    assert run.out.startswith("test/plain "), run.out
    run.run("explain", "test/plain")
    assert "gets both answers" in run.out, run.out
    eq(run.run("explain", "test/plaim").code, 2)


def main():
    program, name = sys.argv[1], sys.argv[2]
    with a_run(os.path.abspath(program)) as run:
        TESTS[name](run)
        eq(run.left(), [])


if __name__ == "__main__":
    main()
