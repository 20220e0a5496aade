"""docs/performance.md: each measurement owns the part between its two markers.

A part of the page is written only when its measurement ran; the prose around it is written by hand.
"""

import datetime
import os
import platform
import subprocess

from servers import ROOT, Failed, find_program

PAGE = os.path.join(ROOT, "docs", "performance.md")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def bound(value, limit, at_least, unit):
    """(line for the page, holds)."""
    holds = value >= limit if at_least else value <= limit
    word = "at least" if at_least else "at most"
    return (f"**{value:.3g} {unit}**, to be {word} {limit:g}: {'holds' if holds else 'MISSED'}.",
            holds)


def write(name, text):
    begin, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
    with open(PAGE) as file:
        page = file.read()
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"bench: {PAGE} has no place for '{name}': it needs {begin} and {end}")
    with open(PAGE, "w") as file:
        file.write(f"{before}{begin}\n{text.strip()}\n{end}{after}")


def _version(*command):
    try:
        program = find_program(command[0])
    except Failed:
        return f"no {command[0]}"
    run = subprocess.run([program, *command[1:]], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True)
    return (run.stdout + run.stderr).strip().splitlines()[0].strip()


def host():
    """What was measured on and beside what: a paragraph for the page."""
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    mitmproxy = _version("mitmdump", "--version").removeprefix("Mitmproxy:").strip()
    peers = ", ".join([_version("nginx", "-v").removeprefix("nginx version: "),
                       _version("squid", "-v"), f"mitmproxy {mitmproxy}",
                       _version("wrk", "-v").split(" [")[0]])
    return (f"Measured {datetime.date.today()} at commit {commit} on {os.cpu_count()} cores "
            f"({model}), Linux {platform.release()}; beside {peers}.")
