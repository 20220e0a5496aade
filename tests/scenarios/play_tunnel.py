"""CONNECT and its answers, and what TLS inside meets: scenarios/tunnel and scenarios/tls."""

import ssl

from dialogue import Failure, at_least, check, equal, pattern, plays, tunnel


@plays("tunnel/2xx-201-204-299")
def unusual_2xx(play):
    c = play.dial()
    c.connect()
    head = c.head(int(play.variant))
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), (None, None), "the framing")
    c.secure(play.host())
    c.inside("/")
    c.answer(200)
    play.event("tunnel", host=play.host())
    c.close()
    play.completed("open")


@plays("tunnel/2xx-content-length-ignored")
def content_length(play):
    c = play.dial()
    c.connect()
    equal(c.head(200).get("Content-Length"), "5", "the length")
    c.silence(0.2)  # and no body
    c.secure(play.host())
    c.inside("/")
    c.answer(200)
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
    c.secure(play.host())
    c.inside("/")
    c.answer(200)
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


@plays("tunnel/502-504-status-exposed")
def gateway_status(play):
    c = play.dial()
    c.connect()
    c.answer(int(play.variant), pattern(200))
    play.completed("deny")


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
    c = play.dial()
    c.connect()
    c.head(200)
    c.refused(play.host(), "Hostname mismatch")
    play.event("hello", at="origin", sni=play.host())
    play.never("request", at="origin")
    d = play.dial()
    d.connect()
    d.head(200)
    d.secure("localhost")  # good for the host of the proxy


@plays("tls/self-signed")
def self_signed(play):
    c = play.dial()
    c.connect()
    c.head(200)
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
    c = play.dial()
    c.connect()
    c.head(200)
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
        c = play.dial()
        c.connect()
        c.head(200)
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
    c = play.dial()
    c.connect()
    c.head(200)
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
