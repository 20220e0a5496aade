#!/usr/bin/env python3
"""End-to-end tests of clientsuite: run.py PROGRAM TEST. Each test is a function below, and a CTest entry."""

import json
import os
import re
import signal
import subprocess
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


@test
def past_the_proxy(run):
    """A client that goes past the proxy where it can is seen, and nothing is said of one that had no chance to."""
    run.scenario(PLAIN)
    run.scenario({**PLAIN, "id": "test/direct", "client": {**PLAIN["client"], "steps": [{"url": "http://{origin.addr}/1"}]}})
    for mode, verdict, code in (("direct", "fail", 1), ("good", "pass", 0)):
        run.play(mode)
        eq((mode, run.code, run.checks("test/direct")["bypass"]["verdict"]), (mode, code, verdict))
        eq(run.checks("test/plain")["bypass"]["verdict"], "not-exercised")


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
    case = breaks(run, "storm", "storm", "not-exercised")
    eq(run.checks("test/broken")["storm"]["verdict"], "fail")
    assert "interrupted" not in case


@test
def a_window_that_was_not_its_own(run):
    """Its client dies in the quiet window of a case, because of the next case: the first is played again."""
    for name, watch in (("test/first", "3s"), ("test/second", "100ms")):  # longest first
        run.scenario({**PLAIN, "id": name, "client": {**PLAIN["client"], "watch": watch}})
    run.play("die-third-open", more=["--jobs", "1"])  # the contract check opens one
    eq({case: line["fate"] for case, line in run.cases().items()}, {"test/first": "done", "test/second": "crash"})
    eq(run.checks("test/first")["answered"]["verdict"], "pass")


@test
def the_longest_case_counts_its_watch(run):
    """What the last line of a run says can be held against the run's wall time."""
    run.scenario({**PLAIN, "client": {**PLAIN["client"], "watch": "3s"}})
    run.play("good")
    case = run.cases()["test/plain"]
    assert case["lasted"] >= case["took"] + 3, case
    seconds, longest = map(float, re.search(r"^([\d.]+) s, the longest case ([\d.]+) s;", run.out, re.M).groups())
    assert 3 <= longest <= seconds, run.out


@test
def die_quiet(run):
    """It dies in the quiet window of a case: the next case gets a new process."""
    breaks(run, "die-quiet", "crash", "crash")


@test
def unsupported(run):
    """What the driver does not support, and the profile does not claim, is not applicable."""
    case = breaks(run, "unsupported", "unsupported", "not-applicable")
    assert "retry" in case["why"], case["why"]


@test
def refuses(run):
    """A client that does not take its settings: that is the outcome of every step."""
    case = breaks(run, "refuses", "done", "not-exercised")
    outcomes = [e for e in case["journal"] if e["event"] == "outcome"]
    eq([(e["ends"], e["kind"], e["error"]) for e in outcomes], [("error", "config", "I do not like port numbers")] * 2)


# ---- what a trial does ---------------------------------------------------------------------------------------------

def journal(run, case, *events):
    return [e for e in run.cases()[case]["journal"] if e["event"] in events]


def play_one(run, client, expect, capabilities=(), more=(), **actors):
    run.scenario({**PLAIN, "id": "test/one", "client": {"deadlines": {"total": "5s"}, "watch": "100ms", **client},
                  "expect": {name: {"level": "must*", "says": name, **check} for name, check in expect.items()}, **actors})
    run.play("good", capabilities=["absolute-form", "deadlines", *capabilities], more=["--keep", "kept", *more])
    return {name: check["verdict"] for name, check in run.checks("test/one").items() if not check.get("house")}


@test
def steps_wait_for_events(run):
    """The second step goes out when the reset was sent, and 200 ms later; not before."""
    verdicts = play_one(
        run, {"steps": [{"url": "http://{origin}/1"}, {"url": "http://{origin}/2", "after": {
            "event": "close", "rule": "first", "plus": "200ms"}}]},
        {"later": {"gap": {"from": {"event": "close", "rule": "first"}, "to": {"event": "step", "step": 2}}, "min": "200ms"}},
        proxy={"rules": [{"name": "first", "on": "request", "times": 1, "do": [{"wait": "300ms"}, "forward", "close"]}]})
    eq(verdicts, {"later": "pass"})
    eq([e["step"] for e in journal(run, "test/one", "step", "outcome")], ["1", "1", "2", "2"])


@test
def an_event_that_never_comes(run):
    """The step is not asked, the case goes on to its end."""
    verdicts = play_one(run, {"steps": [{"url": "http://{origin}/1"}, {"url": "http://{origin}/2", "after": {
        "event": "tunnel"}}]}, {"second": {"outcome": {"step": 2, "status": 200}}})
    eq(verdicts, {"second": "not-exercised"})
    eq([e["step"] for e in journal(run, "test/one", "step")], ["1"])


@test
def raw_octets_are_told(run):
    """What came out of a raw tunnel: how much, and its beginning; it is no body of an answer."""
    verdicts = play_one(
        run, {"steps": [{"raw": {"connect": "{origin}:22"}}]}, {"banner": {"outcome": {"ends": "answer", "bytes": 14}}},
        capabilities=["raw-tunnel"], proxy={"rules": [{"on": "request", "do": [
            {"send": "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-fake\r\n"}, "close"]}]})
    eq(verdicts, {"banner": "pass"})
    outcome = journal(run, "test/one", "outcome")[0]
    eq((outcome["bytes"], outcome["text"], "body" in outcome), (14, "SSH-2.0-fake\r\n", False))


@test
def copies_are_parallel(run):
    """All three are out before the first is answered; each has its number."""
    verdicts = play_one(
        run, {"steps": [{"url": "http://{origin}/{n}", "copies": 3}]},
        {"all": {"outcome": {"status": 200}}}, capabilities=["parallel"],
        proxy={"rules": [{"name": "all", "on": "request", "do": [
            {"wait": {"event": "request", "rule": "all", "nth": 3, "limit": "4s"}}, {"respond": {}}]}]})
    eq(verdicts, {"all": "pass"})
    eq(sorted(e["path"] for e in journal(run, "test/one", "request")), ["/1", "/2", "/3"])
    eq([e["event"] for e in journal(run, "test/one", "step", "outcome")], ["step"] * 3 + ["outcome"] * 3)


@test
def cancelled(run):
    verdicts = play_one(
        run, {"steps": [{"url": "http://{origin}/", "cancel": {"event": "request", "plus": "100ms"}}]},
        {"over": {"outcome": {"ends": "error", "took": {"max": "2s"}}}}, capabilities=["cancel"],
        proxy={"rules": [{"on": "request", "fault": True, "do": ["stall"]}]})
    eq(verdicts, {"over": "pass"})
    eq([e["event"] for e in journal(run, "test/one", "step", "cancel", "outcome")], ["step", "cancel", "outcome"])
    eq(journal(run, "test/one", "outcome")[0]["kind"], "cancelled")


@test
def cancelled_after_a_time(run):
    """Counted from the start of each call, with nothing else happening meanwhile; also of one behind another."""
    verdicts = play_one(
        run, {"steps": [{"url": "http://{origin}/1", "cancel": "200ms"}, {"url": "http://{origin}/2", "cancel": "300ms"}]},
        {"first": {"gap": {"from": {"event": "step", "step": 1}, "to": {"event": "cancel", "step": 1}}, "min": "200ms"},
         "second": {"gap": {"from": {"event": "step", "step": 2}, "to": {"event": "cancel", "step": 2}}, "min": "300ms"}},
        capabilities=["cancel"], proxy={"rules": [{"on": "request", "fault": True, "do": ["stall"]}]})
    eq(verdicts, {"first": "pass", "second": "pass"})
    eq([e["event"] for e in journal(run, "test/one", "step", "cancel", "outcome")], ["step", "cancel", "outcome"] * 2)
    eq({e["kind"] for e in journal(run, "test/one", "outcome")}, {"cancelled"})


@test
def sessions_and_changes(run):
    """A session with another proxy; then the client's own changes to that."""
    verdicts = play_one(
        run, {"sessions": {"other": {"proxy": "b"}}, "steps": [
            {"url": "http://{origin}/1"}, {"url": "http://{origin}/2", "session": "other"},
            {"url": "http://{origin}/3", "change": {"proxy": "b"}}]},
        {"b": {"count": {"event": "request", "at": "b"}, "exactly": 2}, "all": {"outcome": {"status": 200}}},
        capabilities=["switch-proxy"], proxies={"b": {}})
    eq(verdicts, {"b": "pass", "all": "pass"})
    eq([e["session"] for e in journal(run, "test/one", "step")], ["default", "other", "default"])


@test
def variants_count_once(run):
    run.scenario({**FAULT, "variants": {"200": {"s": 200}, "404": {"s": 404}}, "proxy": {"rules": [
        {"on": "request", "do": [{"respond": {"status": "{s}"}}]}]}, "expect": {
            "ok": {"level": "must", "says": "gets 200", "outcome": {"status": 200}}}})
    run.play("good")
    verdicts = {line["variant"]: line["verdict"] for line in run.lines if line["type"] == "case"}
    eq(verdicts, {"200": "pass", "404": "fail"})
    eq(run.summary()["all"]["must"], {"pass": 0, "fail": 1, "weak": 0, "info": 0, "other": 0, "not-applicable": 0})


@test
def gatekeepers(run):
    """What rests on a gatekeeper that failed is blocked; what it shows the client not to do is not applicable."""
    for name, status in (("keeper", 404), ("behind", 200), ("beyond", 200)):
        run.scenario({**FAULT, "id": f"test/{name}", "proxy": {"rules": [{"on": "request", "do": [
            {"respond": {"status": status}}]}]}, "expect": {
                "ok": {"level": "must", "says": "gets 200", "outcome": {"status": 200}}}})
    with open(os.path.join(run.folder, "edition.json"), "w") as f:
        json.dump({"edition": "t", "graded": ["test/keeper"], "gatekeepers": [
            {"case": "test/keeper", "of": ["test/behind"], "says": "the keeper failed"},
            {"case": "test/keeper", "of": ["test/beyond"], "check": "ok", "else": "not-applicable", "says": "cannot"}]}, f)
    run.play("good", more=["--edition", "edition.json"])
    eq(run.checks("test/keeper")["ok"]["verdict"], "fail")
    eq(run.checks("test/behind")["ok"]["verdict"], "blocked")
    eq(run.checks("test/beyond")["ok"]["verdict"], "not-applicable")
    eq(run.cases()["test/keeper"]["tier"], 1)
    run.play("good", more=["--edition", "edition.json", "--tier", "1"])
    eq(list(run.cases()), ["test/keeper"])


# ---- commands ------------------------------------------------------------------------------------------------------

def command(run, **more):
    program = [sys.executable, "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "command.py")]
    path = run.profile()
    with open(path, "w") as f:
        json.dump({"clientsuite": 1, "name": "test", "capabilities": ["absolute-form", "deadlines", "host-map", "keep-alive"], "command": {
            key: program + value if key == "argv" else value for key, value in more.items()}}, f)
    run.run("run", "--client", path, "--only", "test/*", "--report", "json:results", "--keep", "kept")
    run.results()


@test
def command_each(run):
    """A process for each step; status from its standard error, the body from its file."""
    run.scenario(PLAIN)
    run.scenario(FAULT)
    command(run, argv=["each", "{proxy}", "{url}", "{output_file}"], status="^HTTP ([0-9]+)",
            exits={"0": "answer", "7": "reset"})
    eq(run.code, 0)
    eq(run.checks("test/plain")["answered"]["verdict"], "pass")
    eq(len(journal(run, "test/plain", "accept")) // 2, 2)
    outcome = journal(run, "test/reset", "outcome")[0]
    eq((outcome["kind"], outcome["error"].startswith("exit status 7: failed")), ("reset", True))


@test
def command_that_fails_as_if_answered(run):
    """8 means that there was an answer, but here nothing was asked: an error. With 0 the command itself calls it an answer."""
    run.scenario({**PLAIN, "client": {"steps": [{"url": "http://{origin}/mute-8"}, {"url": "http://{origin}/mute-0"}]}})
    command(run, argv=["each", "{proxy}", "{url}", "{output_file}"], status="^HTTP ([0-9]+)", exits={"0": "answer", "8": "answer"})
    eq([e["ends"] for e in journal(run, "test/plain", "outcome")], ["error", "answer"])


@test
def command_whose_tunnel_is_refused(run):
    """The status is the proxy's, and says what kind of error it was, whatever the exit status means else."""
    kinds = {407: "proxy-auth", 502: "proxy-connect"}
    for status in kinds:
        rules = [{"on": "request", "fault": True, "do": [{"respond": {"status": status}}]}]
        run.scenario({**FAULT, "id": f"test/{status}", "proxy": {"rules": rules}})
    command(run, steps="together", argv=["refused", "{proxy}"], step=["{url}", "{output_file}"],
            tells={"status": "code", "exit": "exit", "connect": "connect"}, exits={"0": "answer", "56": "reset"})
    for status, kind in kinds.items():
        outcome = journal(run, f"test/{status}", "outcome")[0]
        eq((outcome["ends"], outcome["status"], outcome["hop"], outcome["kind"]), ("error", status, "proxy", kind))


@test
def command_without_a_place_for_it(run):
    """What no placeholder carries is not asked for: neither a method, nor a body, is left out in silence."""
    for step in ({"method": "POST", "body": {"size": 5}}, {"method": "HEAD"}, {"body": {"size": 5}}, {"headers": [["X-A", "b"]]}):
        name = "-".join(step)
        run.scenario({**FAULT, "id": f"test/{name}-{step.get('method', 'GET')}".lower(),
                      "client": {"steps": [{"url": "http://{origin}/", **step}]}})
    command(run, argv=["each", "{proxy}", "{url}", "{output_file}"], status="^HTTP ([0-9]+)", exits={"0": "answer", "7": "reset"})
    wanted = {"test/method-body-post": "POST", "test/method-head": "HEAD", "test/body-get": "request bodies", "test/headers-get": "header fields"}
    for name, what in wanted.items():
        case = run.cases()[name]
        eq((case["fate"], what in case["why"]), ("unsupported", True))
        eq(run.checks(name)["error"]["verdict"], "not-applicable")


@test
def a_profile_that_is_a_link(run):
    """Its command is looked for beside the link, as setups lay it, not where the link leads to."""
    run.scenario(PLAIN)
    folder = os.path.join(run.folder, "set up")
    os.mkdir(folder)
    with open(os.path.join(run.folder, "linked.json"), "w") as f:
        json.dump({"clientsuite": 1, "name": "test", "capabilities": ["absolute-form", "deadlines", "keep-alive"], "command": {
            "argv": ["./client", "each", "{proxy}", "{url}", "{output_file}"], "status": "^HTTP ([0-9]+)"}}, f)
    os.symlink("../linked.json", os.path.join(folder, "profile.json"))
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "command.py")
    with open(os.path.join(folder, "client"), "w") as f:
        f.write(f'#!/bin/sh\nexec "{sys.executable}" -B "{program}" "$@"\n')
    os.chmod(os.path.join(folder, "client"), 0o755)
    run.run("run", "--client", os.path.join(folder, "profile.json"), "--only", "test/*", "--report", "json:results")
    run.results()
    eq(run.checks("test/plain")["answered"]["verdict"], "pass")


@test
def command_header_block_with_a_fold(run):
    run.scenario(PLAIN)
    command(run, argv=["folded", "{proxy}", "{url}", "{output_file}", "{headers_file}"], status="^HTTP ([0-9]+)", exits={"0": "answer"})
    eq(journal(run, "test/plain", "outcome")[0]["header"], [["X-A", "b\tc"], ["X-B", "d"]])


@test
def command_with_a_mapped_host(run):
    """It is mapped for the port at which the proxy's URL names it."""
    run.scenario({**PLAIN, "client": {**PLAIN["client"], "proxy": {"url": "http://u1:p%40@Gateway.invalid:{proxy.port}"},
                                      "hosts": {"gateway.invalid": ["127.0.0.1"]}}})
    command(run, argv=["each", "{proxy}", "{url}", "{output_file}", ["{resolve}"]], status="^HTTP ([0-9]+)")
    eq((run.code, run.checks("test/plain")["answered"]["verdict"]), (0, "pass"))


@test
def command_tells_its_version(run):
    """In the first line of what a command prints; it is asked once. One that does not tell it is a mistake of the profile."""
    run.scenario(PLAIN)
    how = {"argv": ["each", "{proxy}", "{url}", "{output_file}"], "status": "^HTTP ([0-9]+)"}
    for line, version in (("curl 8.5.0 (x86_64) libcurl/8.5.1", "8.5.0"), ("Tool version v1.36.0", "v1.36.0"), ("a nightly one", "a nightly one")):
        command(run, version=["sh", "-c", f"echo asked >>asked; echo '{line}'; echo 2.0"], **how)
        eq((run.code, run.client()["version"]), (0, version))
    with open(os.path.join(run.folder, "asked")) as f:
        eq(len(f.readlines()), 3)
    for argv, said in ((["false"], "false ended with exit status 1"), (["true"], "true printed nothing"), (["./none"], "./none cannot be started"),
                       (["sh", "-c", "kill -9 $$"], "sh was ended by signal 9")):
        command(run, version=argv, **how)
        eq(run.code, 3)
        assert f'"version": {said}' in run.client()["contract"], run.client()["contract"]


@test
def command_answer_without_a_status(run):
    """Nothing can be said of such an answer: it is an error, and told as one."""
    run.scenario(PLAIN)
    command(run, argv=["each", "{proxy}", "{url}", "{output_file}"])
    eq(run.code, 3)
    assert "exit status 0 means an answer, but nothing told its status" in run.client()["contract"], run.client()["contract"]


@test
def command_together(run):
    """One process and one connection for both steps, which keeps the gap that the case asks for."""
    gap = json.loads(json.dumps(PLAIN))
    gap["client"]["steps"][1]["after"] = {"event": "outcome", "step": 1, "plus": "400ms"}
    run.scenario(gap)
    command(run, steps="together", argv=["together", "{proxy}", "{gap}"], step=["{url}", "{output_file}"],
            tells={"status": "code", "exit": "exit"})
    eq(run.code, 0)
    eq(run.checks("test/plain")["answered"]["verdict"], "pass")
    eq([e["event"] for e in journal(run, "test/plain", "accept") if e["at"] == "proxy"], ["accept"])
    first, second = [e["t"] for e in journal(run, "test/plain", "request") if e["at"] == "proxy"]
    assert second - first > 0.4, (first, second)


@test
def command_whose_step_is_written_late(run):
    """The second request is here before its step is written, as where the suite itself is late: no verdict on what comes after what."""
    run.scenario({**PLAIN, "expect": {"asked": {"level": "must*", "says": "asks again", "min": 1, "count": {
        "event": "request", "after": {"event": "step", "step": 2}}}}})
    command(run, steps="together", argv=["early", "{proxy}", "{gap}"], step=["{url}", "{output_file}"],
            tells={"status": "code", "exit": "exit"})
    case = run.cases()["test/plain"]
    eq((case["repeated"], run.checks("test/plain")["asked"]["verdict"]), (True, "pass"))
    eq([(k["id"], k["verdict"]) for k in case["first_play"] if not k.get("house")], [("asked", "inconclusive")])


@test
def command_without_the_gap(run):
    """A command that begins the next step before its time: the case is not applicable, not failed."""
    gap = json.loads(json.dumps(PLAIN))
    gap["client"]["steps"][1]["after"] = {"event": "outcome", "step": 1, "plus": "400ms"}
    run.scenario(gap)
    command(run, steps="together", argv=["together", "{proxy}", "0"], step=["{url}", "{output_file}"],
            tells={"status": "code", "exit": "exit"})
    eq(run.checks("test/plain")["answered"]["verdict"], "not-applicable")
    eq(run.cases()["test/plain"]["fate"], "no-gap")


@test
def reports_are_well_formed(run):
    """JUnit by the rules of its common schema, TAP by its own grammar, JSON Lines by the order of their types."""
    run.scenario({**FAULT, "title": "A < B & \"C\""})
    wrong = json.loads(json.dumps(PLAIN))
    wrong["expect"]["answered"]["outcome"] = {"status": 404}
    wrong["expect"]["soft"] = {"level": "should", "says": "a # in it", "outcome": {"status": 404}}
    run.scenario(wrong)
    run.play("good", more=["--report", "junit:junit.xml", "--report", "tap:tap"])
    root = xml.etree.ElementTree.parse(os.path.join(run.folder, "junit.xml")).getroot()
    suite = root.find("testsuite")
    eq((root.tag, root.get("tests"), root.get("failures")), ("testsuites", suite.get("tests"), suite.get("failures")))
    cases = suite.findall("testcase")
    eq(str(len(cases)), suite.get("tests"))
    eq([(c.get("classname"), c.get("name")) for c in cases if c.find("failure") is not None], [("test.test/plain", "answered")])
    with open(os.path.join(run.folder, "tap")) as f:
        check_tap(f.read().splitlines())
    eq([line["type"] for line in run.lines], ["run", "client", "case", "case", "summary", "end"])
    check_results(run.lines)


def check_results(lines):
    try:
        import jsonschema
    except ImportError:
        return
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/results.schema.json")) as f:
        validator = jsonschema.Draft202012Validator(json.load(f))
    for line in lines:
        for error in validator.iter_errors(line):
            raise AssertionError(f"{line['type']}: {error.json_path}: {error.message}")


def check_tap(lines):
    eq(lines[0], "TAP version 14")
    outer = [line for line in lines[1:] if re.match(r"(not )?ok |1\.\.", line)]
    eq([line.split(" - ")[0] for line in outer if " - " in line], ["not ok 1", "ok 2"])
    eq(outer[-1], "1..2")
    for number, line in enumerate(lines):
        assert re.match(r"(    )?((not )?ok \d+ - |1\.\.\d+$|# |  (---|\.\.\.|  ?\w+: ))", line) or number == 0 or \
            line.startswith("      "), line


def by_hand(run, process):
    """Types what clientsuite prints, again and again, until it ends. How often, and all that it printed."""
    said, times = [], 0
    for line in process.stderr:
        said.append(line)
        if re.match("  cd .* <", line):
            times += 1
            subprocess.run(["sh", "-c", line], env=run.environment, timeout=60)
    process.communicate(timeout=30)
    return times, "".join(said)


@test
def attach(run):
    """A driver that is started by hand takes its time; another is asked for where a case has variables of its own."""
    slow = json.loads(json.dumps(PLAIN))
    slow["client"]["deadlines"] = {"total": "300ms"}
    run.scenario(slow)
    own = json.loads(json.dumps(PLAIN))
    own["id"] = "test/own"
    own["client"]["environment"] = {"SUITE_TEST_MODE": "good"}
    del own["client"]["deadlines"]
    own["client"]["steps"] = [{"url": "http://{origin}/2"}]
    run.scenario(own)
    run.environment["http_proxy"] = "http://127.0.0.1:9"
    path = run.profile("slow", environment={"A B": "it's"}, capabilities=["absolute-form", "deadlines", "environment"])
    process = run.start("run", "--client", path, "--attach", "--only", "test/*", "--report", "json:results", "--keep", "kept")
    times, said = by_hand(run, process)
    assert times > 1, said
    assert process.returncode in (0, 1), process.returncode  # the house check `ends` sees how late it is, and excuses it if we were late, too
    assert "-u http_proxy" in said and "'A B=it'\\''s'" in said and "gdb --args" in said, said
    run.results()
    eq({c: v["answered"]["verdict"] for c in run.cases() if (v := run.checks(c))}, {"test/plain": "pass", "test/own": "pass"})
    assert run.cases()["test/plain"]["took"] > 5.3


@test
def attach_a_driver_that_dies(run):
    """It is told as what it is, and the next is asked for."""
    for name in ("test/first", "test/second"):
        run.scenario({**PLAIN, "id": name})
    process = run.start("run", "--client", run.profile("die-third-open"), "--attach", "--only", "test/*", "--report", "json:results")
    eq(by_hand(run, process)[0], 2)
    run.results()
    eq(sorted(line["fate"] for line in run.cases().values()), ["crash", "done"])
    eq([line["why"] for line in run.cases().values() if "why" in line], ["the driver that was started by hand ended"])


@test
def attach_asks_for_one_driver(run):
    run.scenario(PLAIN)
    eq(run.run("run", "--client", run.profile(variants={"one": {}, "two": {}}), "--attach").code, 2)
    assert "2 variants" in run.err and "NAME@one" in run.err, run.err
    with open(run.profile()) as f:
        profile = json.load(f)
    del profile["driver"]
    with open(os.path.join(run.folder, "profile.json"), "w") as f:
        json.dump({**profile, "command": {"argv": ["true"]}}, f)
    eq(run.run("check-driver", "profile.json", "--attach").code, 2)
    assert "expected a driver" in run.err, run.err


@test
def check_driver_of_one_that_claims_too_much(run):
    """Each capability that has a control is put to the test: a client that can do nothing of it passes none."""
    claims = {"retry-cap": "", "cache": "", "host-map": "", "resume": "", "early-data": "", "expect-continue": "", "http2": "-"}
    eq(run.run("check-driver", run.profile("good", capabilities=list(claims))).code, 1)
    for name, said in claims.items():
        assert re.search(f"^  {said or 'FAIL'} +{name} ", run.out, re.M), run.out


@test
def check_driver(run):
    """A claim that does not hold is found."""
    path = run.profile("good", capabilities=["absolute-form", "parallel", "cancel", "keep-alive"])
    eq(run.run("check-driver", path).code, 1)
    said = {line.split()[1]: line.split()[0] for line in run.out.splitlines() if line.startswith("  ") and
            line.split()[0] in ("ok", "FAIL")}
    eq(said, {"contract": "ok", "absolute-form": "ok", "parallel": "ok", "cancel": "ok", "keep-alive": "FAIL", "bypass": "ok"})
    assert "ok    bypass               is seen when it goes past the proxy" in run.out, run.out
    eq(run.run("check-driver", run.profile("rubbish-hello")).code, 3)


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
def baseline(run):
    """What is known keeps the run green; what is new, and what has gone, does not."""
    wrong = json.loads(json.dumps(FAULT))
    wrong["expect"]["error"]["outcome"] = {"status": 200}
    run.scenario(wrong)
    run.scenario(PLAIN)
    run.play("good", more=["--update-baseline", "known"])
    eq(run.code, 1)
    with open(os.path.join(run.folder, "known")) as f:
        known = json.load(f)
    eq([(e["client"], e["case"], e["check"]) for e in known["known"]], [("test@default", "test/reset", "error")])
    run.play("good", more=["--baseline", "known"])
    eq(run.code, 0)
    known["known"][0].update(check="other")
    with open(os.path.join(run.folder, "known"), "w") as f:
        json.dump(known, f)
    run.play("good", more=["--baseline", "known"])
    eq(run.code, 1)
    assert "new      test  test/reset  error" in run.out, run.out
    run.scenario(FAULT)
    known["known"][0].update(check="error", reason="it was so")
    with open(os.path.join(run.folder, "known"), "w") as f:
        json.dump(known, f)
    run.play("good", more=["--baseline", "known"])
    eq(run.code, 1)
    assert "passes   test@default  test/reset  error (it was so)" in run.out, run.out
    run.play("good", more=["--baseline", "not-there"])
    eq(run.code, 2)


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
def no_twin(run):
    """Where nothing is wrong in the case itself, no twin excuses the client."""
    nothing = json.loads(json.dumps(PLAIN))
    nothing["client"]["steps"] = [{"url": "http://{origin}/a"}]
    nothing["client"]["environment"] = {"SUITE_TEST_MODE": "hostile"}  # asks for it, then tells of an error
    run.scenario(nothing)
    run.play("environment", capabilities=["absolute-form", "deadlines", "environment"])
    eq(run.checks("test/plain")["answered"]["verdict"], "fail")
    eq(run.cases()["test/plain"].get("blocked_by"), None)


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


def play_timed(run, mode):
    """A case that asks for an outcome within 700 ms, while the suite itself is stopped for a second; and one beside it."""
    run.scenario(PLAIN)
    run.scenario({**FAULT, "proxy": {}, "expect": {"soon": {"level": "must*", "says": "answers soon", "gap": {
        "from": {"event": "step"}, "to": {"event": "outcome"}}, "max": "700ms"}}})
    run.play(mode, more=["--keep", "kept"])
    case = run.cases()["test/reset"]
    assert case["repeated"] and "repeated" not in run.cases()["test/plain"], run.lines
    eq([(k["id"], k["verdict"]) for k in case["first_play"] if not k.get("house")], [("soon", "inconclusive")])
    assert "late" in case["first_play"][0]["sentence"], case["first_play"]
    return case, run.checks("test/reset")["soon"]


@test
def inconclusive_then_alone(run):
    """What we were too slow to judge is played again, when nothing else is: that verdict counts."""
    case, soon = play_timed(run, "stops-once")
    eq((run.code, soon["verdict"], run.summary()["letter"]), (0, "pass", "A"))
    eq([c["id"] for c in run.lines if c["type"] == "case"], ["test/plain", "test/reset"])
    first = max(e["t"] for e in run.cases()["test/plain"]["journal"])
    assert min(e["t"] for e in case["journal"]) > first, "it was not alone"


@test
def inconclusive_until_it_is_not(run):
    """A busy host is slow for seconds: so it is played alone three times before nothing is known."""
    case, soon = play_timed(run, "stops-3")
    eq((soon["verdict"], os.path.getsize(os.path.join(run.folder, "stopped"))), ("pass", 4))


@test
def inconclusive_for_good(run):
    """It is not judged, and the reason is told, in each form; it is not put to the test."""
    case, soon = play_timed(run, "stops-always")
    eq((case["verdict"], soon["verdict"], os.path.getsize(os.path.join(run.folder, "stopped"))), ("inconclusive", "inconclusive", 4))
    assert "late" in soon["sentence"], soon
    eq(run.code, 0)
    assert f"inconclusive  must*   soon: answers soon\n                          {soon['sentence']}" in run.out, run.out
    for form in ("junit", "tap", "md", "html"):
        run.run("report", "results", "--report", f"{form}:-")
        assert "late" in run.out and "inconclusive" in run.out or form == "md", (form, run.out)


@test
def a_hang_that_is_ours(run):
    """No answer in time, but most of that time the suite stood still: played again alone, and that verdict counts."""
    run.scenario({**FAULT, "proxy": {}, "expect": {"answered": {"level": "must*", "says": "answers", "outcome": {"status": 200}}}})
    run.play("stops-hangs")
    case = run.cases()["test/reset"]
    eq((case["repeated"], case["fate"], run.checks("test/reset")["answered"]["verdict"]), (True, "done", "pass"))
    first = {check["id"]: check for check in case["first_play"]}
    eq(first["answered"]["verdict"], "inconclusive")
    assert "stood still" in first["answered"]["sentence"], first


@test
def list_and_explain(run):
    run.scenario(PLAIN)
    run.run("list", "test/*")
    assert run.out.startswith("test/plain "), run.out
    run.run("explain", "test/plain")
    assert "gets both answers" in run.out, run.out
    eq(run.run("explain", "test/plaim").code, 2)


@test
def tiers(run):
    """Tier 1 is what the edition grades; the rest is shown, but does not count where graded cases run."""
    run.run("list", "--tier", "1")
    ids = [line.split()[0] for line in run.out.splitlines()]
    eq(len(ids), len(set(ids)))
    eq(len(ids), 204)
    assert "auth/basic-after-challenge" in ids and "cache/429-not-stored" not in ids
    run.run("list")
    assert "cache/429-not-stored" in run.out


def main():
    program, name = sys.argv[1], sys.argv[2]
    with a_run(os.path.abspath(program)) as run:
        TESTS[name](run)
        eq(run.left(), [])


if __name__ == "__main__":
    main()
