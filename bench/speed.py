"""Requests per second and CPU time per request, beside nginx, Squid and mitmproxy."""

import contextlib
import os

import report
from load import Side, alternate, median_ratio, ratios
from servers import Fakeproxy, Mitmproxy, Nginx, Squid

NAMED_ORIGIN = "http://origin.test"


def _rows(sides, base):
    """A table row for each side; rates are given as multiples of `base`'s too."""
    rows = []
    for side in sides:
        times = "" if side is base else f"{median_ratio(base, side):.2f} ×"
        rows.append([side.label, f"{side.median('rate'):,.0f}", times,
                     f"{side.median('cpu_us'):.1f} µs", f"{side.median('p50_us') / 1000:.2f} ms",
                     f"{side.median('p99_us') / 1000:.2f} ms"])
    return rows


def _page(sides, claims):
    """The part of the page for a comparison: claims are (other side, least ratio)."""
    base = sides[0]
    lines, all_hold = [], True
    for other, least in claims:
        line, holds = report.bound(median_ratio(base, other), least, True, f"× {other.label}")
        spread = ", ".join(f"{ratio:.2f}" for ratio in ratios(base, other))
        lines.append(f"{line} Each round: {spread}.")
        all_hold = all_hold and holds
    head = ["", "requests/s", "fakeproxy is", "CPU per request", "p50", "p99"]
    return "\n".join(lines) + "\n\n" + report.table(head, _rows(sides, base)), all_hold


def canned(rounds, seconds, journal=False):
    """An answer written by the scenario, beside nginx's `return 429`."""
    least = 0.6 if journal else 0.9
    label = "fakeproxy --journal FILE" if journal else "fakeproxy"
    target = f"{NAMED_ORIGIN}/"
    with Fakeproxy("canned-429", journal=journal) as ours, Nginx("nginx-429.conf.in") as nginx:
        sides = [Side(label, ours, target, False), Side("nginx", nginx, target, False)]

        def empty_journal():
            if journal:
                os.truncate(ours.journal_path(), 0)

        alternate(sides, rounds, seconds, empty_journal)
    return _page(sides, [(sides[1], least)])


def journaled(rounds, seconds):
    """The same while every event is written to a file."""
    return canned(rounds, seconds, journal=True)


def forward(rounds, seconds):
    """Forwarding to an origin: ours is embedded, the peers' is nginx."""
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(Nginx("nginx-origin.conf.in"))
        ours = stack.enter_context(Fakeproxy("forward"))
        squid = stack.enter_context(Squid())
        mitmproxy = stack.enter_context(Mitmproxy())
        theirs = f"http://127.0.0.1:{origin.port}/"
        sides = [Side("fakeproxy", ours, f"{NAMED_ORIGIN}/bytes/1024", True),
                 Side("squid", squid, theirs, True),
                 Side("mitmproxy", mitmproxy, theirs, True)]
        alternate(sides, rounds, seconds)
    return _page(sides, [(sides[1], 2.2), (sides[2], 30)])


def upstream(rounds, seconds):
    """Forwarding to a real server, the same nginx for both."""
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(Nginx("nginx-origin.conf.in"))
        ours = stack.enter_context(
            Fakeproxy("forward", "--upstream", f"origin.test:80=127.0.0.1:{origin.port}"))
        squid = stack.enter_context(Squid())
        sides = [Side("fakeproxy", ours, f"{NAMED_ORIGIN}/", True),
                 Side("squid", squid, f"http://127.0.0.1:{origin.port}/", True)]
        alternate(sides, rounds, seconds)
    return _page(sides, [(sides[1], 2.5)])
