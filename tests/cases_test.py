#!/usr/bin/env python3
"""The shipped cases and what is written about them, looked at with other eyes than those of the generators.

    cases_test.py statements    the guide's statements all have cases that exist, and the page shows them
    cases_test.py links         every link in docs/cases and docs/guide-coverage.md leads somewhere
    cases_test.py edition       the edition's ids, gatekeepers and patterns are those of shipped cases
    cases_test.py table         gencases sees a lost case, a changed title, a changed level (needs GENCASES)
"""
import fnmatch
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def shipped():
    """Every scenario by its id."""
    paths = [path for path in ROOT.glob("scenarios/*/*.json") if path.parent.name != "editions"]
    scenarios = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return {scenario["id"]: scenario for scenario in scenarios}


def edition():
    return json.loads((ROOT / "scenarios/editions/2026.1.json").read_text(encoding="utf-8"))


def statements():
    ids, page = shipped(), (DOCS / "guide-coverage.md").read_text(encoding="utf-8")
    lines = (DOCS / "guide-statements.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    if [row[0] for row in rows] != [f"S{n:02}" for n in range(1, 77)]:
        yield "the statements are not S01 to S76"
    for number, text, cases in rows:
        shown = [line for line in page.splitlines() if f'id="{number}"' in line]
        if len(text) < 20 or not cases.split():
            yield f"{number} has no text or no case"
        if len(shown) != 1:
            yield f"{number} does not stand once in guide-coverage.md"
        for case in cases.split():
            if case not in ids:
                yield f"{number}: {case} is not shipped"
            elif f"[`{case}`]" not in shown[0]:
                yield f"{number}: {case} is not shown"


def headings(page):
    text = page.read_text(encoding="utf-8")
    names = re.findall(r'<a id="([^"]+)"', text)
    for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        names.append(re.sub(r"[^\w -]", "", re.sub(r"\]\([^)]*\)", "", line).lower()).replace(" ", "-"))
    return set(names)


def links():
    pages = sorted((DOCS / "cases").glob("*.md")) + [DOCS / "guide-coverage.md"]
    known = {page.resolve(): headings(page) for page in pages}
    followed = 0
    for page in pages:
        prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if target.startswith("https://"):
                continue
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page.resolve()
            followed += 1
            if not path.exists():
                yield f"{page.name}: no file {target}"
            elif anchor and anchor not in known.get(path, set()):
                yield f"{page.name}: no heading {target}"
    if followed < 500:
        yield f"only {followed} links"


def edition_faults():
    ids, graded, keepers = shipped(), edition()["graded"], edition()["gatekeepers"]
    if len(graded) != 204 or graded != sorted(set(graded)):
        yield f"{len(graded)} ids, or not sorted, or one twice"
    for case in graded:
        if case not in ids:
            yield f"{case} is not shipped"
    for keeper in keepers:
        case, check = keeper["case"], keeper.get("check")
        if case not in graded:
            yield f"the gatekeeper {case} is not graded"
        elif check and check not in ids[case]["expect"]:
            yield f"{case} has no check {check}"
        for pattern in keeper["of"]:
            if not [other for other in ids if other != case and fnmatch.fnmatch(other, pattern)]:
                yield f"{pattern} fits no shipped case"


def refused(gencases, root, word):
    run = subprocess.run([gencases, "--check", root], capture_output=True, text=True, check=False)
    return run.returncode == 1 and word in run.stderr


def table():
    """A copy of the tree, in which a case is changed, and another one lost."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        shutil.copytree(ROOT / "scenarios", root / "scenarios")
        (root / "tests").mkdir()
        shutil.copy(ROOT / "tests/cases.tsv", root / "tests/cases.tsv")
        case = root / "scenarios/transport/idle-reset.json"
        text = case.read_text(encoding="utf-8")
        for old, new, word in (('"title": "A', '"title": "The', "new:  case\ttransport/idle-reset"),
                               ('"level": "should"', '"level": "may"', "gone: check\ttransport/idle-reset\trecovers"),
                               ('"few-connections"', '"few"', "gone: check\ttransport/idle-reset\tfew-connections")):
            case.write_text(text.replace(old, new), encoding="utf-8")
            if old not in text or not refused(sys.argv[2], root, word):
                yield f"{old} became {new}, and nobody said {word!r}"
        case.unlink()
        if not refused(sys.argv[2], root, "transport/idle-reset is graded by edition 2026.1, but not shipped"):
            yield "a graded case was lost, and nobody said so"


def main():
    looks = {"statements": statements, "links": links, "edition": edition_faults, "table": table}
    found = list(looks[sys.argv[1]]())
    for fault in found:
        print(fault)
    return 1 if found else 0


sys.exit(main())
