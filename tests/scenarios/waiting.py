"""What dialogues about Retry-After share: the refusal, what it promises, and coming back."""

from time import monotonic, sleep

from dialogue import equal


def limited(play, status=429, c=None):
    """A step begins with the refusal."""
    if not play.said:
        play.step()
    c = c or play.dial()
    c.get()
    return c, c.answer(status)


def shown(play, status=429, **fields):
    """The caller gets that answer."""
    play.outcome(status=status, body="whole", **fields)


def back(play, c, after, status=200):
    """Comes back so long behind the last answer, and shows the caller what it gets then."""
    left = c.arrived + after - monotonic()
    if left > 0:
        sleep(left)
    c.get()
    c.answer(status)
    play.event("request", 2, at="proxy")
    shown(play, status)


def comes_back(play, after, status=200):
    """Limited, it comes back so long after that."""
    back(play, limited(play)[0], after, status)


def promised(play):
    return play.event("response", rule="limit").get("promise")


def paused(play):
    return play.event("request", 2, at="proxy")["began"] - play.event("response", rule="limit")["t"]


def value(play, head, wanted, promise=None):
    equal(head.all("Retry-After"), [wanted] if wanted is not None else [], "Retry-After")
    equal(promised(play), promise, "the promise")
    play.completed("limit")


def told(play, wanted, promise=None):
    """Limited, with that Retry-After, which promises so much."""
    c, head = limited(play)
    value(play, head, wanted, promise)
    return c


def thrown(play):
    """An exception about the field, where an answer should be."""
    play.fails("survives")
    limited(play)
    play.outcome(ends="error", kind="other", error="invalid Retry-After")
