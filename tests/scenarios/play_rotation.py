"""Exits and sessions: as whom to ask."""

import ssl

from asking import delivered, inside, refused
from credentials import basic
from dialogue import check, equal, plays, tunnel

# ---- exits ---------------------------------------------------------------------------------------


def exit_of(play, nth, path):
    return play.event("request", nth, at="origin", path=path)["exit"]


def six(play, peers):
    """Three plain requests and three in tunnels, on the connections that `peers` gives."""
    plain, secure = peers
    for nth in 1, 2, 3:
        c = plain()
        c.get("/%d" % nth)
        exit = c.answer(200).get("X-Exit")
        equal(exit_of(play, 1, "/%d" % nth), exit, "the exit that the client was told of")
    for nth in 4, 5, 6:
        c = secure()
        c.inside("/%d" % nth)
        c.answer(200)


@plays("rotation/new-connection-per-request")
def one_connection_each(play):
    if play.variant == "each":
        play.passes("plain", "tunnels")
    six(play, (play.dial, lambda: tunnel(play)))
    exits = [exit_of(play, 1, "/%d" % n) for n in range(1, 7)]
    equal(exits, ["x1", "x2", "x3", "x4", "x5", "x6"], "the exits")


@plays("rotation/new-connection-per-request")
def pooled(play):
    if play.variant == "each":
        play.misses("plain", "tunnels")
    c, t = play.dial(), tunnel(play)
    six(play, (lambda: c, lambda: t))
    exits = {exit_of(play, 1, "/%d" % n) for n in range(1, 7)}
    equal(exits, {"x1", "x2"}, "the exits")


def three_tunnels(play, pooled):
    peers = [tunnel(play)] * 3 if pooled else [tunnel(play) for _ in range(3)]
    for nth, c in enumerate(peers, 1):
        c.inside("/%d" % nth)
        c.answer(200)
    exits = [exit_of(play, 1, "/%d" % n) for n in (1, 2, 3)]
    equal(exits, ["x1"] * 3 if pooled else ["x1", "x2", "x3"], "the exits")


@plays("rotation/keepalive-pins-exit")
def pinned(play):
    play.reports("pinned", holds=True)
    three_tunnels(play, True)


@plays("rotation/keepalive-pins-exit")
def not_pinned(play):
    play.reports("pinned", holds=False)
    three_tunnels(play, False)


def session(name):
    return basic("u1-" + name, "p1")


def in_tunnels(play, headers, told=False):
    """A tunnel for each request: the site closes after each answer."""
    for step, fields in enumerate(headers, 1):
        if told:
            play.step(step)
        c = play.dial()
        c.connect(headers=fields)
        c.head(200)
        equal(inside(play, c, "/%d" % step).get("Connection"), "close", "Connection")
        c.close()
        if told:
            delivered(play, step)


@plays("rotation/sticky-username-stable")
def one_name(play):
    play.passes("same-name", "same-exit")
    in_tunnels(play, [session("session-abc")] * 4)


@plays("rotation/sticky-username-stable")
def another_name(play):
    play.fails("same-name", "same-exit")
    in_tunnels(play, [session("session-abc")] * 3 + [basic("u1", "p1")])


@plays("rotation/session-change-new-tunnel")
def another_tunnel(play):
    play.passes("new-tunnel", "new-exit")
    for path, name in ("/1", "s1"), ("/2", "s2"):
        c = tunnel(play, headers=session(name))
        c.inside(path)
        c.answer(200)


@plays("rotation/session-change-new-tunnel")
def the_same_tunnel(play):
    play.fails("new-tunnel", "new-exit")
    c = tunnel(play, headers=session("s1"))
    for path in "/1", "/2":
        c.inside(path)
        c.answer(200)


def until_it_dies(play):
    in_tunnels(play, [session("s1")] * 2, told=True)
    play.step(3)
    c = play.dial()
    c.connect(headers=session("s1"))
    equal(c.answer(502).get("Proxy-Status"), "fp; error=destination_unavailable", "Proxy-Status")
    play.completed("gone")


@plays("rotation/sticky-exit-dies")
def shows_the_failure(play):
    play.passes("same-session", "status-exposed")
    until_it_dies(play)
    play.outcome(3, ends="error", status=502, kind="proxy-connect")


@plays("rotation/sticky-exit-dies")
def changes_the_session(play):
    play.fails("same-session")
    play.misses("status-exposed")
    until_it_dies(play)
    c = play.dial()
    c.connect(headers=session("s2"))
    c.answer(407)
    refused(play, 3)


@plays("rotation/exit-ip-reassigned")
def goes_on(play):
    play.passes("goes-on")
    in_tunnels(play, [session("session-abc")] * 4, told=True)
    play.event("rule", rule="moved")
    exits = [exit_of(play, 1, "/%d" % n) for n in (1, 2, 3, 4)]
    equal(exits, ["x1", "x1", "x2", "x2"], "the exits")


@plays("rotation/exit-ip-reassigned")
def stumbles(play):
    play.fails("goes-on")
    in_tunnels(play, [session("session-abc")] * 3, told=True)
    play.step(4)
    play.tell("outcome", 4, ends="error", kind="other")


# ---- flows ---------------------------------------------------------------------------------------


def login(play, c, headers=""):
    play.step(1)
    c.request("POST", "/login", body=b"user=a", headers=headers)
    cookie = c.answer(200).get("Set-Cookie")
    delivered(play, 1)
    play.step(2)
    return "Cookie: %s\r\n" % cookie.split(";")[0]


def step_2(play, c, headers, status):
    c.get("/step2", headers=headers)
    head = c.answer(status)
    play.outcome(2, status=status, body="whole")
    return head


@plays("rotation/login-flow-sticky")
def one_exit(play):
    play.passes("flow", "one-exit")
    c = play.dial()
    name = session("session-abc")
    cookie = login(play, c, name)
    equal(cookie, "Cookie: s=x1\r\n", "the cookie")
    step_2(play, c, name + cookie, 200)


@plays("rotation/login-flow-sticky")
def forgets_its_session(play):
    play.misses("flow", "one-exit")
    cookie = login(play, play.dial(), session("session-abc"))
    step_2(play, play.dial(), basic("u1", "p1") + cookie, 401)


@plays("rotation/login-flow-sticky")
def without_the_cookie(play):
    play.misses("flow")
    play.passes("one-exit")
    c = play.dial()
    name = session("session-abc")
    login(play, c, name)
    step_2(play, c, name, 401)
    play.completed("other")


@plays("rotation/login-flow-breaks-when-rotating")
def another_exit(play):
    play.reports("shown", holds=True)
    c = play.dial()
    cookie = login(play, c)
    equal(cookie, "Cookie: s=x1\r\n", "the cookie")
    c.eof()
    head = step_2(play, play.dial(), cookie, 401)
    equal(head.get("WWW-Authenticate"), 'Session realm="site"', "the challenge")
    play.completed("other")


@plays("rotation/login-flow-breaks-when-rotating")
def masks_the_401(play):
    play.reports("shown", holds=False)
    c = play.dial()
    cookie = login(play, c)
    c.eof()
    again = play.dial()
    again.get("/step2", headers=cookie)
    again.answer(401)
    play.outcome(2, ends="error", kind="other")


def two_sessions(play, jar_2):
    c, two = play.dial(), play.dial()
    for peer, path, headers in ((c, "/1", session("s1")), (two, "/2", session("s2")),
                                (c, "/3", session("s1") + "Cookie: id=x1\r\n"),
                                (two, "/4", session("s2") + jar_2)):
        peer.get(path, headers=headers)
        exit = "x1" if peer is c else "x2"
        equal(peer.answer(200).get("Set-Cookie"), "id=%s; Path=/" % exit, "the cookie")


@plays("rotation/cookies-isolated-per-session")
def two_jars(play):
    play.passes("apart")
    two_sessions(play, "Cookie: id=x2\r\n")


@plays("rotation/cookies-isolated-per-session")
def one_jar(play):
    play.misses("apart")
    two_sessions(play, "Cookie: id=x1\r\n")


def resumption(play, session_2):
    """Two sessions, the second with a ticket of the first if wanted. TLS 1.2: then the ticket is
    there with the handshake."""
    first, context = None, ssl.create_default_context(cafile=play.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    for path, name in ("/1", "s1"), ("/2", "s2"):
        c = play.dial()
        c.connect(headers=session(name))
        c.head(200)
        c.socket = context.wrap_socket(c.socket, server_hostname=play.host(),
                                       suppress_ragged_eofs=False,
                                       session=first if session_2 else None)
        c.inside(path)
        c.answer(200)
        first = first or c.socket.session


@plays("rotation/tls-resumption-across-sessions")
def ticket_kept_apart(play):
    play.reports("resumed", holds=False)
    resumption(play, False)


@plays("rotation/tls-resumption-across-sessions")
def ticket_shown(play):
    play.reports("resumed", holds=True)
    resumption(play, True)
    check(play.event("secure", 2, at="origin")["resumed"], "the session was not resumed")
