"""Blocks, exits and sessions, and a cache: whom to ask again, and as whom."""

import ssl

from credentials import basic
from dialogue import check, equal, pattern, plays, tunnel
from play_auth import PA, asked, delivered, inside, refused
from play_creds import OWN

# ---- 403 -----------------------------------------------------------------------------------------


@plays("block/403-not-retried")
def believes_the_block(play):
    play.passes("once", "status-exposed")
    play.step()
    c = play.dial()
    c.get()
    c.answer(403)
    play.completed("block")
    play.outcome(status=403, body="whole")


@plays("block/403-not-retried")
def asks_three_times(play):
    play.fails("once", "status-exposed")
    play.step()
    c = play.dial()
    for _ in 1, 2, 3:
        c.get()
        c.answer(403)
    play.outcome(ends="error", kind="other")


@plays("block/403-then-slow-down-useless")
def does_not_wait(play):
    play.passes("no-wait")
    play.step()
    c = play.dial()
    c.get()
    c.answer(403)
    play.outcome(status=403, body="whole")


@plays("block/403-then-slow-down-useless")
def waits_at_the_wall(play):
    play.misses("no-wait")
    play.step()
    c = play.dial()
    c.get()
    c.answer(403)
    c.silence(1.6)
    c.get()
    c.answer(403)
    play.outcome(status=403, body="whole")


@plays("block/403-with-creds")
def with_both_once(play):
    play.passes("once")
    c = play.dial()
    c.get(headers=PA)
    c.answer(401)
    c.get(headers=PA + OWN)
    c.answer(403)
    play.completed("block")


@plays("block/403-with-creds")
def with_both_again(play):
    play.misses("once")
    c = play.dial()
    for _ in 1, 2:
        c.get(headers=PA + OWN)
        c.answer(403)


def blocked_with_challenges(play):
    c = play.dial()
    c.get()
    head = c.answer(403)
    equal((head.get("Proxy-Authenticate"), head.get("WWW-Authenticate")),
          ('Basic realm="p"', 'Basic realm="o"'), "the challenges")
    play.completed("block")
    return c


@plays("block/403-no-extra-credentials")
def no_challenge(play):
    play.passes("no-proxy-creds")
    play.reports("origin-creds", holds=False)
    blocked_with_challenges(play)


@plays("block/403-no-extra-credentials")
def takes_it_for_a_challenge(play):
    play.fails("no-proxy-creds")
    play.reports("origin-creds", holds=True)
    blocked_with_challenges(play).get(headers=PA + OWN)
    play.event("request", 2)


# ---- limits and pools ----------------------------------------------------------------------------


@plays("rotation/429-per-ip")
def takes_the_other_exit(play):
    play.passes("kept")
    play.does("rotates")
    c, b = play.dial("b"), play.dial()
    c.get()
    equal(c.answer(429).get("Retry-After"), "30", "Retry-After")
    play.completed("first-b")
    b.get()
    b.answer(200)


@plays("rotation/429-per-ip")
def comes_back_early(play):
    play.fails("kept")
    play.does_not("rotates")
    c = play.dial()
    for _ in 1, 2:
        c.get()
        c.answer(429)
    play.completed("again-a")


def limited_twice(play):
    peers = play.dial(), play.dial("b")
    for peer in peers:
        peer.get()
        equal(peer.answer(429).get("Retry-After"), "1", "Retry-After")
    return peers


@plays("rotation/429-per-account")
def waits_for_both(play):
    play.passes("nobody-early")
    c, _ = limited_twice(play)
    c.silence(1)
    c.get()
    c.answer(200)


@plays("rotation/429-per-account")
def comes_and_goes(play):
    play.fails("nobody-early")
    c, _ = limited_twice(play)
    c.get()
    c.answer(200)


def on_all_three(play, times):
    play.step()
    for actor in "proxy", "b", "c":
        c = play.dial(actor)
        asked(play, c)
        for _ in range(times):
            c.get(headers=basic(password="wrong"))
            c.answer(407)


@plays("rotation/407-does-not-burn-pool")
def tries_each_once(play):
    play.passes("once", "once-b", "once-c", "not-hidden", "named", "soon")
    on_all_three(play, 1)
    refused(play)


@plays("rotation/407-does-not-burn-pool")
def tries_each_twice(play):
    play.misses("once", "once-b", "once-c", "named")
    on_all_three(play, 2)
    play.outcome(ends="error", kind="other")


@plays("rotation/407-does-not-burn-pool")
def calls_it_success(play):
    play.fails("not-hidden", "soon")
    play.misses("named")
    on_all_three(play, 1)
    play.outcome(status=200, body="empty", took=6)


def first_blocked(play):
    """The first exit that is asked is the blocked one."""
    play.step()
    c = play.dial("b")
    c.get()
    c.answer(403)
    play.completed("first-b")
    return c


@plays("rotation/403-rotates")
def rotates(play):
    play.passes("rotates", "not-again")
    first_blocked(play)
    c = play.dial()
    c.get()
    c.answer(200)
    delivered(play)


@plays("rotation/403-rotates")
def stays_blocked(play):
    play.misses("rotates", "not-again")
    c = first_blocked(play)
    c.get()
    c.answer(403)
    play.outcome(status=403, body="whole")


def around_the_dead(play, tries, got):
    for nth in range(tries):
        try:
            play.dial().reset()
        except ConnectionResetError:
            pass  # it was quicker than our accept
        play.completed("dead", nth + 1)
    b = play.dial("b")
    for step in range(1, 7):
        play.step(step)
        if step > got:
            play.outcome(step, ends="error", kind="proxy-unreachable")
            continue
        b.get("/%d" % step)
        b.answer(200)
        delivered(play, step)


@plays("rotation/dead-proxy-cooldown")
def leaves_it_alone(play):
    play.does("skipped")
    play.passes("succeeds")
    around_the_dead(play, 1, 6)


@plays("rotation/dead-proxy-cooldown")
def tries_it_each_time(play):
    play.does_not("skipped")
    play.misses("succeeds")
    around_the_dead(play, 6, 3)


@plays("rotation/persistent-5xx-escalates")
def escalates(play):
    play.does("escalates")
    play.step()
    b = play.dial("b")
    for _ in 1, 2:
        b.get()
        b.answer(502)
    c = play.dial()
    c.get()
    c.answer(200)
    play.completed("first-b")
    play.completed("again-b")
    delivered(play)


@plays("rotation/persistent-5xx-escalates")
def stays(play):
    play.does_not("escalates")
    play.step()
    c = play.dial()
    for _ in 1, 2, 3:
        c.get()
        c.answer(502)
    play.outcome(status=502, body="whole")


def all_ways(play, requests):
    play.step()
    peers = [play.dial(), play.dial("b")]
    for nth in range(requests):
        peers[nth % 2].get()
        check(peers[nth % 2].answer(503).body.startswith(b"origin 503"), "not the site's answer")
    play.completed("down", requests)


@plays("rotation/target-down-everywhere")
def stops(play):
    play.passes("bounded", "status-exposed")
    all_ways(play, 3)
    play.outcome(status=503, body="whole")


@plays("rotation/target-down-everywhere")
def does_not_stop(play):
    play.fails("bounded", "status-exposed")
    all_ways(play, 4)
    play.outcome(ends="error", kind="other")


def at_each(play, headers_a, headers_b, status=200):
    for step, (actor, headers) in enumerate((("proxy", headers_a), ("b", headers_b)) * 2, 1):
        play.step(step)
        c = play.dial(actor)
        c.get("/%d" % step, headers=headers)
        c.answer(status)
        if status == 200:
            delivered(play, step)
        else:
            refused(play, step)


@plays("rotation/creds-per-proxy")
def each_its_own(play):
    play.passes("a-only", "b-only", "succeeds")
    at_each(play, basic("ua", "pa"), basic("ub", "pb"))


@plays("rotation/creds-per-proxy")
def each_the_others(play):
    play.fails("a-only", "b-only", "succeeds")
    at_each(play, basic("ub", "pb"), basic("ua", "pa"), 407)


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


# ---- a cache -------------------------------------------------------------------------------------


def half(play):
    play.step(1)
    c = play.dial()
    c.get()
    head = c.head(200)
    equal((head.get("Content-Length"), head.get("Cache-Control")), ("1000", "max-age=60"), "fields")
    c.expect(pattern(500))
    c.eof()
    play.closed("fin", connection=1)
    play.outcome(1, ends="error", kind="incomplete")
    play.step(2)


@plays("cache/incomplete-not-served-as-complete")
def asks_again(play):
    play.passes("not-served", "asks-again")
    half(play)
    c = play.dial()
    c.get()
    c.answer(200)
    delivered(play, 2)


@plays("cache/incomplete-not-served-as-complete")
def serves_the_half(play):
    play.fails("not-served", "asks-again")
    half(play)
    play.outcome(2, status=200, body="part")
