"""More of Retry-After: where it stands, behind what, and with what else; what is nearly a wait."""

from time import sleep

from dialogue import at_least, check, equal, pattern, plays
from waiting import back, comes_back, limited, paused, promised, shown, thrown, told, value

# ---- two of them, or elsewhere -------------------------------------------------------------------


@plays("retry-after/duplicate-lines")
def shorter_of_two(play):
    play.passes("waits", "survives")
    c, head = limited(play)
    equal(head.all("Retry-After"), ["1", "2"], "Retry-After")
    equal(promised(play), 1, "the promise")
    play.completed("limit")
    back(play, c, 1)


@plays("retry-after/duplicate-lines")
def neither_of_two(play):
    play.fails("waits")
    comes_back(play, 0.1)


@plays("retry-after/duplicate-lines")
def two_are_thrown(play):
    thrown(play)


@plays("retry-after/ratelimit-fields-precedence")
def the_older_field(play):
    play.passes("wins", "recovers")
    c, head = limited(play)
    equal(head.get("RateLimit"), '"default";r=0;t=1', "RateLimit")
    value(play, head, "2", 2)
    back(play, c, 2)


@plays("retry-after/ratelimit-fields-precedence")
def neither_field(play):
    play.misses("recovers")
    play.untested("wins")
    limited(play)
    shown(play)


@plays("retry-after/ratelimit-fields-precedence")
def the_newer_field(play):
    play.fails("wins")
    comes_back(play, 1)


@plays("retry-after/ratelimit-zero-on-200")
def paced(play):
    play.does("paced")
    c = play.dial()
    c.get("/1")
    equal(c.answer(200).get("RateLimit"), '"default";r=0;t=1', "RateLimit")
    play.completed("ok")
    sleep(1.1)
    c.get("/2")
    c.answer(200)
    play.never("response", rule="limit")


@plays("retry-after/ratelimit-zero-on-200")
def not_paced(play):
    play.does_not("paced")
    c = play.dial()
    c.get("/1")
    c.answer(200)
    c.get("/2")
    head = c.answer(429)
    equal((head.get("RateLimit"), head.get("Retry-After")), ('"default";r=0;t=1', None), "the fields")
    play.completed("limit")
    play.never("response", promise=lambda p: p is not None)


def behind_the_body(play):
    c = play.dial()
    c.get()
    head = c.head(429)
    equal((head.get("Retry-After"), head.get("Transfer-Encoding")), (None, "chunked"), "the header")
    c.expect("9\r\nslow down\r\n0\r\nRetry-After: 5\r\n\r\n")
    equal(promised(play), None, "the promise")
    play.completed("limit")
    return c


@plays("retry-after/in-trailer-ignored")
def not_merged(play):
    play.passes("ignored", "repeats")
    back(play, behind_the_body(play), 0.1)


@plays("retry-after/in-trailer-ignored")
def merged(play):
    play.fails("ignored")
    back(play, behind_the_body(play), 5)


@plays("retry-after/in-trailer-ignored")
def not_repeated(play):
    play.misses("repeats")
    play.untested("ignored")
    behind_the_body(play)


def slow_page(play):
    """The header after a while, the last of the body half a second later."""
    c = play.dial()
    c.get()
    head = c.head(429)
    equal((head.get("Retry-After"), head.get("Content-Length")), ("1", "660"), "the header")
    at_least(0.4, c.sent, c.arrived, "the header came")
    check(len(c.got) < 660, "the body came with the header")
    return c, c.arrived


@plays("retry-after/delay-counts-from-receipt")
def from_its_end(play):
    play.passes("waits")
    play.reports("from-end", True)
    c, said = slow_page(play)
    equal(c.need(660), pattern(660), "the body")
    at_least(0.5, said, c.arrived, "the body ended")
    play.completed("limit")
    back(play, c, 1)


@plays("retry-after/delay-counts-from-receipt")
def from_its_header(play):
    play.passes("waits")
    play.reports("from-end", False)
    c, said = slow_page(play)
    c.need(660)
    back(play, c, 0.45)
    if paused(play) > play.event("sent", rule="limit")["t"] - play.event("response")["t"] + 1:
        play.reports("from-end", True)


@plays("retry-after/delay-counts-from-receipt")
def before_its_end(play):
    play.fails("waits")
    slow_page(play)
    back(play, play.dial(), 0)


@plays("retry-after/delay-counts-from-receipt")
def at_once_behind_its_end(play):
    c, _ = slow_page(play)
    c.need(660)
    back(play, c, 0)
    play.hurried.add("waits")
    if paused(play) < 0.98:
        play.fails("waits")


# ---- POST, redirects, time zones -----------------------------------------------------------------


def posted(play, c, body, status):
    c.request("POST", "/", body=body)
    return c.answer(status)


@plays("retry-after/post-429")
def whole_again(play):
    play.passes("waits", "same-body")
    c = play.dial()
    value(play, posted(play, c, pattern(1024), 429), "1", 1)
    sleep(1)
    posted(play, c, pattern(1024), 200)


@plays("retry-after/post-429")
def handed_out(play):
    play.untested("waits", "same-body")
    posted(play, play.dial(), pattern(1024), 429)
    play.completed("limit")


@plays("retry-after/post-429")
def empty_again(play):
    play.fails("waits", "same-body")
    c = play.dial()
    posted(play, c, pattern(1024), 429)
    posted(play, c, b"", 200)


def moved(play):
    c = play.dial()
    c.get("/a")
    head = c.answer(302)
    equal((head.get("Location"), head.get("Retry-After")), ("http://%s/b" % play.host(), "1"),
          "the redirect")
    equal(play.event("response", rule="later")["promise"], 1, "the promise")
    play.completed("later")
    return c


@plays("retry-after/on-3xx")
def patient(play):
    play.does("waits")
    c = moved(play)
    sleep(1)
    c.get("/b")
    c.answer(200)


@plays("retry-after/on-3xx")
def hasty(play):
    play.does_not("waits")
    c = moved(play)
    c.get("/b")
    c.answer(200)


@plays("retry-after/http-date-local-zone")
def utc(play):
    play.passes("parsed", "prompt")
    c, head = limited(play)
    date = head.get("Retry-After")
    check(len(date) == 24 and date[3] == date[7] == " " and "," not in date, "no asctime-date:", date)
    check(2 <= promised(play) + 0.001 and promised(play) <= 3, "the promise is", promised(play))
    play.completed("limit")
    back(play, c, promised(play))


@plays("retry-after/http-date-local-zone")
def local(play):
    """Nine hours ago, where the date says three seconds from now."""
    comes_back(play, 0)
    play.hurried.add("parsed")
    if promised(play) - paused(play) > 1.02:
        play.fails("parsed")


# ---- what is nearly a wait, and where it says nothing --------------------------------------------


@plays("retry-after/decimal")
def rounded_up(play):
    play.passes("survives")
    back(play, told(play, "1.5"), 2)
    play.reports("reading", True)


@plays("retry-after/decimal")
def fraction_is_thrown(play):
    thrown(play)


@plays("retry-after/leading-zeros")
def decimal_digits(play):
    play.passes("waits", "prompt")
    back(play, told(play, "0001", 1), 1)


@plays("retry-after/leading-zeros")
def no_number_to_it(play):
    play.misses("waits")
    play.passes("prompt")
    comes_back(play, 0.1)


@plays("retry-after/leading-zeros")
def ten_times_as_long(play):
    play.misses("prompt")
    play.passes("waits")
    comes_back(play, 3.2)


def denied(play, c=None):
    play.step()
    c = c or play.dial()
    c.get()
    equal(c.answer(int(play.variant)).get("Retry-After"), "1", "Retry-After")
    return c


@plays("retry-after/on-403-404")
def no_matter_of_time(play):
    play.passes("once", "status-exposed")
    denied(play)
    play.completed("deny")
    shown(play, int(play.variant))


@plays("retry-after/on-403-404")
def hopes(play):
    play.misses("once", "status-exposed")
    c = denied(play)
    sleep(1)
    c.get()
    c.answer(int(play.variant))
    play.outcome(ends="error", kind="other")


@plays("retry-after/on-502-504-500")
def any_status(play):
    play.passes("waits")
    play.reports("repeated", True)
    c = denied(play)
    equal(play.event("response", rule="error")["promise"], 1, "the promise")
    play.completed("error")
    back(play, c, 1)


@plays("retry-after/on-502-504-500")
def only_some_statuses(play):
    play.misses("waits")
    play.reports("repeated", True)
    back(play, denied(play), 0.1)


@plays("retry-after/on-502-504-500")
def never_mind(play):
    play.untested("waits")
    play.reports("repeated", False)
    denied(play)
    shown(play, int(play.variant))


@plays("retry-after/http-date-local-zone")
def nine_hours_later(play):
    """As long as a test may last."""
    play.passes("parsed")
    play.misses("prompt")
    comes_back(play, 5.1)
