"""Connections that break, close or stand still: scenarios/transport."""

import socket

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
    c.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4194304\r\n\r\n")
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
