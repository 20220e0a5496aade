"""CONNECT and its answers, and what TLS inside meets: scenarios/tunnel and scenarios/tls."""

import ssl
import time

from asking import delivered, inside
from dialogue import Failure, at_least, check, equal, octets, opened, pattern, plays, tunnel


@plays("tunnel/2xx-201-204-299")
def unusual_2xx(play):
    c = play.dial()
    c.connect()
    head = c.head(int(play.variant))
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), (None, None), "the framing")
    inside(play, c)
    play.event("tunnel", host=play.host())
    c.close()
    play.completed("open")


@plays("tunnel/2xx-content-length-ignored")
def content_length(play):
    c = play.dial()
    c.connect()
    equal(c.head(200).get("Content-Length"), "5", "the length")
    c.silence(0.2)  # and no body
    inside(play, c)
    c.close()
    play.completed("open")


@plays("tunnel/2xx-dribbled")
def dribbled(play):
    c = play.dial()
    c.connect()
    wanted = "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n"
    c.expect(wanted)
    at_least(0.015 * (len(wanted) - 1), c.sent, c.arrived, "the last octet came")
    c.secure(play.host())
    sent = c.sent
    c.inside("/bytes/1000")
    c.answer(200, pattern(1000))
    check(sent <= c.arrived, "time runs backwards")
    equal(play.event("sent", rule="dribble")["bytes"], len(wanted), "octets of the answer")
    c.close()
    play.completed("dribble")


@plays("tunnel/1xx-before-2xx")
def interim(play):
    c = play.dial()
    c.connect()
    equal(c.head(103).get("Link"), "</a>; rel=preload", "Link")
    equal(c.head(100).line, "HTTP/1.1 100 Continue", "the second interim answer")
    c.head(200)
    inside(play, c)
    c.close()
    play.completed("interim")


@plays("tunnel/3xx-not-followed")
def redirect(play):
    play.fails("not-followed")
    play.mistakes("connect-redirect-followed")
    c = play.dial()
    c.connect()
    head = c.answer(302, "<p>over there</p>")
    equal(head.get("Location"), "https://%s/x" % play.host("o2"), "Location")
    play.completed("deny")
    c.connect(play.host("o2"))  # a client that follows would be seen there
    c.answer(302)
    play.never("accept", at="o2", via="tunnel")
    d = play.dial()  # in clear text it can be reached, and is told from the origin
    d.get("/x", host=play.host("o2"))
    d.answer(200)
    play.count(1, "request", at="o2")


@plays("tunnel/403-not-retried")
def forbidden(play):
    play.mistakes("403-repeated")
    play.fails("once")
    c = play.dial()
    for nth in 1, 2:
        c.connect()
        c.answer(403)
        play.completed("deny", nth)
    play.never("tunnel")


@plays("tunnel/407-error-text")
def credentials_wanted(play):
    c = play.dial()
    c.connect()
    equal(c.answer(407).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    play.completed("deny")
    c.connect(headers="Proxy-Authorization: Basic dTE6cDE=\r\n")
    c.answer(407)


def refused_tunnel(play, **outcome):
    c = play.begin()
    c.connect()
    head = c.head(int(play.variant))
    play.completed("deny")
    play.outcome(ends="error", kind="proxy-connect", **outcome)
    return head


@plays("tunnel/502-504-status-exposed")
def gateway_status(play):
    c = play.dial()
    c.connect()
    c.answer(int(play.variant), pattern(200))
    play.completed("deny")


@plays("tunnel/502-504-status-exposed")
def gateway_status_in_words(play):
    play.passes("status-exposed")
    refused_tunnel(play, error="Tunnel connection failed: %s Bad Gateway" % play.variant)


@plays("tunnel/502-504-status-exposed")
def gateway_status_by_chance(play):
    """Those digits in a name and a port are not what the proxy said."""
    play.misses("status-exposed")
    refused_tunnel(play, error="https://origin-a%sb0c.invalid:5%s1: refused" % (play.variant, play.variant))


@plays("tunnel/503-retry-after")
def slowed_down(play):
    play.fails("waits")
    c = play.dial()
    c.connect()
    equal(c.answer(503).get("Retry-After"), "1", "Retry-After")
    equal(play.event("response", rule="deny")["promise"], 1, "the promise")
    c.connect()  # at once: too early
    c.head(200)
    check(0 < play.event("request", 2)["early"] <= 1, "it came early")


@plays("tunnel/fin-before-response")
def fin_before(play):
    for nth in 1, 2:
        c = play.dial()
        c.connect()
        c.eof()
        play.completed("deny", nth)
        play.closed("fin", connection=nth)


@plays("tunnel/rst-before-response")
def rst_before(play):
    for nth in 1, 2:
        c = play.dial()
        c.connect()
        c.reset()
        play.completed("deny", nth)
        play.closed("reset", connection=nth)


@plays("tunnel/garbage-response")
def garbage(play):
    c = play.dial()
    c.connect()
    c.expect("<html>\r\n<h1>400 Bad request</h1>\r\n")
    c.eof()
    play.completed("deny")
    play.closed("fin")
    play.never("response")


@plays("tunnel/stall-no-response")
def no_answer(play):
    c = play.dial()
    c.connect()
    c.silence(0.5)
    c.close()
    play.closed("fin", by="client")
    play.left("deny", "stall")


@plays("tunnel/no-plaintext-downgrade")
def no_tunnel(play):
    c = play.dial()
    c.connect()
    if play.variant == "501":
        c.answer(501)
    elif play.variant == "reset":
        c.reset()
    else:
        c.expect("what is this?\r\n\r\n")
        c.eof()
        play.never("response", rule="deny")
    play.completed("deny")
    d = play.dial()  # a client that falls back to clear text would be let through, and be seen
    d.get("/")
    d.answer(200)


@plays("tunnel/2xx-early-server-bytes")
def early_server_bytes(play):
    c = play.dial()
    c.connect(port=22)
    first = c.more()  # one write, so one read
    equal(first, b"HTTP/1.1 200 Connection established\r\n\r\nSSH-2.0-fake\r\n", "the first read")
    c.got = b""
    c.eof()
    play.event("close", how="fin", by="us", rule="banner")
    c.send("SSH-2.0-test\r\n")  # our direction is still open
    play.completed("banner")


# ---- inside --------------------------------------------------------------------------------------


@plays("tls/wrong-host")
def wrong_host(play):
    c = opened(play)
    c.refused(play.host(), "Hostname mismatch")
    play.event("hello", at="origin", sni=play.host())
    play.never("request", at="origin")
    d = opened(play)
    d.secure("localhost")  # good for the host of the proxy


@plays("tls/self-signed")
def self_signed(play):
    c = opened(play)
    c.refused(play.host(), "self-signed certificate")
    play.event("hello", at="origin")
    play.never("request", at="origin")


@plays("tls/ip-target")
def ip_target(play):
    c = play.dial()
    host, port = play.address("origin")
    c.connect(host, port)
    c.head(200)
    if play.variant == "named":
        c.secure(host)
        c.inside("/")
        c.answer(200)
    else:
        c.refused(host, "IP address mismatch")
        play.event("hello", at="origin")
        play.never("request", at="origin")


@plays("tls/proxy-mitm")
def in_the_middle(play):
    c = opened(play)
    c.refused(play.host(), "unable to get local issuer certificate")
    play.event("hello", at="middle", sni=play.host())
    play.never("accept", at="origin")
    play.never("request", at="middle")
    play.event("tunnel", rule="intercept")


@plays("tls/plaintext-after-200")
def plaintext(play):
    c = play.dial()
    c.connect()
    c.expect("HTTP/1.1 200 Connection established\r\n")
    while c.got.count(b"\r\n\r\n") < 1:
        c.more()
    c.got = c.got.partition(b"\r\n\r\n")[2]
    c.silence(0.2)  # not before the client speaks
    c.send(b"\x16\x03\x01\x00\x05hello")
    c.expect("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\nmarker")
    c.eof()
    play.completed("late")
    play.never("accept", at="origin")


@plays("tls/no-close-notify-length-short")
def truncated(play):
    c = tunnel(play)
    c.inside("/")
    equal(c.head(200).get("Content-Length"), "100", "the length")
    c.expect(pattern(50))
    c.truncated()
    play.completed("cut")
    e = play.closed("fin", at="origin", rule="cut")
    equal(e.get("notify"), False, "close_notify")
    equal(play.event("sent", rule="cut")["body_bytes"], 50, "octets of the body")


@plays("tls/fatal-alert")
def fatal_alert(play):
    for nth in 1, 2:
        c = opened(play)
        try:
            c.secure(play.host())
        except ssl.SSLError as e:
            equal(e.reason, "SSLV3_ALERT_HANDSHAKE_FAILURE", "the alert")
        else:
            raise Failure("the handshake succeeded")
        equal(play.event("alert", nth, at="origin")["description"], "handshake_failure", "the alert")
        play.completed("alert", nth)


@plays("tls/rst-mid-handshake")
def reset_in_handshake(play):
    c = opened(play)
    try:
        c.secure(play.host())
    except ConnectionResetError:
        pass
    else:
        raise Failure("the handshake succeeded")
    play.completed("cut")
    play.closed("reset", rule="cut", acked=True)
    equal(play.event("tunnel_end")["down_bytes"], 0, "octets that came back")
    check(play.event("tunnel_end")["up_bytes"] > 100, "the whole ClientHello was copied")
    d = tunnel(play)
    d.inside("/")
    d.answer(200)


# ---- how it opens --------------------------------------------------------------------------------


def used(play, head):
    """What a tunnel is for, with that answer to its CONNECT."""
    play.passes("used")
    c = play.begin()
    c.connect()
    equal(c.head(200).line, head, "the status line")
    c.secure(play.host())
    c.inside("/")
    check(c.answer(200).body.startswith(b"origin 200 "), "the answer is not the origin's")
    delivered(play)
    c.close()
    play.completed("open")


@plays("tunnel/2xx-200")
def baseline(play):
    used(play, "HTTP/1.1 200 Connection established")


@plays("tunnel/2xx-200")
def not_a_tunnel(play):
    play.fails("used")
    play.step()
    c = opened(play)
    c.close()
    play.outcome(ends="error", kind="proxy-connect")
    play.event("tunnel")


@plays("tunnel/2xx-http10")
def older(play):
    used(play, "HTTP/1.0 200 Connection established")


@plays("tunnel/2xx-http10")
def too_old(play):
    not_a_tunnel(play)


@plays("tunnel/2xx-transfer-encoding-ignored")
def no_chunks(play):
    play.passes("used", "at-once")
    c = play.begin()
    c.connect()
    equal(c.head(200).get("Transfer-Encoding"), "chunked", "the coding")
    c.silence(0.2)  # and no chunk
    inside(play, c)
    delivered(play)
    c.close()
    play.completed("open")


@plays("tunnel/2xx-transfer-encoding-ignored")
def waits_for_chunks(play):
    play.fails("used", "at-once")
    play.step()
    c = opened(play)
    c.silence(2.2)
    c.secure(play.host())
    play.outcome(ends="error", kind="proxy-protocol")


@plays("tunnel/no-early-data")
def patient(play):
    play.passes("waits")
    play.step()
    c = opened(play)
    at_least(0.3, c.sent, c.arrived, "the 200 came")
    inside(play, c)
    delivered(play)
    c.close()
    play.completed("late")


@plays("tunnel/no-early-data")
def hasty(play):
    play.misses("waits")
    c = play.dial()
    c.connect(headers="Connection: close\r\n")
    c.send(b"\x16\x03\x01\x02\x00\x01\x00")  # TLS begins
    c.head(200)
    equal(play.event("ahead")["bytes"], 7, "octets ahead of the 200")


# ---- how it is asked for -------------------------------------------------------------------------


def both(play, first, second):
    """Two steps, each a function that gets its number."""
    for nth, act in enumerate((first, second)):
        play.step(nth + 1)
        act(nth + 1)
        play.outcome(nth + 1, status=200, body="whole")


@plays("tunnel/request-form")
def host_and_port(play):
    play.passes("line", "nothing-else", "host")
    play.step()
    c = tunnel(play)
    c.inside("/a?b")
    c.answer(200)
    delivered(play)
    e = play.event("request", at="proxy", method="CONNECT")
    equal((e["form"], e["target"]), ("authority", play.host() + ":443"), "the target")


@plays("tunnel/request-form")
def other_forms(play):
    play.fails("line", "nothing-else")
    for target in "https://%s/a?b", "%s", "u1:p1@%s:443":
        c = play.begin()
        c.send("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target % play.host(), play.host()))
        play.event("request", at="proxy", target=target % play.host())
        play.outcome(ends="error", kind="proxy-connect")


@plays("tunnel/request-form")
def no_host(play):
    play.fails("host")
    c = play.begin()
    c.send("CONNECT %s:443 HTTP/1.1\r\n\r\n" % play.host())
    c.head()
    play.outcome(ends="error", kind="proxy-connect")


@plays("tunnel/ipv6-brackets")
def bracketed(play):
    play.passes("brackets", "never-without")
    c = play.begin()
    c.connect("[::1]", 8443)
    c.head(200)
    c.secure("::1")
    c.send("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n")
    check(c.answer(200).body.startswith(b"origin "), "the answer is not the origin's")
    delivered(play)


@plays("tunnel/ipv6-brackets")
def bare(play):
    play.fails("brackets", "never-without")
    c = play.begin()
    c.connect("::1", 8443)
    play.event("request", at="proxy", target="::1:8443")
    play.outcome(ends="error", kind="proxy-connect")


SECRETS = ("Authorization: Bearer s3cr3t\r\nCookie: sid=s3cr3t\r\nX-Api-Key: s3cr3t\r\n"
           "Referer: http://example.invalid/s3cr3t\r\n")


@plays("tunnel/no-origin-headers-on-connect")
def inside_only(play):
    play.passes("connect-clean", "never-clear", "inside")
    play.step()
    c = tunnel(play)
    c.inside("/", headers=SECRETS)
    c.answer(200)
    delivered(play)


@plays("tunnel/no-origin-headers-on-connect")
def copied(play):
    play.fails("connect-clean", "never-clear")
    play.step()
    c = tunnel(play, headers=SECRETS)
    c.inside("/", headers=SECRETS)
    c.answer(200)
    delivered(play)


@plays("tunnel/no-origin-headers-on-connect")
def swallowed(play):
    play.fails("inside")
    play.step()
    c = tunnel(play)
    c.inside("/", headers=SECRETS[:SECRETS.index("X-")])
    c.answer(200)
    delivered(play)


@plays("tunnel/origin-form-inside")
def path_inside(play):
    play.passes("origin-form", "no-proxy-fields")
    play.step()
    c = tunnel(play)
    c.inside("/a")
    c.answer(200)
    delivered(play)


@plays("tunnel/origin-form-inside")
def as_to_a_proxy(play):
    play.fails("origin-form", "no-proxy-fields")
    play.step()
    c = tunnel(play)
    c.inside("https://%s/a" % play.host(), headers="Proxy-Connection: keep-alive\r\n")
    c.head()
    delivered(play)


@plays("tunnel/keep-alive-reuse")
def one_for_both(play):
    play.passes("one-tunnel")
    c = []

    def act(step):
        c[:] = c or [tunnel(play)]
        c[0].inside("/%d" % step)
        c[0].answer(200)

    both(play, act, act)


@plays("tunnel/keep-alive-reuse")
def one_for_each(play):
    play.misses("one-tunnel")

    def act(step):
        c = tunnel(play)
        c.inside("/%d" % step)
        c.answer(200)

    both(play, act, act)


def to(play, origin):
    c = play.dial()
    c.connect(play.host(origin))
    c.head(200)
    c.secure(play.host(origin))
    return c


def ask(play, c, origin):
    c.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % play.host(origin))
    return c.answer(200)


@plays("tunnel/one-tunnel-per-origin")
def apart(play):
    play.passes("two", "not-mixed")

    def act(step):
        origin = ("origin", "o2")[step - 1]
        check(ask(play, to(play, origin), origin).body.startswith(octets(origin)), "the wrong site")

    both(play, act, act)


@plays("tunnel/one-tunnel-per-origin")
def mixed(play):
    play.fails("not-mixed")
    play.untested("two")
    c = to(play, "origin")
    both(play, lambda step: ask(play, c, "origin"), lambda step: ask(play, c, "o2"))
    play.never("request", at="o2")


# ---- how it does not open ------------------------------------------------------------------------


def denied(play):
    """The page of the proxy, on the way to the site."""
    c = play.begin()
    c.connect()
    head = c.answer(403)
    equal((head.get("Content-Type"), head.get("Set-Cookie")), ("text/html", "evil=1"), "the fields")
    check(head.body.startswith(b"<p>marker "), "the page says nothing")
    play.completed("deny")
    play.never("tunnel")


@plays("tunnel/403-body-is-not-origin")
def page_of_the_proxy(play):
    play.passes("not-the-site", "refused", "status-exposed", "named")
    play.reports("page-available", True)
    denied(play)
    play.outcome(ends="error", status=403, kind="proxy-connect", body_of="deny")


@plays("tunnel/403-body-is-not-origin")
def page_of_the_site(play):
    play.fails("not-the-site", "refused")
    play.misses("named")
    play.passes("status-exposed")
    denied(play)
    play.outcome(status=403, body="foreign", body_of="deny")


@plays("tunnel/403-body-is-not-origin")
def no_status(play):
    play.misses("status-exposed", "named")
    denied(play)
    play.outcome(ends="error", kind="other")


def refused_first(play):
    play.step(1)
    c = play.dial()
    c.connect()
    c.answer(403, "")
    play.completed("deny")
    play.outcome(1, ends="error", status=403, kind="proxy-connect")
    play.step(2)
    return c


@plays("tunnel/failed-connect-not-reused-as-tunnel")
def asks_again(play):
    play.passes("new-connect", "no-tls", "succeeds")
    c = refused_first(play)
    c.connect()  # on the connection of the 403, which is right
    c.head(200)
    c.secure(play.host())
    c.inside("/2")
    c.answer(200)
    play.outcome(2, status=200, body="whole")


@plays("tunnel/failed-connect-not-reused-as-tunnel")
def takes_it_for_open(play):
    play.fails("new-connect", "no-tls")
    play.misses("succeeds")
    c = refused_first(play)
    try:
        c.secure(play.host())
    except (ssl.SSLError, OSError):
        pass
    play.event("bytes", looks="tls", at="proxy")
    play.outcome(2, ends="error", kind="tls-origin")


def half_a_head(play):
    c = play.begin()
    c.connect()
    c.expect("HTTP/1.1 200 OK\r\nX-A: b\r\n")
    return c


@plays("tunnel/fin-mid-header")
def no_success(play):
    play.passes("refused", "no-tls")
    c = half_a_head(play)
    c.eof()
    play.closed("fin", rule="deny")
    play.completed("deny")
    play.outcome(ends="error", kind="proxy-connect")


@plays("tunnel/fin-mid-header")
def guessed_success(play):
    play.fails("refused", "no-tls")
    c = half_a_head(play)
    c.send(b"\x16\x03\x01\x00\x05hello")
    play.event("bytes", 2, at="proxy")
    play.outcome(status=200, body="empty")


@plays("tunnel/status-inside-is-origins")
def bad_site(play):
    play.passes("answer", "page")
    play.step()
    c = tunnel(play)
    c.inside("/")
    check(c.answer(502).body.startswith(b"marker "), "the page is not the site's")
    play.completed("down")
    play.outcome(status=502, body="whole", body_of="down")


@plays("tunnel/status-inside-is-origins")
def taken_for_a_bad_proxy(play):
    play.fails("answer")
    play.misses("page")
    play.step()
    c = tunnel(play)
    c.inside("/")
    c.answer(502)
    play.outcome(ends="error", status=502, kind="proxy-connect")


def switched(play):
    c = play.begin()
    c.connect()
    equal(c.head(101).get("Upgrade"), "TLS/1.2", "Upgrade")
    return c


@plays("tunnel/101-response")
def no_switch(play):
    play.passes("no-tunnel", "refused")
    c = switched(play)
    c.silence(0.2)
    play.outcome(ends="error", status=101, kind="proxy-connect")
    play.never("tunnel")


@plays("tunnel/101-response")
def switches(play):
    play.fails("no-tunnel")
    play.passes("refused")
    c = switched(play)
    c.send(b"\x16\x03\x01\x02\x00\x01\x00")
    play.event("bytes", 2, at="proxy")
    play.outcome(ends="error", kind="tls-origin")


@plays("tunnel/101-response")
def believes_it(play):
    play.fails("refused")
    play.passes("no-tunnel")
    switched(play)
    play.outcome(status=101, body="empty")


@plays("tunnel/one-tunnel-per-origin")
def asked_for_elsewhere(play):
    """A tunnel that was asked for the first site leads to the second."""
    play.fails("two")
    for nth, origin in enumerate(("origin", "o2")):
        play.step(nth + 1)
        c = play.dial()
        c.connect(play.host("o2"))
        c.head(200)
        c.secure(play.host("o2"))
        ask(play, c, "o2")
        play.outcome(nth + 1, status=200, body="whole")
