#!/usr/bin/env python3
"""Plays shipped scenarios against hand-made clients.

    run.py PROGRAM ID       plays one scenario, each of its variants
    run.py PROGRAM --same   does every shipped scenario have a dialogue, and the other way round?
    run.py PROGRAM --valid  is every shipped file valid and documented?
    run.py PROGRAM --used   does some shipped scenario use each action, wait, listener, ...?
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialogue import ROOT, Play, check, equal, path_of, table, variants_of  # noqa: E402

for module in glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "play_*.py")):
    __import__(os.path.basename(module)[:-3])


def files(folder):
    found = sorted(path for path in glob.glob(os.path.join(ROOT, folder, "*", "*.json"))
                   if os.path.basename(os.path.dirname(path)) != "editions")  # lists of scenarios
    check(found, "nothing in", folder)
    return found


def id_of(path):
    return path[:-len(".json")].split(os.sep)[-2] + "/" + os.path.basename(path)[:-len(".json")]


def placeholders(ready):
    """What stands for {origin}, {origin.addr}, {origin.port}, {case} in this play."""
    for key, value in ready.items():
        if key.endswith("_host"):
            yield key[:-len("_host")] + "=" + value
            yield "case=" + value.rpartition(".")[0].rpartition("-")[2]
        elif isinstance(value, str) and "://" in value:
            address = value.rpartition("/")[2]
            yield key + ".addr=" + address
            yield key + ".port=" + address.rpartition(":")[2]


def prefixes(program, p):
    """No check passes before the last event it needs (prefixes.c). True: some pass in the end."""
    tool = os.path.join(os.path.dirname(program), "tests", "prefixes")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as journal:
        for e in sorted(p.events + p.said, key=lambda e: e["t"]):
            journal.write(json.dumps(e) + "\n")
        journal.flush()
        run = subprocess.run([tool, path_of(p.scenario), p.variant or "-", journal.name,
                              *placeholders(p.ready)], capture_output=True, text=True, check=False)
    sys.stdout.write(run.stdout)
    sys.stderr.write(run.stderr)
    check(run.returncode in (0, 3), "the exit code of prefixes is", run.returncode)
    return run.returncode == 0


def play(program, scenario):
    known = variants_of(scenario)
    played, judged, shown = set(), set(), False
    for function, variants in table[scenario]:
        for variant in variants or known:
            check(variant in known, function.__name__, "plays an unknown variant,", variant)
            played.add(variant)
            try:
                with Play(program, scenario, variant) as p:
                    function(p)
                judged.update(p.judged.items())
                judged.update((name, "weak") for name in p.hurried)
                shown |= prefixes(program, p)
            except BaseException:
                print("in", function.__name__, "of variant", variant)
                raise
    equal(sorted(map(str, played)), sorted(map(str, known)), "the variants played")
    check(shown, "nothing passes in the end: the pieces of the journals show nothing")
    if scenario.split("/")[0] in PROVEN:
        proven(scenario, judged)


# Topics of which every MUST and SHOULD must have been seen to pass, and to fail.
PROVEN = "auth", "block", "cache", "creds", "digest", "rotation", "gateway", "retry-after", "tunnel", "slow", "tls", "framing", "routing", "https-proxy", "transport"


def proven(scenario, judged):
    with open(path_of(scenario), encoding="utf-8") as f:
        checks = json.load(f)["expect"]
    for name, item in checks.items():
        if item["level"] in ("must", "must*", "should"):
            check((name, "pass") in judged, "no client passes", name)
            check({(name, "fail"), (name, "weak")} & judged, "no client fails", name)


def same():
    equal(sorted(table), sorted(id_of(path) for path in files("scenarios")), "what has a dialogue")


# What a shipped scenario must use: keys and bare words, as key or key=value.
USED = """
    on=accept on=hello on=request state rate_over skip times per=connection per=target
    fault=true fault=respond fault=send variants proxies origins
    respond send forward tunnel read wait pace stall close half_close reset abort alert set
    wait=bytes wait=acked idle plus nth limit until to
    listen=refused listen=blackhole open_after tls names certificate=untrusted certificate=self-signed
    after_body_bytes after_bytes at=client-hello with=reset with=close with=stall notify=false reading=false
    form=imf-fixdate form=rfc850 form=asctime retry_after=1 retry_after=soon challenge content
    auth realm scheme=basic scheme=digest scheme=ntlm users nonces uses qop opaque algorithm
    strict_uri unique_nc challenge=true exits by=connection by=user rotate tickets
    framing=close framing=none chunks trailers base64 octets seed times=forever continue=false for read=0
""".split()


def words(value, key=""):
    if isinstance(value, dict):
        for k, v in value.items():
            yield k
            yield from words(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from words(v, key)
            if isinstance(v, str):
                yield v  # an action as a bare word
    else:
        yield key + "=" + (value if isinstance(value, str) else json.dumps(value))


def used():
    found = set()
    for path in files("scenarios"):
        with open(path, encoding="utf-8") as f:
            scenario = json.load(f)
        for key in "proxy", "origin", "proxies", "origins", "variants":
            found.update([key] if key in scenario else [])
            found.update(words(scenario.get(key, {})))
    equal(sorted(set(USED) - found), [], "what no scenario uses")


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


def unhurried(path):
    """Behind an answer after which a rule ends the connection unannounced, the next step waits until the client may know: else it is
    a race, which is lost by chance."""
    with open(path, encoding="utf-8") as f:
        scenario = json.load(f)
    rules = scenario.get("proxy", {}).get("rules", []) if isinstance(scenario.get("proxy", {}), dict) else []
    if any(a == "forward" and b in ("close", "reset", "abort") for rule in rules for a, b in zip(rule["do"], rule["do"][1:])):
        for step in scenario["client"]["steps"][1:]:
            check("after" in step, path, "has a step that races with the end of the connection:", step["url"])


def main(program, what):
    if what == "--same":
        same()
    elif what == "--used":
        used()
    elif what == "--valid":
        paths = files("scenarios")
        load(program, paths)
        for path in paths:
            documented(path)
            unhurried(path)
    else:
        play(program, what)


if __name__ == "__main__":
    main(*sys.argv[1:])
