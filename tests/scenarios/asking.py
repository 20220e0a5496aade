"""What dialogues share: credentials, the first legs, and what the caller is told."""

from credentials import ORIGIN, basic
from dialogue import check

PA = basic()
WRONG = basic(password="wrong")
OWN = basic("u9", "p9", field=ORIGIN)
LONG = 30  # more requests than any client may send


def inside(play, c, path="/", headers="", status=200):
    """A request inside a tunnel that is just open."""
    c.secure(play.host())
    c.inside(path, headers=headers)
    return c.answer(status)


def asked(play, c, status=407, **options):
    """A request, and the challenge that it gets."""
    c.get(**options)
    return c.answer(status)


def begun(play, status, times=1, **options):
    """The step begins: so many requests on one connection get that status."""
    c = play.begin()
    for _ in range(times):
        asked(play, c, status, **options)
    return c


def delivered(play, step=1, **fields):
    play.outcome(step, **{"status": 200, "body": "whole", **fields})


def answered(play, c, step=1):
    """Here it gets what the origin answers, and the caller, too."""
    check(asked(play, c, 200).body.startswith(b"origin "), "the answer is not the origin's")
    delivered(play, step)


def refused(play, step=1, **fields):
    """The caller learns of the 407."""
    play.outcome(step, ends="error", status=407, kind="proxy-auth", **fields)


def refuses_locally(play, error="invalid proxy URL", kind="config"):
    """Nothing goes out; the caller gets an error."""
    play.untried()
    play.step()
    play.outcome(ends="error", kind=kind, error=error)
