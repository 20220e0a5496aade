#!/usr/bin/env python3
"""Tests of clientsuite's reports: reports.py PROGRAM TEST. Each test is a function below, and a CTest entry.

Forms are held against validators that are not ours; pages against what must hold for each of them; texts that clients say
against what they could do to a reader.
"""

import html
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

import told
from suite import FAULT, PLAIN, a_run

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TESTS = {}

WEAK = {**FAULT, "id": "test/weak", "layer": "client", "cause": "The cause", "fix": "The fix", "sources": ["RFC 9110 section 9.2.2"],
        "expect": {"recovers": {"level": "should", "says": "tries again", "outcome": {"status": 200}}}}
FAIL = {**FAULT, "id": "test/fail", "variants": {"one": {"often": 1}, "two": {"often": 2}}, "proxy": {"rules": [
            {"name": "cut", "on": "request", "fault": True, "times": "{often}", "do": ["reset"]}]},
        "expect": {"hides": {"level": "must", "says": "hides it", "critical": True, "source": "RFC 9112 section 1", "outcome": {"ends": "answer"}}}}
HOSTILE = "<script>alert('1')</script> &amp; ]]> \"x\" | ` # \\ \x1b[2J \x07 \u202e evil \ufffe \x85 <!-- {{ "


def test(function):
    TESTS[function.__name__.replace("_", "-")] = function
    return function


def eq(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def path(run, name):
    return os.path.join(run.folder, name)


def read(run, name):
    with open(path(run, name), newline="") as f:
        return f.read()


def lines_of(text):
    """JSON Lines end with a newline, and with nothing else that str.splitlines() takes for one."""
    return [json.loads(line) for line in text.split("\n") if line]


def play(run, *driver):
    """A run with everything a report can have, in all forms."""
    for scenario in (PLAIN, FAULT, WEAK, FAIL):
        run.scenario(scenario)
    profile = run.profile(*(driver or ("good",)), variants={"default": {}, "retry": {"about": HOSTILE[:40]}})
    run.run("run", "--client", profile, "--only", "test/*",
            *(x for form in ("json", "junit", "tap", "html", "md") for x in ("--report", f"{form}:r.{form}")))
    assert os.path.exists(path(run, "r.json")), run.err
    run.lines = lines_of(read(run, "r.json"))
    return run


def shell(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, **more)


def make(run, name, cases, **more):
    return told.write(path(run, name), told.results(cases, **more))


def report(run, name, *more):
    """The page of results."""
    run.run("report", path(run, name), "--report", "html:page.html", "--report", "md:page.md", *more)
    eq((run.code, run.err), (0, ""))
    return told.Page(path(run, "page.html")).check()


# ---- validators that are not ours ----------------------------------------------------------------------------------

def schema_faults(lines):
    import jsonschema
    with open(os.path.join(ROOT, "docs", "results.schema.json")) as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    for line in lines:
        kind = {**schema, "oneOf": [{"$ref": f"#/$defs/{line['type']}_line"}]}
        for error in jsonschema.Draft202012Validator(kind).iter_errors(line):
            deepest = min(error.context or [error], key=lambda e: -len(e.path))
            yield f"{line['type']} {line.get('id', '')}: {deepest.json_path}: {deepest.message[:200]}"


@test
def json_against_the_schema(run):
    play(run, "hostile")
    eq({line["type"] for line in run.lines}, {"run", "client", "case", "summary", "end"})
    eq(list(schema_faults(run.lines)), [])
    assert list(schema_faults([{**run.lines[0], "more": 1}])), "the schema accepts anything"


def xmllint(run, name):
    done = shell("xmllint", "--noout", "--nonet", "--schema", os.path.join(HERE, "junit.xsd"), path(run, name))
    return "" if done.returncode == 0 else done.stderr


@test
def junit_against_the_schema(run):
    play(run, "hostile")
    told.write(path(run, "h.json"), hostile_results())
    run.run("report", "h.json", "--report", "junit:h.junit")
    for name in ("r.junit", "h.junit"):
        eq(xmllint(run, name), "")
        assert "<failure" in read(run, name)
    assert "&lt;script&gt;" in read(run, "h.junit")
    with open(path(run, "bad.xml"), "w") as f:
        f.write(read(run, "r.junit").replace("<testcase ", "<test ", 1))
    assert xmllint(run, "bad.xml")


CONSUMER = """
use TAP::Parser;
my $p = TAP::Parser->new({ source => \\(join '', <STDIN>) });
$p->run;
print join(' ', $p->tests_run, scalar $p->failed, scalar($p->parse_errors)), "\\n", join("\\n", $p->parse_errors);
"""


@test
def tap_with_a_consumer(run):
    """Perl's TAP::Parser; version 14 is version 13 to it, as that standard means it to be."""
    play(run, "hostile")
    told.write(path(run, "h.json"), hostile_results())
    run.run("report", "h.json", "--report", "tap:h.tap")
    for name, lines in (("r.tap", run.lines), ("h.tap", hostile_results())):
        text = read(run, name)
        assert text.startswith("TAP version 14\n")
        cases = [line for line in lines if line["type"] == "case"]
        failed = [c for c in cases if any(k["verdict"] == "fail" for k in c["checks"])]
        done = shell("perl", "-e", CONSUMER, input=text.replace("TAP version 14", "TAP version 13", 1))
        eq(done.stdout.splitlines(), [f"{len(cases)} {len(failed)} 0"])
        assert failed


def tidy(run, name):
    done = shell("tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements", "no", path(run, name))
    return done.stderr.splitlines()


@test
def html_with_a_validator(run):
    play(run, "hostile")
    eq(tidy(run, "r.html"), [])
    run.run("matrix", path(run, "r.json"), "-o", "m.html")
    eq(tidy(run, "m.html"), [])
    with open(path(run, "bad.html"), "w") as f:
        f.write(read(run, "r.html").replace("</table>", "", 1))
    assert tidy(run, "bad.html"), "tidy finds nothing"


# ---- the report ----------------------------------------------------------------------------------------------------

@test
def all_that_failed_is_explained(run):
    """Every play that did not do what was asked has its checks, ladder, journal and the line that plays it."""
    play(run)
    page = told.Page(path(run, "r.html")).check()
    missed = [c for c in run.lines if c["type"] == "case" and c["verdict"] in ("fail", "weak")]
    eq(len(missed), 6)
    for c in missed:
        variant = c["client_variant"]
        name = c["id"] + ("@" + c["variant"] if "variant" in c else "")
        inside = page.inside["test" + ("" if variant == "default" else "@" + variant) + "/" + name]
        classes = [kind for _, kind in inside]
        assert "ladder" in classes and "pre" in [tag for tag, _ in inside] and "hand" in classes, (name, inside)
        assert any("fault" in kind for kind in classes), classes
        assert f"fakeproxy --scenario {name}" in page.text, name
    for words in ("The cause", "The fix", "RFC 9110 section 9.2.2", "RFC 9112 section 1", "hides it", "RST"):
        assert words in page.text, words
    assert "case/test/plain" not in page.ids


@test
def the_letter_and_its_reason(run):
    play(run)
    page = told.Page(path(run, "r.html"))
    assert "A critical MUST failed: “hides it” does not hold in test/fail@one" in page.text
    assert 'letter large l-F' in page.source
    assert "# How clients cope" in read(run, "r.md") and ": F\n" in read(run, "r.md")


@test
def kept_results_make_the_same_report(run):
    play(run)
    run.run("report", "r.json", "--report", "html:again.html", "--report", "md:again.md", "--report", "tap:again.tap",
            "--report", "json:again.json")
    eq(run.code, 0)
    for form in ("html", "md", "tap"):
        eq(read(run, f"again.{form}"), read(run, f"r.{form}"))
    eq(sorted(read(run, "again.json").split("\n")), sorted(read(run, "r.json").split("\n")))


@test
def a_client_that_was_not_run(run):
    """It broke the contract: that is said, and nothing looks like a pass."""
    play(run, "die-hello")
    page = told.Page(path(run, "r.html")).check()
    assert "does not keep the driver contract" in page.text and "not run" in page.text
    assert "✓" not in page.text.split("Cases")[-1]
    eq(tidy(run, "r.html"), [])


@test
def dead_and_hanging_clients_have_their_reason(run):
    for mode in ("die-request", "hang-request"):
        make(run, mode, [told.case(verdict="crash", fate="crash", why="exit status 3 " + HOSTILE, stderr=HOSTILE)])
        page = report(run, mode)
        assert "exit status 3 <script>" in page.text and "standard error" in page.text


@test
def what_was_played_again_is_kept(run):
    """Also what a report does not show survives being read and written."""
    first = [told.check("first", "inconclusive", sentence="our own loop was late")]
    line = told.case(repeated=True, first_play=first, tier=2, blocked_by="nothing", log="said this")
    make(run, "a.json", [line])
    run.run("merge", "a.json", "-o", "b.json")
    eq(run.code, 0)
    case = next(x for x in lines_of(read(run, "b.json")) if x["type"] == "case")
    eq({k: case.get(k) for k in line}, line)


@test
def diagnosis_is_shown(run):
    found = {"code": "leaked", "layer": "client", "mistake": True, "times": 1, "seen": "a header " + HOSTILE, "cause": "set by hand", "fix": "use the option"}
    make(run, "a.json", [told.case(verdict="fail", diagnosis=[found])])
    page = report(run, "a.json")
    for words in ("Mistake, client layer:", "a header <script>", "set by hand", "use the option"):
        assert words in page.text, words


def order(page, *ids):
    """Do they stand on the page in this order?"""
    places = [page.ids.index(name) for name in ids]
    eq(places, sorted(places))


def section(page, name):
    return page.source.split(f'<section id="{name}"', 1)[1].split("</section>", 1)[0]


def items(source):
    """The texts of list items."""
    return [html.unescape(re.sub(r"<[^>]*>", " ", item)) for item in re.findall(r"<li[^>]*>(.*?)</li>", source, re.S)]


def one_of_each():
    """A scenario for each rank, the lightest first; the SHOULD is missed in the variant `retry` only."""
    critical = told.check("first", "fail", critical=True, evidence=[5])
    return [told.case("a/as-asked"), told.case("b/open", "not-exercised"), told.case("c/should", "weak", level="should", variant="retry"),
            told.case("c/should", "pass", level="should"), told.case("d/must", "fail"), told.case("e/critical", "fail", checks=[critical]),
            told.case("d/must", "fail", variant="retry")]


@test
def findings_come_first(run):
    """The heaviest first, each a line that leads to the evidence; counts and the table of all cases come later."""
    make(run, "a.json", one_of_each())
    page = report(run, "a.json")
    order(page, "findings", "counts", "house", "missed-critical", "case/e/critical", "missed-must", "case/d/must", "missed-should",
          "case/c/should", "missed-open", "case/b/open", "cases")
    lines = items(section(page, "findings"))
    eq([next(name for name in ("critical", "must", "should", "open") if f"/{name} " in line) for line in lines], ["critical", "must", "should", "open"])
    assert "does first" in lines[0] and "About e/critical" in lines[0] and "default" in lines[0], lines[0]
    assert "all 2" in lines[1] and " retry" in lines[2], lines
    folded = page.source.split("<details><summary>")
    assert "About d/must" in folded[0] and "About c/should" not in folded[0] and "A SHOULD was missed" in folded[1]


@test
def a_faultless_client_has_no_findings(run):
    make(run, "a.json", [told.case()])
    page = report(run, "a.json")
    assert "findings" not in page.ids and "All MUST and SHOULD that apply hold" in page.text


@test
def what_was_not_shown_has_no_fix(run):
    """Nothing failed: its likely cause and fix would mislead."""
    make(run, "a.json", [told.case("b/open", "not-exercised", cause="The open cause"), told.case("d/must", "fail", cause="The failed cause")])
    page = report(run, "a.json")
    assert "The failed cause" in page.text and "The open cause" not in page.text and "case/b/open" in page.ids


@test
def plays_that_are_alike_are_told_once(run):
    """In the very same words; each keeps its place, its ladder and its line to paste."""
    same = [told.check("first", "fail", evidence=[5], sentence="step 1 ends after 0.214 s")]
    other = [told.check("first", "fail", evidence=[5], sentence="step 1 ends after 0.215 s")]
    known = [{**same[0], "baseline": "expected"}]
    make(run, "a.json", [told.case(verdict="fail", checks=same), told.case(verdict="fail", checks=same, variant="retry"),
                         told.case(verdict="fail", checks=other, variant="third"), told.case(verdict="fail", checks=known, variant="zero")])
    page = report(run, "a.json")
    eq(page.text.count("step 1 ends after 0.214 s"), 2)  # what a baseline knows is not the same
    eq(page.text.count("step 1 ends after 0.215 s"), 1)
    eq(page.text.count("The same as"), 1)
    for name in ("one/auth/one", "one@retry/auth/one", "one@third/auth/one"):
        classes = [kind for _, kind in page.inside[name]]
        assert "ladder" in classes and "hand" in classes, name


@test
def a_report_of_many_clients(run):
    """Letters first, signs in narrow columns, who broke what in one cell; plays that are alike but for times have one ladder."""
    cases = []
    for k in range(9):
        says = [told.check("first", "fail" if k else "pass", evidence=[5], sentence=f"step 1 ends after {k}.5 s")]
        cases.append(told.case(verdict="fail" if k else "pass", client=f"client-{k}", checks=says))
    cases[3]["checks"][-1].update(verdict="fail", critical=True)
    make(run, "a.json", cases)
    page = report(run, "a.json")
    eq(tidy(run, "page.html"), [])
    order(page, "findings", "counts", "house", "case/auth/one", "cases")
    letters = items(page.source.split('<ul class="letters">')[1].split("</ul>")[0])
    eq([line.split()[1] for line in letters], ["A", "C", "C", "F", "C", "C", "C", "C", "C"])
    assert 'class="matrix"' in page.source and "8 of 9 kept it" in page.text and "Client-3" in items(section(page, "findings"))[0]
    eq(sum("ladder" == kind for _, kind in page.inside["missed-critical"]), 2)
    eq(page.text.count("Times apart, the same as"), 6)
    eq(page.text.count("fakeproxy --scenario auth/one"), 8)


# ---- texts that are not meant well ---------------------------------------------------------------------------------

def hostile_results():
    journal = [{**e, **{k: HOSTILE for k in ("target", "step", "from", "why", "rule") if k in e}} for e in told.JOURNAL]
    texts = {k: f"{k} {HOSTILE}" for k in ("title", "layer", "about", "cause", "fix", "reason", "why", "stderr", "log")}
    checks = [told.check("first", "fail", says=HOSTILE, sentence=HOSTILE, source=HOSTILE, evidence=[3])]
    name = "auth/<zz>\"'>"
    return told.results([told.case(name, "fail", "<zz>c", "v\"<zz>", checks=checks, journal=journal, sources=[HOSTILE], **texts)],
                        title=HOSTILE, about=HOSTILE, version="<zz>1", runtime=HOSTILE, homepage="javascript:alert(1)", about_variant=HOSTILE)


@test
def hostile_texts_stay_texts(run):
    told.write(path(run, "h.json"), hostile_results())
    page = report(run, "h.json")
    assert "zz" not in page.tags and page.text.count("<zz>") > 10
    assert page.text.count("<script>alert('1')</script>") > 10
    assert "\\x1b[2J" in page.text and "\\u{202e}" in page.text
    eq(tidy(run, "page.html"), [])
    run.run("matrix", "h.json", "-o", "m.html")
    told.Page(path(run, "m.html")).check()
    eq(tidy(run, "m.html"), [])


@test
def hostile_texts_in_markdown(run):
    told.write(path(run, "h.json"), hostile_results())
    report(run, "h.json")
    text = read(run, "page.md")
    assert "<script" not in text.replace("\\<script", "") and "\x1b" not in text
    assert "\\<script\\>" in text


@test
def hostile_texts_in_the_terminal(run):
    told.write(path(run, "h.json"), hostile_results())
    lines = hostile_results()
    lines[2]["checks"][0]["verdict"] = "pass"
    told.write(path(run, "g.json"), lines)
    run.run("diff", "g.json", "h.json")
    eq(run.code, 1)
    assert "\x1b" not in run.out and "\\x1b" in run.out


@test
def a_huge_journal_is_cut_on_the_page(run):
    events = [{"t": 10 + i / 1000, "at": "proxy", "event": "accept", "connection": i, "from": "127.0.0.1:1"} for i in range(30000)]
    make(run, "a.json", [told.case(verdict="fail", journal=events, stderr="x" * 3000000)])
    page = report(run, "a.json")
    assert len(page.source) < 300000, len(page.source)
    assert "are left out here" in page.text and "30000 events" in page.text


@test
def broken_events_are_passed_over(run):
    events = [*told.JOURNAL[:2], {"event": "no such"}, {"t": "x"}, *told.JOURNAL[2:]]
    make(run, "a.json", [told.case(verdict="fail", journal=events)])
    assert "the scenario says reset" in report(run, "a.json").text


# ---- kept results --------------------------------------------------------------------------------------------------

@test
def a_killed_run_still_has_a_report(run):
    lines = told.results([told.case(verdict="fail"), told.case("auth/two")])[:-1]
    told.write(path(run, "a.json"), lines)
    with open(path(run, "a.json"), "a") as f:
        f.write('{"type":"case","client":"one","client_var')
    page = report(run, "a.json")
    assert "Interrupted" in page.text and "About auth/two" in page.text


@test
def what_is_no_results(run):
    good = told.results([told.case()])
    nobody = told.case(client="nobody")
    wrongs = {"empty": "", "none": "{}\n", "json": "hello\n", "list": "[1]\n",
              "format": json.dumps({**good[0], "results": 2}) + "\n",
              "unknown": "".join(json.dumps(x) + "\n" for x in [*good[:2], nobody]),
              "twice": "".join(json.dumps(x) + "\n" for x in [*good[:3], good[2]]),
              "check": "".join(json.dumps(x) + "\n" for x in [*good[:2], told.case(checks=[{"id": "a", "level": "must", "verdict": "good"}])]),
              "no-checks": json.dumps({"type": "case", "id": "a/b"}) + "\n"}
    for name, text in wrongs.items():
        with open(path(run, name), "w") as f:
            f.write(text)
        run.run("matrix", name, "-o", "m.html")
        eq(run.code, 2)
        assert run.err.startswith(f"clientsuite: {name}:"), run.err
        assert not os.path.exists(path(run, "m.html"))
    run.run("matrix", "missing", "-o", "m.html")
    eq(run.code, 2)


@test
def wrong_usage(run):
    for argv in (["matrix", "a"], ["merge", "a"], ["report", "a"], ["diff", "a"], ["matrix", "-o", "x"], ["diff", "a", "b", "c"]):
        run.run(*argv)
        eq((argv, run.code), (argv, 2))
    make(run, "a.json", [told.case()])
    run.run("matrix", "a.json", "-o", "/nowhere/m.html")
    eq(run.code, 3)
    assert "cannot be written" in run.err


@test
def files_that_know_different_checks(run):
    """Another edition may ask more of the same case: what a run did not ask is no pass in it."""
    make(run, "a.json", [told.case(checks=[told.check("old"), told.check("both")])])
    make(run, "b.json", [told.case(client="two", checks=[told.check("both", "fail"), told.check("new", "weak", "should")])])
    run.run("matrix", "a.json", "b.json", "-o", "m.html")
    eq(run.code, 0)
    page = told.Page(path(run, "m.html")).check()
    assert "does both" in page.text and "does new" in page.text
    run.run("diff", "a.json", "b.json")
    eq(run.code, 1)
    assert "worse    auth/one both (must): fail, was pass" in run.out, run.out


# ---- baselines -----------------------------------------------------------------------------------------------------

WIDE = {**FAIL, "id": "test/wide", "variants": {"bad": {"status": 404}, "good": {"status": 200}}, "proxy": {"rules": [
            {"on": "request", "do": [{"respond": {"status": "{status}"}}]}]},
        "expect": {"ok": {"level": "must", "says": "gets 200", "outcome": {"status": 200}}}}
KNOWN = {"baseline": 1, "known": [{"case": case, "check": check, "reason": "it is so"} for case, check in (
    ("test/plain", "answered"), ("test/fail@one", "hides"), ("test/wide", "ok"))]}
MARKS = {("test/plain", "answered"): "fixed", ("test/fail@one", "hides"): "expected", ("test/fail@two", "hides"): "new",
         ("test/wide@bad", "ok"): "expected"}


def with_baseline(run, *more):
    """Of four cases each does something else; an entry about all variants of a case is not fixed as long as one fails."""
    for scenario in (PLAIN, FAIL, WIDE):
        run.scenario(scenario)
    with open(path(run, "known"), "w") as f:
        json.dump(KNOWN, f)
    forms = [x for form in ("json", "junit", "tap", "html", "md") for x in ("--report", f"{form}:r.{form}")]
    run.run("run", "--client", run.profile("good"), "--only", "test/*", "--baseline", "known", *forms, *more)
    eq(run.code, 1)


def marks_of(lines):
    marks = {(c["id"] + "@" * ("variant" in c) + c.get("variant", ""), k["id"]): k["baseline"]
             for c in lines if c["type"] == "case" for k in c["checks"] if "baseline" in k}
    return marks | {(k["case"], k["check"]): "fixed" for s in lines if s["type"] == "summary" for k in s.get("fixed", [])}


@test
def a_baseline_marks_every_form(run):
    with_baseline(run)
    assert "hides it (new)" in run.out and "hides it (expected)" in run.out, run.out
    lines = lines_of(read(run, "r.json"))
    eq(marks_of(lines), MARKS)
    eq(list(schema_faults(lines)), [])
    eq(xmllint(run, "r.junit"), "")
    cases = {(c.get("classname").split(".")[1], c.get("name")): c for c in
             xml.etree.ElementTree.parse(path(run, "r.junit")).getroot().iter("testcase")}
    eq({name for name, c in cases.items() if c.find("failure") is not None},
       {name for name, mark in MARKS.items() if mark in ("new", "fixed")})
    assert cases["test/fail@one", "hides"].find("skipped").get("message").startswith("expected by the baseline: ")
    eq({name: mark for name in cases for mark in ("new", "fixed", "expected") if f", {mark}]" in cases[name].find("system-out").text}, MARKS)
    tap = read(run, "r.tap")
    eq(tap.count("# TODO expected by the baseline"), 2)
    eq(sorted(line.split(" - ")[1] for line in tap.splitlines() if line.startswith("not ok")), ["test test/fail@two", "test test/plain"])
    done = shell("perl", "-e", CONSUMER, input=tap.replace("TAP version 14", "TAP version 13", 1))
    eq(done.stdout.splitlines(), ["5 2 0"])
    page = told.Page(path(run, "r.html")).check()
    assert "2 failed as expected, 1 new, 1 fixed" in page.text and tidy(run, "r.html") == []
    eq(sorted(part.split("<")[0] for part in page.source.split('<small class="baseline">')[1:]), ["expected", "expected", "new"])
    text = read(run, "r.md")
    assert "(`hides`, new)" in text and "(`hides`, expected)" in text and "`test/plain` `answered`" in text.split("## Fixed")[1], text


@test
def marks_are_kept(run):
    """By what reads results again, and by evidence."""
    with_baseline(run, "--keep", "kept")
    run.run("merge", "r.json", "-o", "again.json", *(x for form in ("junit", "tap", "html", "md") for x in ("--report", f"{form}:again.{form}")))
    for form in ("junit", "tap", "html", "md"):
        eq(read(run, f"again.{form}"), read(run, f"r.{form}"))
    eq(marks_of(lines_of(read(run, "again.json"))), MARKS)
    make(run, "old.json", [told.case("test/fail", client="test", checks=[told.check("hides")]) | {"variant": "two"}])
    run.run("diff", "old.json", "r.json")
    assert "test/fail@two hides (must): fail, new, was pass" in run.out, run.out
    eq(run.run("grade", "kept").code, 1)
    for words in ("new by the baseline: hides", "expected by the baseline: hides", "fixed by the baseline: answered"):
        assert words in run.out, run.out
    eq(run.run("grade", "kept/test/test/fail@one", "kept/test/test/wide@bad").code, 0)


# ---- merge, diff ---------------------------------------------------------------------------------------------------

@test
def shards_make_the_whole(run):
    play(run)
    for k in (1, 2):
        run.run("run", "--client", "profile.json", "--only", "test/*", "--shard", f"{k}/2", "--report", f"json:s{k}.json")
    run.run("merge", "s1.json", "s2.json", "-o", "whole.json", "--report", "html:whole.html")
    eq(run.code, 1)
    merged = lines_of(read(run, "whole.json"))
    eq(list(schema_faults(merged)), [])

    def verdicts(lines):
        return sorted((c["client_variant"], c["id"], c.get("variant"), c["verdict"]) for c in lines if c["type"] == "case")

    def summaries(lines):
        return {s["client_variant"]: {k: s[k] for k in ("letter", "cases", "exercised", "all")} for s in lines if s["type"] == "summary"}
    eq(verdicts(merged), verdicts(run.lines))
    eq(summaries(merged), summaries(run.lines))
    told.Page(path(run, "whole.html")).check()
    run.run("merge", "s1.json", "s1.json", "-o", "twice.json")
    eq(run.code, 2)
    assert "there twice" in run.err and not os.path.exists(path(run, "twice.json"))


@test
def merging_keeps_the_worst_exit_status(run):
    for codes, wanted in (([0, 4], 0), ([0, 1], 1), ([1, 3], 3), ([4, 4], 4)):
        for i, code in enumerate(codes):
            make(run, f"{i}.json", [told.case(f"auth/n{i}")], code=code)
        run.run("merge", "0.json", "1.json", "-o", "-")
        eq(run.code, wanted)
        eq(json.loads(run.out.splitlines()[-1])["exit"], wanted)


@test
def diff_says_what_got_worse(run):
    changes = [("pass", "pass", 0, "0 worse, 0 better, 0 changed, 1 as before"), ("pass", "fail", 1, "worse    auth/one first (must): fail, was pass"),
               ("fail", "pass", 0, "better   auth/one first"), ("pass", "not-exercised", 1, "worse"), ("fail", "not-exercised", 0, "changed"),
               ("not-applicable", "fail", 1, "worse"), ("not-applicable", "pass", 0, "better"), ("pass", "not-applicable", 0, "changed"),
               ("pass", "hang", 1, "worse"), ("inconclusive", "pass", 0, "better")]
    for was, now, code, words in changes:
        make(run, "a.json", [told.case(verdict=was)])
        make(run, "b.json", [told.case(verdict=now)])
        run.run("diff", "a.json", "b.json")
        eq((was, now, run.code), (was, now, code))
        assert words in run.out, (was, now, run.out)


@test
def diff_knows_the_house(run):
    good, bad = told.case(), told.case()
    bad["checks"][-1].update(verdict="fail")
    make(run, "a.json", [good])
    make(run, "b.json", [bad])
    run.run("diff", "a.json", "b.json")
    eq(run.code, 1)
    assert "house truth: broken in 1 case, was in 0" in run.out and "One: A; One: F" in run.out, run.out


@test
def diff_pairs_clients_by_name(run):
    make(run, "a.json", [told.case(client="one"), told.case(client="two")])
    make(run, "b.json", [told.case(client="two", verdict="fail"), told.case(client="three")])
    run.run("diff", "a.json", "b.json")
    eq(run.code, 1)
    assert "Two: A; Two: C" in run.out and "Three" not in run.out, run.out
    make(run, "c.json", [told.case(client="four")])
    run.run("diff", "a.json", "c.json")
    eq(run.code, 4)


# ---- the matrix ----------------------------------------------------------------------------------------------------

@test
def matrix_links_to_the_evidence(run):
    """To the client's own report where it lies beside its results, else to lines on the same page."""
    os.makedirs(path(run, "deep/er & #1"))
    make(run, "deep/er & #1/a.json", [told.case(verdict="fail"), told.case("auth/two")])
    make(run, "b.json", [told.case(client="two", verdict="weak", level="should"), told.case("auth/two", client="two")])
    run.run("report", "deep/er & #1/a.json", "--report", "html:deep/er & #1/a.html")
    os.makedirs(path(run, "out"))
    run.run("matrix", "deep/er & #1/a.json", "b.json", "-o", "out/m.html")
    eq(run.code, 0)
    page = told.Page(path(run, "out/m.html")).check()
    assert "../deep/er%20%26%20%231/a.html#one/auth/one" in page.links, page.links
    assert "one/auth/one" in told.Page(path(run, "deep/er & #1/a.html")).ids
    assert "#two/auth/one" in page.links
    assert 'class="differ failed"' in page.source and 'class="same fine"' in page.source
    eq(tidy(run, "out/m.html"), [])


@test
def matrix_of_two_versions(run):
    """The same name twice: each is a column, and has ids of its own."""
    make(run, "a.json", [told.case(verdict="fail")], version="1.0")
    make(run, "b.json", [told.case(verdict="fail")], version="2.0")
    run.run("matrix", "a.json", "b.json", "-o", "m.html")
    page = told.Page(path(run, "m.html")).check()
    assert {"one/auth/one", "one~2/auth/one"} <= set(page.ids)
    assert "One 1.0" in page.text and "One 2.0" in page.text


@test
def matrix_names_what_differs(run):
    """Variants of one client have the same long version: the name in the head says which is which, in full."""
    make(run, "a.json", [told.case(), told.case(variant="retry")], version="0.13.5 (with retry middleware 0.9.1)")
    make(run, "b.json", [told.case(client="two")])
    run.run("matrix", "a.json", "b.json", "-o", "m.html")
    source = told.Page(path(run, "m.html")).check().source
    heads = re.findall(r'<th scope="col"><a [^>]*title="([^"]*)"><b>(.*?)</b> <small>(.*?)</small>', source)
    eq(heads, [("One 0.13.5 (with retry middleware 0.9.1)", "One", "0.13.5 (with retry middleware 0.9.1)"),
               ("One 0.13.5 (with retry middleware 0.9.1) retry", "One retry", "0.13.5 (with retry middleware 0.9.1)"), ("Two", "Two", "")])
    assert "--n:3" in source


@test
def matrix_tells_what_is_alike_once(run):
    """But for times; the worst first. What was not shown has one reason for all checks."""
    for client, verdict, seconds in (("one", "fail", "0.2"), ("two", "fail", "13.25"), ("three", "weak", "0.2"), ("four", "fail", "0.2")):
        says = f"ends after {seconds} s" if client != "four" else "ends after 2 requests"
        make(run, client, [told.case(client=client, checks=[told.check("first", verdict, "should" if verdict == "weak" else "must", sentence=says)])])
    make(run, "five", [told.case(client="five", checks=[told.check("first", "not-exercised"), told.check("second", "not-exercised")])])
    run.run("matrix", "one", "two", "three", "four", "five", "-o", "m.html")
    page = told.Page(path(run, "m.html")).check()
    lines = [" ".join(line.split()) for line in items(section(page, "evidence"))]
    for line, words in zip(lines, ("ends after 0.2 s One , Two", "ends after 2 requests Four", "ends after 0.2 s Three", "does first; does second:")):
        assert words in line, lines
    eq(len(lines), 4)
    assert {f"{name}/auth/one" for name in ("one", "two", "three", "four", "five")} <= set(page.ids)


@test
def matrix_of_many(run):
    """281 cases and 39 clients stay one page that can be opened."""
    kinds = ["pass", "pass", "pass", "fail", "weak", "not-applicable", "not-exercised", "crash"]
    names = []
    for k in range(39):
        cases = [told.case(f"topic-{i % 12}/case-{i}", kinds[(i * 7 + k * 3 + i // 9) % 8], f"client-{k}", layer=f"layer {i % 5}") for i in range(281)]
        names.append(make(run, f"{k}.json", cases, version=f"{k}.1"))
    began = time.monotonic()
    run.run("matrix", *names, "-o", "m.html")
    took = time.monotonic() - began
    eq(run.code, 0)
    page = told.Page(path(run, "m.html")).check()
    assert len(page.source) < 5000000, len(page.source)
    eq(page.source.count('<th scope="row"'), 281 + 4 + len(told.HOUSE))
    assert took < 60, took


def main():
    program, name = sys.argv[1:]
    with a_run(os.path.abspath(program)) as run:
        TESTS[name](run)


if __name__ == "__main__":
    main()
