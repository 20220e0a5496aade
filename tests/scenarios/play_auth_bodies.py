"""Bodies around a 407: its page, and the content that comes twice."""

import time

from asking import PA, asked, delivered, inside, refused
from dialogue import check, equal, pattern, plays

# ---- pages of a 407 ------------------------------------------------------------------------------


@plays("auth/407-keepalive-body-drained")
def drained(play):
    play.passes("drained", "exact")
    play.does_not("new-connection")
    c = play.begin()
    began = time.monotonic()
    asked(play, c)
    check(c.arrived - began >= 0.15, "four pieces came at once")
    c.get(headers=PA)
    c.answer(200)
    delivered(play)
    play.completed("ask")


@plays("auth/407-keepalive-body-drained")
def drained_elsewhere(play):
    play.passes("exact")
    play.untested("drained")
    play.does("new-connection")
    c = play.begin()
    c.get()
    c.head(407)
    again = play.dial()
    again.get(headers=PA)
    again.answer(200)
    delivered(play)
    c.need(65536)


@plays("auth/407-keepalive-body-drained")
def not_drained(play):
    play.fails("drained", "exact", "truth")
    c = play.begin()
    c.get()
    c.get(headers=PA)  # before the page has come
    c.head(407)
    equal(c.need(65536), pattern(65536), "the rest of the page")
    c.answer(200)
    play.outcome(status=200, body="foreign")


@plays("auth/407-chunked-body")
def chunked(play):
    play.passes("succeeds", "no-leftovers")
    c = play.dial()
    for step in 1, 2:
        play.step(step)
        c.get() if step == 1 else c.connect()
        equal(c.head(407).get("Transfer-Encoding"), "chunked", "Transfer-Encoding")
        c.expect('5;sig="x y"\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n')
        play.completed("ask", step)
        if step == 1:
            c.get(headers=PA)
            c.answer(200)
        else:
            c.connect(headers=PA)
            c.head(200)
            inside(play, c)
        delivered(play, step)


@plays("auth/407-chunked-body")
def chunked_not_understood(play):
    play.fails("succeeds", "no-leftovers", "truth")
    play.step(1)
    c = play.dial()
    c.get()
    c.head(407)
    play.outcome(1, status=200, body="foreign")
    play.step(2)
    play.outcome(2, ends="error", kind="protocol")


@plays("auth/407-close-delimited-body")
def close_delimited(play):
    play.passes("succeeds", "new-connection")
    c = play.begin()
    c.get()
    head = c.head(407)
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), (None, None), "the framing")
    c.expect(pattern(300))
    c.eof()
    play.closed("fin", connection=1)
    again = play.dial()
    again.get(headers=PA)
    again.answer(200)
    delivered(play)


@plays("auth/407-close-delimited-body")
def close_delimited_gives_up(play):
    play.fails("succeeds", "new-connection")
    c = play.begin()
    c.get()
    c.head(407)
    c.need(300)
    c.eof()
    play.outcome(ends="error", kind="closed-early")


@plays("auth/407-to-head")
def to_head(play):
    play.passes("no-wait", "succeeds")
    c = play.begin()
    c.request("HEAD", "/")
    equal(c.head(407).get("Content-Length"), "1234", "the length that is announced")
    c.silence(0.2)
    c.request("HEAD", "/", headers=PA)
    c.head(200)
    play.outcome(status=200, body="empty")


@plays("auth/407-to-head")
def to_head_waits(play):
    play.fails("no-wait", "succeeds")
    c = play.begin()
    c.request("HEAD", "/")
    c.head(407)
    c.silence(2.1)  # for the body
    c.request("HEAD", "/", headers=PA)
    c.head(200)
    play.outcome(ends="error", kind="timeout-read")


# ---- bodies --------------------------------------------------------------------------------------


def challenged_post(play, size, again):
    """A POST without credentials, its 407, and a repeat with that body."""
    c = play.begin()
    c.request("POST", "/", body=pattern(size))
    c.answer(407)
    play.completed("ask")
    c.request("POST", "/", body=again, headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/407-post-body-replayed")
def replayed(play):
    play.passes("same-body", "one-post", "succeeds")
    challenged_post(play, 10240, pattern(10240))
    equal(play.event("body", rule="ask")["bytes"], 10240, "octets read before the challenge")


@plays("auth/407-post-body-replayed")
def replayed_empty(play):
    play.fails("same-body")
    challenged_post(play, 10240, b"")


@plays("auth/407-post-body-replayed")
def posted_twice(play):
    play.fails("same-body", "one-post", "succeeds")
    c = play.begin()
    for _ in 1, 2:
        c.request("POST", "/", body=pattern(10240), headers=PA)
        c.answer(200)
    c.request("POST", "/", body=pattern(10240))
    c.answer(407)
    refused(play)


@plays("auth/407-post-stream-not-replayable")
def kept_the_stream(play):
    play.passes("never-short", "never-empty", "whole-or-error")
    challenged_post(play, 262144, pattern(262144))


@plays("auth/407-post-stream-not-replayable")
def says_that_it_can_not(play):
    play.passes("never-short", "never-empty", "whole-or-error")
    c = play.begin()
    c.request("POST", "/", body=pattern(262144))
    c.answer(407)
    play.outcome(ends="error", status=407, kind="other")


@plays("auth/407-post-stream-not-replayable")
def sends_an_empty_one(play):
    play.fails("never-empty", "whole-or-error")
    challenged_post(play, 262144, b"")


@plays("auth/407-post-stream-not-replayable")
def sends_what_is_left(play):
    play.fails("never-short", "never-empty", "whole-or-error")
    challenged_post(play, 262144, pattern(1000))


def start_upload(play):
    """Sixteen megabytes are announced; the 407 comes after the first 16 KiB."""
    c = play.begin()
    c.send("POST http://%s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" %
           (play.host(), play.host(), 16 << 20))
    c.send(pattern(16384))
    equal(c.answer(407).get("Connection"), "close", "Connection")
    return c


@plays("auth/407-while-uploading")
def stops_and_repeats(play):
    play.passes("stops", "succeeds", "not-hidden")
    c = start_upload(play)
    c.close()
    again = play.dial()
    again.request("POST", "/", body=pattern(16 << 20), headers=PA)
    again.answer(200)
    delivered(play)
    check(play.event("body", rule="early")["bytes"] <= 16384, "octets nobody sent")


@plays("auth/407-while-uploading")
def sends_it_all(play):
    play.fails("not-hidden")
    play.misses("succeeds")
    c = start_upload(play)
    try:
        c.send(pattern((16 << 20) - 16384, 16384))
        c.eof()
        play.event("body", rule="early", bytes=16 << 20)
        play.misses("stops")
    except ConnectionError:  # this machine needed more than the two seconds that the proxy reads
        play.hurried.add("stops")
        play.passes("stops")
    play.outcome(ends="error", kind="reset")
