"""More of messages whose end is hard to find: scenarios/framing."""

from dialogue import at_least, check, equal, pattern, plays

WHOLE = {"status": 200, "body": "whole"}


def asked(play, path="/", step=1):
    play.step(step)
    c = play.dial()
    c.get(path)
    return c


def again(play, c, **outcome):
    """The second step, on that connection, and what is made of it."""
    play.step(2)
    c.get("/2")
    c.answer(200)
    play.outcome(2, **(outcome or WHOLE))


# ---- chunks --------------------------------------------------------------------------------------


def extended(play):
    c = asked(play)
    equal(c.head(200).get("Transfer-Encoding"), "chunked", "the coding")
    c.expect('5 ; a=b ; c="d e"\r\nhello\r\n0\r\n\r\n')
    play.completed("ext")


@plays("framing/chunk-extensions")
def ignores_extensions(play):
    play.passes("ignored")
    extended(play)
    play.outcome(**WHOLE)


@plays("framing/chunk-extensions")
def stumbles_over_extensions(play):
    play.fails("ignored")
    extended(play)
    play.outcome(ends="error", kind="protocol")


def one_each(play):
    c = asked(play)
    equal(c.head(200).get("Transfer-Encoding"), "chunked", "the coding")
    c.expect(2000 * "1\r\nx\r\n")
    at_least(1.9, c.sent, c.arrived, "the last chunk came")
    c.expect("0\r\n\r\n")
    play.completed("stream")
    return c


@plays("framing/chunk-one-byte-each")
def all_of_them(play):
    play.passes("exact", "soon")
    one_each(play)
    play.outcome(status=200, bytes=2000, body="unknown")


@plays("framing/chunk-one-byte-each")
def some_of_them(play):
    play.fails("exact")
    one_each(play)
    play.outcome(status=200, bytes=1999, body="unknown")


@plays("framing/chunk-one-byte-each")
def slow_with_small_chunks(play):
    play.fails("soon")
    play.passes("exact")
    one_each(play)
    play.outcome(status=200, bytes=2000, body="unknown", took=9.5)


def huge_chunk(play):
    c = asked(play)
    equal(c.head(200).get("Transfer-Encoding"), "chunked", "the coding")
    c.expect("10000000000000005\r\nhello\r\n0\r\n\r\n")
    play.completed("huge")


@plays("framing/chunk-size-overflow")
def refuses_the_size(play):
    play.passes("not-five")
    huge_chunk(play)
    play.outcome(ends="error", kind="protocol")


@plays("framing/chunk-size-overflow")
def wraps_the_size(play):
    play.fails("not-five")
    huge_chunk(play)
    play.outcome(status=200, bytes=5, body="unknown")


# ---- lengths -------------------------------------------------------------------------------------


def huge_length(play):
    c = asked(play)
    head = c.head(200)
    equal(head.all("Content-Length"), ["18446744073709551621"], "the length")
    c.expect("hello")
    c.silence(0.3)  # and the connection stays open
    play.completed("huge")


@plays("framing/cl-overflow")
def refuses_the_length(play):
    play.passes("not-five")
    huge_length(play)
    play.outcome(ends="error", kind="timeout-read")


@plays("framing/cl-overflow")
def wraps_the_length(play):
    play.fails("not-five")
    huge_length(play)
    play.outcome(status=200, bytes=5, body="unknown")


def two_lengths(play):
    c = asked(play, "/1")
    equal(c.head(200).all("Content-Length"), ["5", "7"], "the lengths")
    c.expect("hello!!")
    play.completed("twice")
    return c


@plays("framing/cl-duplicate-different")
def refuses_both(play):
    play.passes("refused", "closes", "not-reused", "not-mixed")
    two_lengths(play).close()
    play.outcome(1, ends="error", kind="protocol")
    play.event("close", at="proxy", by="client", connection=1)
    again(play, play.dial())


@plays("framing/cl-duplicate-different")
def takes_the_first(play):
    play.fails("refused", "closes", "not-reused", "not-mixed", "truth")
    c = two_lengths(play)
    play.outcome(1, status=200, bytes=5, body="unknown")
    again(play, c, status=200, body="foreign")


# ---- no body at all ------------------------------------------------------------------------------


def nothing_and_five(play):
    c = asked(play, "/1")
    equal(c.head(204).get("Content-Length"), "5", "the length")
    c.expect("hello")
    play.completed("extra")
    return c


@plays("framing/204-with-body")
def ends_at_the_blank_line(play):
    play.passes("empty", "not-mixed", "recovers")
    nothing_and_five(play).close()
    play.outcome(1, status=204, bytes=0, body="empty")
    again(play, play.dial())


@plays("framing/204-with-body")
def reads_the_body(play):
    play.fails("empty")
    play.passes("not-mixed", "recovers")
    c = nothing_and_five(play)
    play.outcome(1, status=204, bytes=5, body="unknown")
    again(play, c)


@plays("framing/204-with-body")
def keeps_the_rest(play):
    play.fails("not-mixed", "truth")
    play.misses("recovers")
    play.passes("empty")
    c = nothing_and_five(play)
    play.outcome(1, status=204, bytes=0, body="empty")
    again(play, c, status=200, body="foreign")


def unchanged(play, step, c=None):
    play.step(step)
    c = c or play.dial()
    c.get(headers='If-None-Match: "a"\r\n')
    head = c.head(304)
    equal((head.get("Content-Length"), head.get("ETag")), ("100", '"a"'), "the fields")
    play.completed("same", step)
    return c


@plays("framing/304-with-cl")
def waits_for_nothing(play):
    play.passes("no-wait", "no-wait-2", "status")
    c = unchanged(play, 1)
    play.outcome(1, status=304, bytes=0, body="empty")
    unchanged(play, 2, c)  # right behind the blank line
    play.outcome(2, status=304, bytes=0, body="empty")


@plays("framing/304-with-cl")
def waits_for_a_body(play):
    play.fails("no-wait", "status")
    play.passes("no-wait-2")
    unchanged(play, 1).silence(2.1)
    play.outcome(1, ends="error", kind="timeout-total")
    unchanged(play, 2)
    play.outcome(2, status=304, bytes=0, body="empty")


@plays("framing/304-with-cl")
def waits_the_second_time(play):
    play.fails("no-wait-2")
    play.passes("no-wait", "status")
    c = unchanged(play, 1)
    play.outcome(1, status=304, bytes=0, body="empty")
    unchanged(play, 2, c)
    play.outcome(2, status=304, bytes=0, body="empty", took=2.5)


# ---- header sections and status lines ------------------------------------------------------------


def many(play):
    c = asked(play)
    c.expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + 5000 * "X-Filler: a\r\n" + "\r\nok")
    play.completed("many")


@plays("framing/headers-5000")
def takes_them(play):
    play.passes("soon")
    play.reports("accepted", True)
    many(play)
    play.outcome(status=200, bytes=2, body="unknown")


@plays("framing/headers-5000")
def refuses_them(play):
    play.passes("soon")
    play.reports("accepted", False)
    many(play)
    play.outcome(ends="error", kind="protocol")


@plays("framing/headers-5000")
def gets_slow(play):
    play.fails("soon")
    many(play)
    play.outcome(status=200, bytes=2, body="unknown", took=5.5)


def folded(play):
    c = asked(play)
    while b"\r\n\r\n" not in c.got:
        check(c.more(), "EOF")
    check(b"\r\nX-A: b\r\n\tc\r\n" in c.got, "no fold in", c.got)
    play.completed("fold")


@plays("framing/obs-fold")
def one_line(play):
    play.passes("unfolded")
    folded(play)
    play.outcome(status=200, body="whole", header=[["Content-Length", "18"], ["X-A", "b c"]])


@plays("framing/obs-fold")
def half_a_value(play):
    play.fails("unfolded")
    folded(play)
    play.outcome(status=200, body="whole", header=[["Content-Length", "18"], ["X-A", "b"]])


@plays("framing/obs-fold")
def wants_no_folds(play):
    play.fails("unfolded")
    folded(play)
    play.outcome(ends="error", kind="protocol", error="whitespace after a field value")


@plays("framing/obs-fold")
def tells_no_fields(play):
    play.untested("unfolded")
    folded(play)
    play.outcome(status=200, body="whole")


LINES = {"letters": "HTTP/1.1 2OO OK", "short": "HTTP/1.1 20", "version": "HTTP/x.y 200 OK",
         "icy": "ICY 200 OK"}


def no_status_line(play):
    c = asked(play)
    c.expect(LINES[play.variant] + "\r\nContent-Length: 2\r\n\r\nok")
    c.eof()
    play.completed("garbage")
    play.closed("fin", rule="garbage")


@plays("framing/status-line-garbage")
def no_success(play):
    if play.variant == "icy":
        play.reports("icy", False)
    else:
        play.passes("refused")
    no_status_line(play)
    play.outcome(ends="error", kind="protocol")


@plays("framing/status-line-garbage")
def guessed_success(play):
    if play.variant == "icy":
        play.reports("icy", True)  # and nothing else: the row leaves it open
    else:
        play.fails("refused", "truth")
    no_status_line(play)
    play.outcome(status=200, bytes=2, body="foreign")


# ---- octet by octet, and without end -------------------------------------------------------------


def dribbled(play):
    c = asked(play)
    head = c.head(200)
    equal(head.get("Content-Length"), "8", "the length")
    equal(c.need(8), pattern(8), "the body")
    bytes_ = play.event("sent", rule="dribble")["bytes"]
    at_least(0.01 * (bytes_ - 1), c.sent, c.arrived, "the last octet came")
    play.completed("dribble")


@plays("framing/response-dribbled")
def puts_it_together(play):
    play.passes("exact")
    dribbled(play)
    play.outcome(**WHOLE)


@plays("framing/response-dribbled")
def takes_one_read_for_all(play):
    play.fails("exact", "truth")
    dribbled(play)
    play.outcome(status=200, body="part")


def pings(play, count):
    c = asked(play)
    for _ in range(count):
        c.expect("HTTP/1.1 102 Processing\r\n\r\n")
    at_least(0.1 * (count - 1), c.sent, c.arrived, "so many interim answers came")
    c.close()
    play.left("ping", "send")


@plays("framing/1xx-endless")
def ended_by_the_total(play):
    play.passes("in-time")
    play.reports("read-limit", False)
    pings(play, 10)
    play.outcome(ends="error", kind="timeout-total")


@plays("framing/1xx-endless")
def never_ended(play):
    play.misses("in-time")
    pings(play, 52)
    play.outcome(ends="error", kind="timeout-read")
