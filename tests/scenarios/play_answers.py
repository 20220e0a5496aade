"""Answers, good and bad, in time and late: all scenarios but those on connections and tunnels."""

import gzip
import zlib
from email.utils import parsedate_to_datetime

from dialogue import Failure, at_least, check, equal, octets, pattern, plays

# ---- Retry-After ---------------------------------------------------------------------------------


def refused_once(play, status):
    """The refusal, what it asks for, and a repeat that comes at once: too early."""
    c = play.dial()
    c.get()
    head = c.answer(status)
    play.completed("limit")
    promise = play.event("response", rule="limit")
    c.get()
    c.answer(200)
    check(0 < play.event("request", 2, at="proxy")["early"] <= promise["promise"], "it came early")
    return head, promise


@plays("retry-after/delta-1")
def delta_1(play):
    play.fails("waits")
    head, promise = refused_once(play, 429)
    equal(head.get("Retry-After"), "1", "Retry-After")
    equal(promise["promise"], 1, "the promise")
    c = play.dial()
    c.get("/elsewhere")  # nobody promised anything about that
    c.answer(200)
    play.event("unscripted", at="proxy", connection=2)
    equal(play.event("request", at="proxy", path="/elsewhere").get("early"), None, "early")


@plays("retry-after/on-503")
def on_503(play):
    play.fails("waits")
    head, promise = refused_once(play, 503)
    equal(head.get("Retry-After"), "2", "Retry-After")
    equal(promise["promise"], 2, "the promise")


def date(play, status, looks):
    head, promise = refused_once(play, status)
    again = play.event("request", 2, at="proxy")
    if promise["t"] + promise["promise"] - again["began"] > 1.02:  # more than whole seconds explain
        play.fails("parsed")
    play.hurried.add("parsed")
    value = head.get("Retry-After")
    check(looks(value), "the date has another form:", value)
    said = parsedate_to_datetime(value if value.endswith("GMT") else value + " GMT").timestamp()
    equal(promise["promise_until"], said, "the moment promised")
    # Floored to the second, so that it is two to three seconds away.
    check(2 <= said - promise["wall"] + 0.001 and said - promise["wall"] <= 3, "the date is off",
          said - promise["wall"])


def is_imf(value):
    return len(value) == 29 and value[3:5] == ", " and value[7] == " " and value.endswith(" GMT")


@plays("retry-after/http-date-imf")
def imf(play):
    date(play, 429, is_imf)


@plays("retry-after/on-503-date")
def on_503_date(play):
    date(play, 503, is_imf)


@plays("retry-after/http-date-rfc850")
def rfc850(play):
    date(play, 429, lambda v: "day, " in v and v.split(", ")[1][2::4].startswith("--"))


@plays("retry-after/http-date-asctime")
def asctime(play):
    date(play, 429, lambda v: len(v) == 24 and v[3] == v[7] == " " and "," not in v)


@plays("retry-after/date-server-clock-ahead")
def clock_ahead(play):
    c = play.dial()
    c.get()
    head = c.answer(429)
    ours = play.event("response", rule="limit")
    said = parsedate_to_datetime(head.get("Date")).timestamp()
    check(3598 < said - ours["wall"] <= 3600, "Date is", said - ours["wall"], "s ahead")
    equal(parsedate_to_datetime(head.get("Retry-After")).timestamp() - said, 2, "the wait asked for")
    play.completed("limit")


@plays("retry-after/jitter-never-early")
def jitter(play):
    play.fails("nobody-early")
    peers = [play.dial() for _ in range(8)]
    for nth, c in enumerate(peers):
        c.get("/%d" % nth)
    for c in peers:
        equal(c.answer(429).get("Retry-After"), "1", "Retry-After")
    for nth, c in enumerate(peers):
        c.get("/%d" % nth)
        c.answer(200)
    for nth in range(8):
        play.completed("limit", nth + 1)
        check(play.event("request", 2, at="proxy", path="/%d" % nth)["early"] > 0, "it came early")


@plays("retry-after/parallel-shared-cooldown")
def shared_cooldown(play):
    play.fails("nobody-early")
    peers = [play.dial() for _ in range(4)]
    for nth, c in enumerate(peers[:3]):
        c.get("/%d" % nth)
        c.answer(200)
    began = peers[0].sent
    c = peers[3]
    tries = 0
    while True:  # the fourth is refused as long as three lie within the second before it
        c.get("/late")
        if c.head().status == 200:
            break
        tries += 1
        c.need(int(play.event("sent", tries, rule="limit")["body_bytes"]))
        c.silence(0.3)
    check(tries > 0 or c.sent - began > 1, "the fourth within a second was not refused")


# ---- 407, 5xx, 403 -------------------------------------------------------------------------------


@plays("auth/no-creds-reported")
def no_credentials(play):
    play.mistakes("407-repeated")
    play.fails("once")
    c = play.dial()
    for nth in 1, 2:
        c.get()
        head = c.answer(407, pattern(2048))
        equal(head.get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
        equal(head.get("Content-Type"), "text/html", "Content-Type")
        play.completed("deny", nth)
    play.never("accept", at="origin")


@plays("auth/407-loop-close")
def loop_close(play):
    for nth in 1, 2, 3:
        c = play.dial()
        c.connect(headers="Proxy-Authorization: Basic dTE6d3Jvbmc=\r\n")
        head = c.answer(407, "")
        equal(head.get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
        equal(head.get("Connection"), "close", "Connection")
        c.eof()
        play.completed("deny", nth)
        play.closed("fin", connection=nth)


@plays("auth/407-mid-keepalive")
def in_the_middle(play):
    c = play.dial()
    credentials = "Proxy-Authorization: Basic dTE6cDE=\r\n"
    c.get("/1")
    equal(c.answer(407).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    for path, status in ("/1", 200), ("/2", 200), ("/3", 407), ("/3", 200), ("/4", 200):
        c.get(path, headers=credentials)
        c.answer(status)
    play.completed("again")
    equal(play.event("request", rule="again")["exchange"], 4, "the request that was challenged")


@plays("gateway/502-persistent")
def persistent_502(play):
    c = play.dial()
    for nth in 1, 2, 3:
        c.get()
        check(c.answer(502).body.startswith(b"marker "), "the page says nothing")
        play.completed("error", nth)
    play.never("accept", at="origin")


DETAIL = {
    "dns": (502, 'fp; error=dns_error; rcode="NXDOMAIN"'),
    "refused": (502, "fp; error=connection_refused; x-new=1"),
    "timeout": (504, "fp; error=connection_timeout"),
    "certificate": (502, "fp; error=tls_certificate_error"),
}


@plays("gateway/proxy-status-detail")
def proxy_status(play):
    status, detail = DETAIL[play.variant]
    c = play.dial()
    c.get()
    equal(c.answer(status).get("Proxy-Status"), detail, "Proxy-Status")
    play.completed("error")


@plays("gateway/origin-error-passed-through")
def origin_error(play):
    c = play.dial()
    c.get()
    head = c.answer(int(play.variant))
    equal(head.get("Via"), "1.1 fp", "Via")
    check(head.body.startswith(b"marker "), "the page is not the origin's")
    play.completed("site")
    play.completed("pass")
    equal(play.event("response", at="origin")["status"], int(play.variant), "the origin's status")


@plays("gateway/421-via-tunnel")
def wrong_server(play):
    for status in 421, 200:
        c = play.dial()
        c.connect()
        c.head(200)
        c.secure(play.host())
        c.inside("/")
        c.answer(status)
        c.inside("/")  # it is the connection that counts
        c.answer(status)


@plays("rotation/403-rotates")
def rotates(play):
    play.mistakes("403-repeated")  # it asks the blocked one again
    blocked, clean = play.dial("b"), play.dial("proxy")
    for nth in 1, 2:
        blocked.get()
        blocked.answer(403)
        clean.get()
        clean.answer(200)
    play.completed("first-b")
    play.completed("again-b")
    play.never("rule", at="proxy", rule=lambda r: r in ("first-a", "again-a"))


@plays("rotation/dead-proxy-cooldown")
def dead_proxy(play):
    for nth in 1, 2:
        try:
            play.dial("proxy").reset()
        except ConnectionResetError:
            pass  # it was quicker than our accept
        play.completed("dead", nth)
        play.closed("abort", connection=nth)
    c = play.dial("b")
    c.get()
    c.answer(200)


# ---- framing -------------------------------------------------------------------------------------


@plays("framing/1xx-many")
def many_interim(play):
    c = play.dial()
    c.get()
    for _ in range(1 if play.variant == "three" else 20):
        c.expect("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
    equal(c.head(100).line, "HTTP/1.1 100 Continue", "an interim answer")
    equal(c.head(102).line, "HTTP/1.1 102 Processing", "an interim answer")
    c.answer(200)
    play.completed("interim")
    c.get()
    c.head(103)


@plays("framing/te-overrides-cl")
def te_and_cl(play):
    c = play.dial()
    c.get("/1")
    head = c.head(200)
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), ("5", "chunked"), "the framing")
    c.expect("b\r\nhello world\r\n0\r\n\r\n")
    c.get("/2")
    c.answer(200)
    play.completed("both")


@plays("framing/headers-endless")
def endless_headers(play):
    c = play.dial()
    c.get()
    c.expect("HTTP/1.1 200 OK\r\n")
    line = "X-Filler: " + 988 * "a" + "\r\n"  # one is one slice: 100 kB a second
    c.expect(20 * line)
    at_least(0.19, c.sent, c.arrived, "20,000 octets came")
    c.close()
    play.left("flood", "send")


@plays("framing/expect-no-100")
def no_continue(play):
    c = play.dial()
    c.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 65536\r\n"
           "Expect: 100-continue\r\n\r\n")
    c.silence(0.5)
    c.send(pattern(65536))
    c.answer(200)
    play.completed("mute")
    equal(play.event("body", rule="mute")["bytes"], 65536, "octets of the body")
    play.never("response", status=100, at="proxy")


@plays("framing/expect-final-instead")
def final_instead(play):
    c = play.dial()
    c.send("POST http://a.test/1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048576\r\n"
           "Expect: 100-continue\r\n\r\n")
    c.answer(403)
    play.completed("no")
    c.send(pattern(1048576))  # either the whole body, or a new connection
    c.get("/2")
    c.answer(200)
    play.event("request", path="/2", connection=1)
    d = play.dial()
    d.get("/2")
    d.answer(200)


@plays("framing/trailer-not-merged")
def trailer(play):
    c = play.dial()
    c.get("/1")
    head = c.head(200)
    equal((head.get("Content-Type"), head.get("Set-Cookie")), (None, None), "the header")
    c.expect("6\r\nhello \r\n5\r\nworld\r\n0\r\n"
             "X-T: 1\r\nContent-Type: text/evil\r\nSet-Cookie: t=1; Path=/\r\n\r\n")
    play.completed("late")
    c.get("/2")
    c.answer(200)


@plays("framing/gzip-truncated")
def half_gzip(play):
    c = play.dial()
    c.get()
    head = c.answer(200)
    equal(head.get("Content-Encoding"), "gzip", "the coding")
    decoder = zlib.decompressobj(31)
    check(decoder.decompress(head.body), "nothing to decode")
    check(not decoder.eof, "the stream is whole")
    try:
        gzip.decompress(head.body)
    except EOFError:
        pass
    else:
        raise Failure("the stream is whole")
    play.completed("cut")


# ---- slow ----------------------------------------------------------------------------------------


@plays("slow/first-byte-timeout")
def first_byte(play):
    c = play.dial()
    c.get()
    c.silence(1)
    c.close()
    play.closed("fin", by="client")
    play.left("silent", "stall")


@plays("slow/first-byte-timeout")
def closes_before_it_says_so(play):
    play.passes("not-early", "in-time", "closes")
    play.step()
    c = play.dial()
    c.get()
    c.silence(1.1)
    c.close()
    play.closed("fin", by="client")
    play.outcome(ends="error", kind="timeout-read")


@plays("slow/first-byte-timeout")
def never_closes(play):
    play.misses("closes")
    play.step()
    c = play.dial()
    c.get()
    c.silence(1.1)
    play.outcome(ends="error", kind="timeout-read")


@plays("slow/trickle-body")
def trickle_body(play):
    c = play.dial()
    c.get()
    c.expect("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    c.expect("x" * 10)
    at_least(0.2 * 9, c.sent, c.arrived, "ten octets of the body came")
    c.close()
    play.left("trickle", "send")


@plays("slow/trickle-connect-response")
def trickle_connect(play):
    c = play.dial()
    c.connect()
    c.expect("HTTP/1.1 2")
    at_least(0.2 * 9, c.sent, c.arrived, "ten octets came")
    c.close()
    play.left("trickle", "send")


@plays("slow/write-timeout")
def write_timeout(play):
    c = play.dial()
    c.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 67108864\r\n\r\n")
    c.socket.settimeout(0.5)
    sent = 0
    try:
        while sent < 67108864:
            sent += c.socket.send(pattern(65536))
    except TimeoutError:
        pass
    check(65536 <= sent < 67108864, sent, "octets were taken")
    c.abort()  # a FIN would stand behind what nobody takes
    play.closed("reset", by="client")
    play.left("full", "stall")


# ---- listeners, and the proxy's own TLS ----------------------------------------------------------


def refused(play, actor="proxy"):
    try:
        play.dial(actor)
    except ConnectionRefusedError:
        return True
    return False


@plays("routing/proxy-refused-class")
def proxy_refused(play):
    check(refused(play) and refused(play), "somebody listens")
    play.never("accept")
    play.untried()


@plays("routing/proxy-refused-retry")
def proxy_late(play):
    while refused(play):
        pass
    c = play.dial()
    at_least(0.6, play.started, c.sent, "the listener opened")
    c.get()
    c.answer(200)


@plays("routing/diagnose-proxy-vs-target")
def whose_fault(play):
    through, direct = play.dial(), play.dial("origin")
    host, port = play.address("origin")
    through.get(host="%s:%d" % (host, port))
    direct.send("GET / HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (host, port))
    if play.variant == "proxy-hop":
        through.answer(502)
        direct.answer(200)
        play.completed("error")
    else:
        through.answer(503)
        direct.answer(503)
        play.completed("down", 2)
    play.event("accept", at="origin", via="direct")


@plays("https-proxy/untrusted-cert")
def untrusted_proxy(play):
    c = play.dial()
    c.refused("127.0.0.1", "unable to get local issuer certificate")
    play.event("hello", at="proxy")
    play.never("request")


@plays("https-proxy/cert-for-target-name")
def cert_for_target(play):
    play.fails("nothing-sent")
    play.dial().refused("127.0.0.1", "IP address mismatch")
    play.event("hello", at="proxy")
    c = play.dial(name=play.host())  # a client that asks for the wrong name is let in, and seen
    c.connect()
    c.head(200)
    play.count(1, "request", at="proxy")
