"""Connections that break, close or stand still: scenarios/transport."""

import socket
import time

from dialogue import at_least, check, equal, pattern, plays, tunnel


@plays("transport/idle-reset")
def idle_reset(play):
    c = play.dial()
    c.get("/1")
    c.answer(200)
    c.reset()
    at_least(0.2, c.sent, c.arrived, "the reset came")
    play.completed("first")
    play.closed("reset", rule="first", acked=True)
    d = play.dial()
    d.get("/2")
    d.answer(200)
    d.silence(0.3)  # the second one is kept


@plays("transport/idle-reset")
def idle_reset_of_any_path(play):
    """A program behind `--` asks for what it likes: it was put to the test all the same."""
    play.passes("few-connections")
    c = play.dial()
    c.get("/first")
    c.answer(200)
    c.reset()
    d = play.dial()
    d.get("/another")
    d.answer(200)


@plays("transport/idle-fin-then-get")
def idle_fin(play):
    c = play.dial()
    c.get("/1")
    c.answer(200)
    c.eof()
    at_least(0.2, c.sent, c.arrived, "the close came")
    play.completed("first")
    play.closed("fin", rule="first")
    d = play.dial()
    d.get("/2")
    d.answer(200)
    play.count(1, "request", at="origin", path="/2")


@plays("transport/reuse-race-get")
def reuse_race(play):
    c = play.dial()
    c.get("/1")
    c.answer(200)
    c.silence(0.3)  # it dies of the next request, not of time
    c.send("G")
    c.reset()
    play.completed("first")
    play.closed("reset", rule="first")
    play.never("request", path="/2", connection=1)
    d = play.dial()
    d.get("/2")
    d.answer(200)


@plays("transport/empty-reply")
def empty_reply(play):
    for nth in 1, 2:
        c = play.dial()
        c.get()
        c.eof()
        play.completed("cut", nth)
        play.closed("fin", connection=nth)
        play.count(1, "close", connection=nth)  # we are still there, but its end is told
    play.never("response")


@plays("transport/fin-mid-headers")
def fin_mid_headers(play):
    c = play.dial()
    c.get()
    c.expect("HTTP/1.1 200 OK\r\nContent-Le")
    c.eof()
    play.completed("cut")
    play.closed("fin")


def half(play, rule):
    """500 octets of 1000."""
    c = play.dial()
    c.get()
    equal(c.head(200).get("Content-Length"), "1000", "the length")
    c.expect(pattern(500))
    e = play.event("sent", rule=rule)
    equal((e["body_bytes"], e["whole"]), (500, False), "what was sent")
    return c


@plays("transport/fin-mid-body-length")
def fin_mid_body(play):
    c = half(play, "cut")
    c.eof()
    play.completed("cut")
    play.closed("fin", rule="cut")
    c.close()
    play.closed("fin", by="client")


@plays("transport/rst-mid-body-length")
def rst_mid_body(play):
    c = half(play, "cut")
    c.reset()
    play.completed("cut")
    play.closed("reset", rule="cut", acked=True)
    d = play.dial()  # only the first request is cut
    d.get()
    d.answer(200)


@plays("transport/stall-mid-body")
def stall_mid_body(play):
    c = half(play, "half")
    c.silence(0.5)
    c.close()
    play.closed("fin", by="client", rule="half")
    play.left("half", "stall")


@plays("transport/stall-mid-body")
def waits_for_ever(play):
    play.untested("incomplete", "closes", "in-time")
    play.fails("ends")
    play.step()
    stall_mid_body(play)


@plays("transport/no-splice-on-retry")
def no_splice(play):
    c = play.dial()
    c.get()
    equal(c.head(200).get("Content-Length"), "1000", "the length")
    first = c.need(500)
    c.reset()
    play.completed("cut")
    d = play.dial()
    d.get()
    whole = d.answer(200).body
    equal(len(whole), 1000, "the length of the second body")
    check(first != whole[:500] and first != pattern(500), "the two bodies should differ")


@plays("transport/fin-between-chunks")
def fin_between_chunks(play):
    c = play.dial()
    c.get()
    equal(c.head(200).get("Transfer-Encoding"), "chunked", "the framing")
    c.expect("d\r\nfirst chunk, \r\nc\r\nsecond chunk\r\n")
    c.eof()
    play.completed("cut")
    equal(play.event("sent", rule="cut")["whole"], False, "whole")


def close_delimited(play):
    c = play.dial()
    c.get()
    head = c.head(200)
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), (None, None), "the framing")
    c.expect(pattern(500))
    return c


@plays("transport/close-delimited-fin")
def close_delimited_fin(play):
    close_delimited(play).eof()
    play.completed("old")
    play.closed("fin")


@plays("transport/close-delimited-rst")
def close_delimited_rst(play):
    close_delimited(play).reset()
    play.completed("cut")
    play.closed("reset", rule="cut", acked=True)


@plays("transport/rst-after-complete")
def rst_after_complete(play):
    c = play.dial()
    c.get("/1")
    c.answer(200, pattern(100))
    c.reset()
    play.completed("cut")
    play.closed("abort", rule="cut", acked=True)
    d = play.dial()
    d.get("/2")
    d.answer(200)


@plays("transport/post-rst-after-delivery")
def post_rst(play):
    c = play.dial()
    c.request("POST", "/", body=pattern(1024))
    c.reset()
    play.completed("cut")
    equal(play.event("body", at="origin")["bytes"], 1024, "octets that the origin got")
    play.event("sent", at="origin", status=200)
    play.never("response", at="proxy")


@plays("transport/connection-close-honoured")
def connection_close(play):
    play.fails("no-reuse")
    c = play.dial()
    c.get("/1")
    equal(c.answer(200).get("Connection"), "close", "Connection")
    c.get("/2")  # what a client must not do
    c.silence(0.3)
    e = play.event("request", path="/2")
    equal((e.get("ignored"), e["connection"]), (True, 1), "the request on the closing connection")
    c.close()
    play.closed("fin", by="client", connection=1)
    d = play.dial()
    d.get("/2")
    d.answer(200)


@plays("transport/unsolicited-408-on-idle")
def unsolicited_408(play):
    c = play.dial()
    c.get("/1")
    c.answer(200)
    c.expect("HTTP/1.0 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    at_least(0.3, c.sent, c.arrived, "the 408 came")
    c.eof()
    play.completed("first")
    play.event("response", status=408, rule="first")
    play.closed("fin")


@plays("transport/extra-response-after-body")
def extra_response(play):
    c = play.dial()
    c.get("/1")
    c.expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
             "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
    play.completed("split")
    c.get("/2")  # the connection stays usable
    c.answer(200)
    play.event("unscripted", at="proxy", connection=1)


@plays("transport/late-response-not-mixed")
def gives_up_on_the_first(play):
    play.passes("own-answer", "closes")
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.silence(1)
    c.close()
    play.outcome(1, ends="error", kind="timeout-read")
    play.step(2)
    d = play.dial()
    d.get("/2")
    d.answer(200)
    play.outcome(2, status=200, body="whole", body_of="two")


@plays("transport/late-response-not-mixed")
def late_response(play):
    c = play.dial()
    c.get("/1")
    asked = play.event("request", path="/1")["t"]
    d = play.dial()
    d.get("/2")
    check(d.answer(200).body.startswith(b"two "), "the second answer is not its own")
    c.get("/2")  # behind the late one
    check(c.answer(200).body.startswith(b"one "), "the late answer is not its own")
    at_least(1.5, asked, play.event("response", rule="one")["t"], "the late answer came")
    check(c.answer(200).body.startswith(b"two "), "the third answer is not its own")
    play.completed("one")


@plays("transport/early-413-then-close")
def early_413(play):
    c = play.dial()
    c.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 16777216\r\n\r\n")
    c.silence(0.2)
    c.send(pattern(65536))
    said = c.sent
    equal(c.answer(413).get("Connection"), "close", "Connection")
    c.send(pattern(1048576))  # goes on writing: no RST may eat the 413
    c.eof()
    at_least(1, said, c.arrived, "the close came")
    play.completed("limit")
    play.closed("fin", rule="limit")
    c.close()


@plays("transport/dead-tunnel-on-idle")
def dead_tunnel(play):
    c = play.dial()
    c.connect()
    equal(c.answer(407).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    c.connect(headers="Proxy-Authorization: Basic dTE6cDE=\r\n")
    c.head(200)
    c.secure(play.host())
    c.inside("/1")
    c.answer(200)
    c.truncated()
    at_least(0.2, c.sent, c.arrived, "the close came")
    play.completed("first")
    play.closed("fin", rule="first")
    play.event("close", at="origin")
    d = tunnel(play, headers="Proxy-Authorization: Basic dTE6cDE=\r\n")
    d.inside("/2")
    d.answer(200)
    d.silence(0.4)


@plays("transport/accept-then-close")
def accept_then_close(play):
    for nth in 1, 2:
        play.dial().eof()
        play.completed("full", nth)
        play.closed("fin", connection=nth)
    play.never("request")


@plays("transport/syn-blackhole")
def syn_blackhole(play):
    with socket.socket() as s:
        s.settimeout(0.5)
        try:
            s.connect(play.address())
        except TimeoutError:
            pass
        else:
            check(False, "somebody accepted")
    play.never("accept")
    play.untried()


@plays("transport/stale-pool-several")
def stale_pool(play):
    peers = [play.dial() for _ in range(3)]
    for c in peers[:2]:
        c.get("/1")
    for c in peers[:2]:
        c.silence(0.2)  # all wait for the third
    peers[2].get("/1")
    for c in peers:
        c.answer(200)
        c.reset()
        at_least(0.1, c.sent, c.arrived, "the reset came")
    for nth in 1, 2, 3:
        play.completed("warm", nth)
    d = play.dial()
    d.get("/again")
    d.answer(200)


# ---- resets, and what is repeated ----------------------------------------------------------------


@plays("transport/fresh-rst-always")
def reset_reported(play):
    play.passes("few", "refused", "class", "text")
    play.step()
    c = play.dial()
    c.get()
    c.reset()
    play.completed("cut")
    play.closed("reset", rule="cut")
    play.outcome(ends="error", kind="reset", error="read: connection reset by peer")
    play.never("response")


@plays("transport/fresh-rst-always")
def reset_repeated(play):
    play.fails("few")
    play.misses("class", "text")
    play.step()
    for nth in 1, 2, 3:
        c = play.dial()
        c.get()
        c.reset()
        play.completed("cut", nth)
    play.outcome(ends="error", kind="other", error="request failed")


@plays("transport/fresh-rst-always")
def reset_hidden(play):
    play.fails("refused", "truth")
    play.misses("class", "text")
    play.step()
    c = play.dial()
    c.get()
    c.reset()
    play.outcome(status=502, body="foreign")


@plays("transport/no-second-automatic-retry")
def one_repeat(play):
    play.passes("one-repeat", "reported")
    chain(play)
    play.outcome(2, ends="error", kind="reset")


@plays("transport/no-second-automatic-retry")
def two_repeats(play):
    play.misses("one-repeat", "reported")
    chain(play)
    c = play.dial()
    c.get("/2")
    c.answer(200)
    play.outcome(2, status=200, body="whole")


def chain(play):
    """The reused connection dies, and so does the one that its repeat goes out on."""
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.step(2)
    c.get("/2")
    c.reset()
    play.completed("first")
    play.closed("reset", rule="first")
    c = play.dial()
    c.get("/2")
    c.reset()
    play.completed("second")
    play.closed("reset", rule="second")


def dies_of_a_post(play):
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.step(2)
    c.request("POST", "/2", body=pattern(1024))
    c.reset()
    play.completed("first")
    play.closed("reset", rule="first")
    play.never("request", path="/2", connection=1)


def posts(play, times):
    for _ in range(times):
        c = play.dial()
        c.request("POST", "/2", body=pattern(1024))
        c.answer(200)


@plays("transport/reuse-race-post")
def post_reported(play):
    play.passes("not-repeated", "reported", "never-twice")
    dies_of_a_post(play)
    play.outcome(2, ends="error", kind="reset")


@plays("transport/reuse-race-post")
def post_repeated(play):
    play.passes("never-twice")
    play.misses("not-repeated", "reported")
    dies_of_a_post(play)
    posts(play, 1)
    play.outcome(2, status=200, body="whole")


@plays("transport/reuse-race-post")
def post_twice(play):
    play.fails("never-twice")
    play.misses("not-repeated")
    play.passes("reported")
    dies_of_a_post(play)
    posts(play, 2)
    play.outcome(2, ends="error")


@plays("transport/reuse-race-post")
def fresh_anyway(play):
    play.untested("not-repeated", "reported", "never-twice")
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.step(2)
    posts(play, 1)
    play.outcome(2, status=200, body="whole")


def closed_while_idle(play):
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    c.eof()
    at_least(0.2, c.sent, c.arrived, "the close came")
    play.completed("first")
    play.closed("fin", rule="first")
    play.step(2)
    return c


@plays("transport/idle-fin-then-post")
def close_noticed(play):
    play.passes("noticed", "once")
    closed_while_idle(play)
    posts(play, 1)
    play.outcome(2, status=200, body="whole")
    equal(play.event("body", at="origin")["bytes"], 1024, "octets that the origin got")


@plays("transport/idle-fin-then-post")
def close_not_noticed(play):
    play.passes("once")
    play.misses("noticed")
    c = closed_while_idle(play)
    c.request("POST", "/2", body=pattern(1024))  # into a connection that is over
    play.outcome(2, ends="error", kind="closed-early")
    play.never("request", at="origin", method="POST")


@plays("transport/idle-fin-then-post")
def post_for_safety(play):
    play.fails("once")
    play.passes("noticed")
    closed_while_idle(play)
    posts(play, 2)
    play.outcome(2, status=200, body="whole")


@plays("transport/retry-uses-fresh-connection")
def fresh(play):
    play.passes("fresh", "recovers")
    two_idle(play)
    c = play.dial()
    c.get("/third")
    c.answer(200)
    play.outcome("third", status=200, body="whole")


@plays("transport/retry-uses-fresh-connection")
def neither(play):
    play.misses("recovers")
    play.untested("fresh")
    two_idle(play)
    play.outcome("third", ends="error", kind="reset")


@plays("transport/retry-uses-fresh-connection")
def sibling(play):
    play.misses("fresh")
    play.passes("recovers")
    c = two_idle(play)
    c.get("/third")
    c.answer(200)
    play.outcome("third", status=200, body="whole")


def two_idle(play):
    """The third request dies on one of two idle connections; the other one."""
    pair = [play.dial(), play.dial()]
    for nth, c in enumerate(pair):
        play.step(1, copy=nth + 1)
        c.get("/%d" % (nth + 1))
    for c in pair:
        c.answer(200)
        play.outcome(1, status=200, body="whole")
    play.completed("warm", 2)
    play.step("third")
    pair[0].get("/third")
    pair[0].reset()
    play.completed("third")
    play.closed("reset", rule="third", connection=1)
    return pair[1]


# ---- connections counted -------------------------------------------------------------------------


@plays("transport/keepalive-reuse")
def reused(play):
    play.passes("one-connection")
    c = play.dial()
    for path in "/1", "/2":
        play.step(path[1:])
        c.get(path)
        c.answer(200)
        play.outcome(path[1:], status=200, body="whole")
    c.silence(0.2)


@plays("transport/keepalive-reuse")
def not_reused(play):
    play.misses("one-connection")
    for path in "/1", "/2":
        play.step(path[1:])
        c = play.dial()
        c.get(path)
        c.answer(200)
        play.outcome(path[1:], status=200, body="whole")


@plays("transport/parallel-connection-count")
def twelve(play):
    play.passes("succeeds")
    play.reports("connections", True)
    peers = [play.dial() for _ in range(12)]
    for nth, c in enumerate(peers):
        play.step(1)
        c.get("/%d" % (nth + 1))
    for c in peers:
        c.answer(200)
        at_least(0.3, c.sent, c.arrived, "the answer came")
        play.outcome(1, status=200, body="whole")
    play.completed("slow", 12)
    play.count(12, "accept", at="proxy")


@plays("transport/parallel-connection-count")
def one_of_twelve_fails(play):
    play.misses("succeeds")
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.outcome(1, ends="error", kind="proxy-unreachable")


# ---- bodies that go twice, or come in pieces -----------------------------------------------------

UPLOAD = pattern(262144)


def consumed(play):
    play.step()
    c = play.dial()
    c.request("POST", "/", body=UPLOAD)
    c.answer(503)
    play.completed("error")
    equal(play.event("body", rule="error")["bytes"], len(UPLOAD), "octets that the proxy took")
    return c


@plays("transport/stream-body-not-emptied-on-retry")
def stream_is_gone(play):
    play.passes("never-short", "never-empty", "clear")
    consumed(play)
    play.outcome(ends="error", kind="other", error="the body can not be sent again")


@plays("transport/stream-body-not-emptied-on-retry")
def stream_was_kept(play):
    play.passes("never-short", "never-empty", "clear")
    c = consumed(play)
    c.request("POST", "/", body=UPLOAD)
    c.answer(200)
    play.outcome(status=200, body="whole")


@plays("transport/stream-body-not-emptied-on-retry")
def stream_emptied(play):
    play.fails("never-empty")
    play.misses("clear")
    c = consumed(play)
    c.request("POST", "/", body=b"")
    c.answer(200)
    play.outcome(status=200, body="whole")


@plays("transport/stream-body-not-emptied-on-retry")
def stream_cut(play):
    play.fails("never-short")
    play.misses("clear")
    c = consumed(play)
    c.request("POST", "/", body=UPLOAD[:1000])
    c.answer(200)
    play.outcome(status=200, body="whole")


def half_of_it(play):
    play.step()
    c = play.dial()
    c.get("/bytes/1000")
    head = c.head(200)
    c.expect(pattern(500))
    c.reset()
    play.completed("cut")
    play.closed("reset", rule="cut")
    return head.get("ETag")


@plays("transport/range-resume")
def the_rest_of_it(play):
    play.does("resumes")
    tag = half_of_it(play)
    c = play.dial()
    c.get("/bytes/1000", headers="Range: bytes=500-\r\nIf-Range: %s\r\n" % tag)
    if play.variant == "same":
        head = c.answer(206, pattern(1000)[500:])
        equal((head.get("Content-Range"), head.get("ETag")), ("bytes 500-999/1000", tag), "the rest")
        play.passes("all-of-it", "no-splice")
        play.outcome(status=200, bytes=1000, body="whole")
    elif play.variant == "other":
        head = c.answer(206)
        equal((head.get("Content-Range"), head.get("ETag")), ("bytes 500-999/1000", '"other"'),
              "the rest")
        check(head.body != pattern(1000)[500:], "the rest fits")
        play.passes("no-splice")
        play.outcome(ends="error", kind="incomplete")
    else:
        check(len(c.answer(200).body) == 1000, "the new body is not whole")
        play.passes("no-splice")
        play.outcome(status=200, body="whole")


@plays("transport/range-resume", "other", "full")
def spliced(play):
    play.fails("no-splice")
    play.does_not("resumes")
    half_of_it(play)
    c = play.dial()
    c.get("/bytes/1000", headers="Range: bytes=500-\r\n")  # on no condition
    c.answer({"other": 206, "full": 200}[play.variant])
    play.outcome(status=200, body="foreign")


@plays("transport/range-resume")
def from_its_beginning(play):
    play.does_not("resumes")
    half_of_it(play)
    c = play.dial()
    c.get("/bytes/1000")
    c.answer(200, pattern(1000))
    play.outcome(status=200, bytes=1000, body="whole")


@plays("transport/range-resume", "same")
def half_is_enough(play):
    play.fails("all-of-it", "no-splice")
    half_of_it(play)
    play.outcome(status=200, bytes=500, body="part")


# ---- hints, streams, uploads ---------------------------------------------------------------------


def hinted(play):
    play.step(1)
    c = play.dial()
    c.get("/1")
    equal(c.answer(200).get("Keep-Alive"), "timeout=1", "the hint")
    play.outcome(1, status=200, body="whole")
    return c


@plays("transport/keep-alive-timeout-hint")
def hint_taken(play):
    play.reports("avoids", True)
    play.passes("recovers")
    hinted(play).close()
    play.left("first", "wait")
    play.step(2)
    second_of(play)


def second_of(play):
    c = play.dial()
    c.get("/2")
    c.answer(200)
    play.outcome(2, status=200, body="whole")


def too_late_for_it(play):
    c = hinted(play)
    c.silence(1.4)
    play.step(2)
    c.get("/2")
    c.reset()
    play.completed("first")
    play.closed("reset", rule="first")


@plays("transport/keep-alive-timeout-hint")
def hint_missed(play):
    play.reports("avoids", False)
    play.passes("recovers")
    too_late_for_it(play)
    second_of(play)


@plays("transport/keep-alive-timeout-hint")
def hint_missed_for_good(play):
    play.misses("recovers")
    too_late_for_it(play)
    play.outcome(2, ends="error", kind="reset")


def half_a_stream(play):
    play.step()
    c = play.dial()
    c.get()
    equal(c.head(200).get("Content-Length"), "1048576", "the length")
    equal(c.need(524288), pattern(524288), "what came")
    c.reset()
    play.completed("cut")
    play.closed("reset", rule="cut", acked=True)


@plays("transport/stream-error-at-end")
def raised(play):
    play.passes("raised")
    half_a_stream(play)
    play.outcome(ends="error", kind="incomplete", status=200, bytes=524288, body="part")


@plays("transport/stream-error-at-end")
def taken_for_its_end(play):
    play.fails("raised", "truth")
    half_a_stream(play)
    play.outcome(status=200, bytes=524288, body="part")


def upload(play):
    """Writes until it is reset."""
    c = play.dial()
    c.request("POST", "/", headers="Content-Length: 5242880\r\n")
    try:
        for _ in range(80):
            c.send(pattern(65536))
        c.reset()
    except (BrokenPipeError, ConnectionResetError):
        pass
    else:
        return
    finally:
        c.close()


@plays("transport/upload-reset-mid-body")
def upload_reported(play):
    play.passes("refused", "once")
    play.step()
    upload(play)
    play.completed("cut")
    play.closed("reset", rule="cut")
    check(play.event("body", rule="cut")["whole"] is False, "the upload was taken")
    play.outcome(ends="error", kind="reset")


@plays("transport/upload-reset-mid-body")
def upload_repeated(play):
    play.fails("refused")
    play.misses("once")
    play.step()
    for nth in 1, 2:
        upload(play)
        play.completed("cut", nth)
    play.outcome(status=200, body="unknown")
