"""Clients that repeat what failed, soon and late: the pauses of several repeats are judged together.

The outages of these cases end by themselves: how many pages fail on a busy machine is not ours to
say, but the first one always does.
"""

from time import sleep

from dialogue import at_least, check, equal, plays

PAGES = range(1, 6)
LEAST = 0.024  # pauses must have that on average: 25 ms with 1 ms of tolerance
BY_CHANCE = 0, 0.3, 0.01, 0.05, 0.1  # as full jitter draws them


class Error:
    """What a page gets at first, what its client has to be told, and what a good client passes."""

    def __init__(self, status, rule, good, retry_after=None, late=0):
        self.status, self.rule, self.good = status, rule, good.split()
        self.retry_after, self.late = retry_after, late


class Answer(Error):
    """An answer with that status, `late` behind the request."""

    def meets(self, c, page):
        c.get("/%d" % page)
        head = c.answer(None)
        if head.status == self.status:
            equal(head.get("Retry-After"), self.retry_after, "Retry-After")
            at_least(self.late, c.sent, c.arrived, "the error came")
        return head.status, c

    def seen(self, play, page, nth):
        return play.event("request", nth, at="proxy", path="/%d" % page)


class Refusal(Error):
    """The same, to a CONNECT; each tunnel has an authority of its own."""

    def meets(self, c, page):
        c.connect(port=8000 + page)
        status = c.answer(None).status
        return status, c if status != 200 else c.play.dial()

    def seen(self, play, page, nth):
        return play.event("request", nth, at="proxy", target="%s:%d" % (play.host(), 8000 + page))


class Reset(Answer):
    def meets(self, c, page):
        c.get("/%d" % page)
        try:
            return c.answer(None).status, c
        except ConnectionResetError:
            return self.status, c.play.dial()


CASES = {
    "gateway/502-then-200": Answer(502, "error", "recovers"),
    "gateway/503-then-200-no-header": Answer(503, "error", "recovers"),
    "gateway/504-then-200": Answer(504, "error", "recovers", late=0.3),
    "tunnel/502-then-ok": Refusal(502, "deny", "recovers"),
    "retry-after/garbage": Answer(429, "limit", "recovers survives", "soon"),
    "retry-after/empty": Answer(429, "limit", "survives", ""),
    "retry-after/negative": Answer(429, "limit", "survives bounded", "-5"),
    "transport/fresh-rst-before-response": Reset(0, "first", "recovers"),
}


def variants(case):
    return ("on",) if case.startswith("transport/") else ()


def shown(play, page, error, status):
    if status:
        play.outcome(page, status=status, body="whole")
    else:
        play.outcome(page, ends="error", kind="reset")


def meets(play, error, c, page, pause, repeats=1):
    """One page: its error, unless the outage is over; what the repeats get; the connection."""
    play.step(page)
    status, c = error.meets(c, page)
    failed = status == error.status
    for _ in range(repeats):
        if status == error.status:
            sleep(pause)
            status, c = error.meets(c, page)
    shown(play, page, error, status)
    return failed, c


def mean_pause(play, error, pages):
    times = [[error.seen(play, page, nth)["began"] for nth in (1, 2)] for page in pages]
    return sum(b - a for a, b in times) / len(times)


def repeating(case, error, pauses):
    """A client that repeats each page once, after these pauses."""

    def play_it(play):
        play.passes(*error.good)
        c, failed = play.dial(), []
        for page, pause in zip(PAGES, pauses):
            has_failed, c = meets(play, error, c, page, pause)
            failed += [page] if has_failed else []
        equal(failed[:1], [1], "the first page that failed")
        promised = [e for e in play.events if e["event"] == "response" and "promise" in e]
        check(not promised, "a promise was seen", promised)
        play.completed(error.rule)
        play.hurries("backs-off", mean_pause(play, error, failed), LEAST + error.late + 0.02)

    plays(case, *variants(case))(play_it)


for name, kind in CASES.items():
    for drawn in [0.1] * 5, [0] * 5, BY_CHANCE:
        repeating(name, kind, drawn)


@plays("gateway/502-then-200")
@plays("gateway/503-then-200-no-header")
@plays("gateway/504-then-200")
@plays("tunnel/502-then-ok")
@plays("retry-after/garbage")
@plays("retry-after/empty")
@plays("retry-after/negative")
@plays("transport/fresh-rst-before-response", "on")
def gives_up(play):
    """A client that shows its caller what came first."""
    error, c = CASES[play.scenario], play.dial()
    for name in error.good:
        (play.misses if name == "recovers" else play.passes)(name)
    play.untested("backs-off")
    for page in PAGES:
        _, c = meets(play, error, c, page, 0, repeats=0)
    play.completed(error.rule)


@plays("transport/fresh-rst-before-response", "off")
def reset_is_the_end(play):
    play.reports("by-itself", True)
    error = CASES[play.scenario]
    c = play.dial()
    for page in PAGES:
        _, c = meets(play, error, c, page, 0, repeats=0)
    play.closed("reset", rule="first")


def thrown(play):
    """An exception about the field, where an answer should be."""
    c = play.dial()
    for page in PAGES:
        play.step(page)
        c.get("/%d" % page)
        c.answer(None)
        play.outcome(page, ends="error", kind="other", error="invalid Retry-After")


@plays("retry-after/empty")
def empty_is_thrown(play):
    play.misses("survives")
    play.untested("backs-off")
    thrown(play)


@plays("retry-after/garbage")
def garbage_is_thrown(play):
    play.fails("survives")
    play.misses("recovers")
    play.untested("backs-off")
    thrown(play)


@plays("retry-after/negative")
def negative_is_thrown(play):
    play.fails("survives")
    play.untested("backs-off")
    thrown(play)


@plays("retry-after/negative")
def negative_spins(play):
    play.fails("bounded")
    c = play.dial()
    for page in PAGES:
        _, c = meets(play, CASES[play.scenario], c, page, 0.05, repeats=3 if page == 1 else 0)


# ---- one outage ----------------------------------------------------------------------------------

OUTAGES = {  # the status, and what the longest of the later pauses must be, by the first
    "gateway/backoff-grows": (503, lambda first: max(1.5 * first, first + 0.02)),
    "retry-after/missing-uses-backoff": (429, lambda first: first - 0.04),
}


def outlasting(case, pauses):
    """One page, asked for again after these pauses until it is answered; how the pauses grew."""
    error, least = OUTAGES[case]

    def play_it(play):
        c = play.begin()
        c.get()
        status, asked = c.answer(error).status, 1
        for pause in pauses:
            if status == error:
                sleep(pause)
                c.get()
                status, asked = c.answer(None).status, asked + 1
        play.passes("recovers")
        play.outcome(status=status, body="whole")
        began = [play.event("request", nth + 1, at="proxy")["began"] for nth in range(asked)]
        gaps = [b - a for a, b in zip(began, began[1:])]
        play.hurries("pauses", sum(gaps) / len(gaps), LEAST + 0.02)
        (play.misses if max(gaps[1:]) < least(gaps[0]) else play.passes)("grows")

    plays(case)(play_it)


for name in OUTAGES:
    outlasting(name, (0.05, 0.1, 0.2, 0.4, 0.8, 1.6))
    outlasting(name, (0.08, 0.01, 0.3, 0, 0.5, 1.6))  # by chance
    outlasting(name, (1, 0.6))
    outlasting(name, (0.8, 0.8))
    outlasting(name, (0,) * 6)


@plays("gateway/backoff-grows")
@plays("retry-after/missing-uses-backoff")
def gives_up_before_it_heals(play):
    play.passes("pauses")
    play.misses("recovers")
    play.untested("grows")
    error, _ = OUTAGES[play.scenario]
    c = play.begin()
    for pause in 0, 0.1:
        sleep(pause)
        c.get()
        c.answer(error)
    play.outcome(status=error, body="whole")
