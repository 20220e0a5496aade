#!/usr/bin/env python3
"""What docs/scenario.md shows is true: its examples pass `fakeproxy check`, its links lead somewhere.

    docs_test.py FAKEPROXY
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/scenario.md"


def examples(text):
    """The JSON blocks that are whole scenarios."""
    blocks = re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [block for block in blocks if '"fakeproxy"' in block]


def refused(text, program):
    """What `check` says of examples that it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        for number, block in enumerate(examples(text), 1):
            path = pathlib.Path(folder) / f"{number}.json"
            path.write_text(block, encoding="utf-8")
            run = subprocess.run([program, "check", path], capture_output=True, text=True, check=False)
            if run.returncode != 0:
                yield f"example {number}: {run.stderr}"


def dead_links(text):
    """Links into the page without a heading, and to files that are not there."""
    headings = {re.sub(r"[^a-z0-9_ -]", "", line.lower()).replace(" ", "-")
                for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith("#") and target[1:] not in headings:
            yield f"no heading {target}"
        elif not target.startswith("#") and not (PAGE.parent / target).exists():
            yield f"no file {target}"


def main():
    text = PAGE.read_text(encoding="utf-8")
    found = list(refused(text, sys.argv[1])) + list(dead_links(text))
    if len(examples(text)) < 5:
        found.append("hardly an example is left")
    for fault in found:
        print(fault)
    return 1 if found else 0


sys.exit(main())
