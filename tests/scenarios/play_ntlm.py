"""The three legs of NTLM, on one connection and on several."""

from asking import delivered, inside, refused
from credentials import ntlm
from dialogue import check, equal, plays

# ---- NTLM ----------------------------------------------------------------------------------------


def first_leg(c, begin=True):
    """A CONNECT without credentials if wanted, the first leg, and its answer, the second."""
    if begin:
        c.connect()
        equal(c.answer(407).get("Proxy-Authenticate"), "NTLM", "the first challenge")
    c.connect(headers=ntlm(1))
    head = c.answer(407)
    check(head.get("Proxy-Authenticate").startswith("NTLM TlRMTVNTUAAC"), "no second leg", head.fields)
    return head


def third_leg(play, c, user="u1"):
    c.connect(headers=ntlm(3, user))
    c.head(200)
    inside(play, c)


@plays("auth/ntlm-same-connection")
def three_legs(play):
    play.passes("one-connection", "succeeds")
    play.step()
    c = play.dial()
    first_leg(c)
    third_leg(play, c)
    delivered(play)


@plays("auth/ntlm-same-connection")
def two_connections(play):
    play.fails("one-connection", "succeeds")
    play.step()
    first_leg(play.dial())
    c = play.dial()
    c.connect(headers=ntlm(3))
    equal(c.answer(407).get("Proxy-Authenticate"), "NTLM", "it starts again")
    refused(play)


@plays("auth/ntlm-close-after-first-407")
def begins_anew(play):
    play.passes("succeeds", "no-reuse")
    play.step()
    c = play.dial()
    c.connect()
    head = c.answer(407)
    equal((head.get("Proxy-Authenticate"), head.get("Connection")), ("NTLM", "close"), "the 407")
    c.eof()
    again = play.dial()
    first_leg(again, begin=False)
    third_leg(play, again)
    delivered(play)


@plays("auth/ntlm-close-after-first-407")
def goes_on_where_it_closes(play):
    play.fails("no-reuse")
    play.misses("succeeds")
    play.step()
    c = play.dial()
    c.connect()
    c.answer(407)
    c.connect(headers=ntlm(1))
    c.eof()
    play.event("request", ignored=True)
    play.outcome(ends="error", kind="closed-early")


@plays("auth/ntlm-drop-mid-handshake")
def starts_again(play):
    play.passes("restarts", "bounded")
    play.step()
    c = play.dial()
    equal(first_leg(c).get("Connection"), None, "it does not say that it closes")
    c.eof()
    play.closed("fin", connection=1)
    again = play.dial()
    first_leg(again, begin=False)
    third_leg(play, again)
    delivered(play)


@plays("auth/ntlm-drop-mid-handshake")
def starts_too_often(play):
    play.fails("bounded")
    play.misses("restarts")
    play.step()
    for _ in range(4):
        first_leg(play.dial(), begin=False)
    refused(play)


def as_first_user(play):
    c = play.dial()
    c.get("/1", headers=ntlm(1))
    c.answer(407)
    c.get("/1", headers=ntlm(3))
    c.answer(200)
    return c


@plays("auth/ntlm-no-cross-user-reuse")
def own_handshake(play):
    play.passes("own-handshake")
    as_first_user(play)
    c = play.dial()
    c.get("/2", headers=ntlm(1))
    c.answer(407)
    c.get("/2", headers=ntlm(3, "u2"))
    c.answer(200)
    equal(play.event("request", at="proxy", path="/2", auth="ok")["user"], "u2", "the user")


@plays("auth/ntlm-no-cross-user-reuse")
def anothers_connection(play):
    play.fails("own-handshake")
    c = as_first_user(play)
    c.get("/2")
    c.answer(200)
