"""More of Retry-After: odd values, and clients that come back too early, too late or for ever."""

from time import monotonic, sleep

from dialogue import at_least, check, equal, pattern, plays


def limited(play, status=429, c=None):
    """A step begins with the refusal."""
    if not play.said:
        play.step()
    c = c or play.dial()
    c.get()
    return c, c.answer(status)


def shown(play, status=429, **fields):
    """The caller gets that answer."""
    play.outcome(status=status, body="whole", **fields)


def back(play, c, after, status=200):
    """Comes back so long behind the last answer, and shows the caller what it gets then."""
    left = c.arrived + after - monotonic()
    if left > 0:
        sleep(left)
    c.get()
    c.answer(status)
    play.event("request", 2, at="proxy")
    shown(play, status)


def comes_back(play, after, status=200):
    """Limited, it comes back so long after that."""
    back(play, limited(play)[0], after, status)


def promised(play):
    return play.event("response", rule="limit").get("promise")


def paused(play):
    return play.event("request", 2, at="proxy")["began"] - play.event("response", rule="limit")["t"]


def value(play, head, wanted, promise=None):
    equal(head.all("Retry-After"), [wanted] if wanted is not None else [], "Retry-After")
    equal(promised(play), promise, "the promise")
    play.completed("limit")


def told(play, wanted, promise=None):
    """Limited, with that Retry-After, which promises so much."""
    c, head = limited(play)
    value(play, head, wanted, promise)
    return c


def told_twice(play, wanted):
    """Limited, it comes back at once and hears the same again."""
    c, head = limited(play)
    value(play, head, wanted)
    limited(play, c=c)
    play.completed("limit", 2)
    return c


# ---- how often, how long -------------------------------------------------------------------------


@plays("retry-after/attempt-cap")
def three_attempts(play):
    play.passes("bounded", "not-hidden", "field-exposed")
    c = play.dial()
    for nth in 1, 2, 3:
        head = limited(play, c=c)[1]
        equal(head.get("Retry-After"), "0", "Retry-After")
        play.completed("limit", nth)
    equal(promised(play), None, "the promise")
    shown(play, header=[["retry-after", "0"]])


@plays("retry-after/attempt-cap")
def five_attempts(play):
    play.fails("bounded", "not-hidden")
    play.misses("field-exposed")
    c = play.dial()
    for _ in range(5):
        limited(play, c=c)
    play.outcome(ends="error", kind="other")


@plays("retry-after/beyond-client-cap")
def waits_all_the_same(play):
    play.passes("waits-or-stops")
    back(play, told(play, "3", 3), 3)


@plays("retry-after/beyond-client-cap")
def stops(play):
    play.passes("waits-or-stops")
    limited(play)
    play.completed("limit")
    shown(play)


@plays("retry-after/beyond-client-cap")
def caps_and_repeats(play):
    play.fails("waits-or-stops")
    comes_back(play, 1)
    check(1.5 < play.event("request", 2, at="proxy")["early"] <= 2.02, "it came two seconds early")


@plays("retry-after/beyond-deadline")
def gives_up(play):
    play.passes("gives-up", "status-exposed", "in-time", "not-early")
    value(play, limited(play)[1], "30", 30)
    shown(play)


@plays("retry-after/beyond-deadline")
def sleeps_in_vain(play):
    play.passes("not-early")
    play.misses("gives-up", "status-exposed")
    play.fails("in-time")
    limited(play)
    play.outcome(ends="error", kind="timeout-total", took=4.6)


@plays("retry-after/beyond-deadline")
def cuts_the_wait(play):
    play.fails("not-early")
    play.passes("status-exposed")
    comes_back(play, 0.1, 429)


@plays("retry-after/cancel-during-wait")
def cancelled(play):
    play.passes("returns", "no-ghost")
    c = told(play, "3", 3)
    sleep(0.3)
    play.tell("cancel", 1)
    play.outcome(ends="error", kind="cancelled")
    c.close()
    play.count(1, "request", at="proxy")


@plays("retry-after/cancel-during-wait")
def not_cancelled(play):
    play.misses("returns")
    play.fails("no-ghost")
    c, _ = limited(play)
    sleep(0.3)
    play.tell("cancel", 1)
    back(play, c, 3, 429)


@plays("retry-after/cancel-during-wait")
def impatient(play):
    play.fails("promise")
    play.untested("returns", "no-ghost")
    comes_back(play, 0.3, 429)


@plays("retry-after/delta-0")
def now(play):
    play.passes("at-once", "recovers")
    back(play, told_twice(play, "0"), 0)
    third = play.event("request", 3, at="proxy")["began"]
    if third - play.event("response", rule="limit")["t"] > 1:  # this machine was too slow
        play.misses("at-once")


@plays("retry-after/delta-0")
def takes_zero_for_missing(play):
    play.misses("at-once")
    play.passes("recovers")
    back(play, told_twice(play, "0"), 1.1)


@plays("retry-after/delta-0")
def pauses_as_ever(play):
    play.misses("at-once", "recovers")
    limited(play)
    sleep(1.1)
    play.outcome(ends="error", kind="timeout-total", took=5)


@plays("retry-after/delta-0")
def takes_zero_for_never(play):
    play.misses("recovers")
    limited(play)
    shown(play)


@plays("retry-after/missing-uses-backoff")
def longer_each_time(play):
    play.passes("pauses", "grows", "recovers")
    c = play.dial()
    for nth, pause in enumerate((0, 0.1, 0.2)):
        sleep(pause)
        equal(limited(play, c=c)[1].get("Retry-After"), None, "Retry-After")
        play.completed("limit", nth + 1)
    first = play.event("request", 2)["began"] - play.event("request", 1)["began"]
    back(play, c, max(0.4, first))


@plays("retry-after/missing-uses-backoff")
def shorter_each_time(play):
    play.passes("pauses")
    play.misses("recovers")
    c = play.dial()
    for pause in 0, 1, 0.1:
        sleep(pause)
        limited(play, c=c)
    began = [play.event("request", nth, at="proxy")["began"] for nth in (1, 2, 3)]
    (play.misses if began[2] - began[1] < began[1] - began[0] - 0.02 else play.passes)("grows")
    shown(play)


@plays("retry-after/missing-uses-backoff")
def no_pause_at_all(play):
    c = play.dial()
    for _ in range(3):
        limited(play, c=c)
    back(play, c, 0)
    began = [play.event("request", nth, at="proxy")["began"] for nth in (1, 2, 3, 4)]
    pauses = [b - a for a, b in zip(began, began[1:])]
    play.hurries("pauses", min(pauses), 0.05)
    if max(pauses[1:]) < pauses[0] - 0.02:
        play.misses("grows")


# ---- no number of seconds ------------------------------------------------------------------------


@plays("retry-after/date-in-past")
def over_long_ago(play):
    play.passes("at-once", "bounded", "survives")
    back(play, told(play, "Wed, 21 Oct 2015 07:28:00 GMT"), 0.1, 429)
    if paused(play) > 2:
        play.misses("at-once")


@plays("retry-after/date-in-past")
def own_long_pause(play):
    play.misses("at-once")
    comes_back(play, 2.1, 429)


@plays("retry-after/date-in-past")
def spins(play):
    play.fails("bounded", "survives")
    c, _ = limited(play)
    for _ in range(5):
        c.get()
        c.answer(429 if _ < 4 else 200)
    play.outcome(ends="error", error="timeout value is negative")


def not_a_wait(play, wanted, then=200):
    """Something that promises nothing: a pause of one's own is right, none is not."""
    play.passes("backs-off", "survives")
    back(play, told(play, wanted), 0.1, then)


def thrown(play):
    """An exception about the field, where an answer should be."""
    play.fails("survives")
    limited(play)
    play.outcome(ends="error", kind="other", error="invalid Retry-After")


def read_as_zero(play, then=200):
    comes_back(play, 0, then)
    play.hurries("backs-off", paused(play), 0.05)


@plays("retry-after/empty")
def empty(play):
    not_a_wait(play, "")


@plays("retry-after/empty")
def empty_is_zero(play):
    read_as_zero(play)


@plays("retry-after/negative")
def negative(play):
    not_a_wait(play, "-5", 429)


@plays("retry-after/negative")
def negative_is_zero(play):
    read_as_zero(play, 429)


@plays("retry-after/empty")
def empty_is_thrown(play):
    play.misses("survives")
    play.untested("backs-off")
    limited(play)
    play.outcome(ends="error", kind="other", error="invalid Retry-After")


@plays("retry-after/negative")
def negative_is_thrown(play):
    thrown(play)


@plays("retry-after/negative")
def negative_spins(play):
    play.fails("bounded")
    c = play.dial()
    for pause in 0, 0.1, 0.1, 0.1, 0.1:
        sleep(pause)
        limited(play, c=c)
    shown(play)


ODD = {"plus": "+3", "hex": "0x3", "exponent": "1e1"}


@plays("retry-after/plus-hex-exponent")
def digits_only(play):
    play.passes("missing", "repeats")
    c = told(play, ODD[play.variant])
    back(play, c, 1)  # the pause of some clients cannot be shorter
    if paused(play) > 2.5:
        play.misses("missing")


@plays("retry-after/plus-hex-exponent", "plus", "hex")
def any_number(play):
    play.misses("missing")
    comes_back(play, 3)


@plays("retry-after/plus-hex-exponent", "exponent")
def waits_in_vain(play):
    play.misses("missing", "repeats")
    limited(play)
    play.outcome(ends="error", kind="timeout-total", took=4)


LONGEST = 100 * 365 * 86400  # no promise is counted for longer


def too_large(play, digits, promise=LONGEST):
    play.passes("not-early", "gives-up", "status-exposed")
    value(play, limited(play)[1], digits, promise)
    shown(play)


def wraps(play):
    """A second later it comes again, and again, as long as it may."""
    play.fails("not-early")
    again_after_a_second(play)


def again_after_a_second(play):
    play.passes("status-exposed")
    comes_back(play, 1, 429)


def sleeps(play):
    """For ever, which is three seconds: then it says that all is well."""
    play.fails("truth")
    play.misses("gives-up", "status-exposed")
    play.passes("not-early")
    limited(play)
    play.outcome(status=200, body="foreign", took=3)


BITS_32 = {"2e31": ("2147483648", 2147483648), "2e32-plus-1": ("4294967297", LONGEST)}


@plays("retry-after/overflow-2e31")
def beyond_32_bits(play):
    too_large(play, *BITS_32[play.variant])


@plays("retry-after/overflow-2e31")
def sleeps_for_a_lifetime(play):
    sleeps(play)


@plays("retry-after/overflow-2e63")
def sleeps_for_the_universe(play):
    sleeps(play)


@plays("retry-after/overflow-2e31")
def cut_to_32_bits(play):
    wraps(play)


@plays("retry-after/overflow-2e63")
def beyond_64_bits(play):
    too_large(play, {"2e63": "9223372036854775808", "times-1000": "9223372036854776"}[play.variant])


@plays("retry-after/overflow-2e63")
def cut_to_64_bits(play):
    wraps(play)


@plays("retry-after/overflow-40-digits")
def forty_digits(play):
    too_large(play, 40 * "9")


@plays("retry-after/overflow-40-digits")
def taken_for_missing(play):
    play.misses("not-early")
    again_after_a_second(play)


@plays("retry-after/overflow-40-digits")
def sleeps_for_ever(play):
    sleeps(play)


@plays("retry-after/rfc850-year-past")
def century(play):
    play.passes("past", "repeats")
    c, head = limited(play)
    day, rest = head.get("Retry-After").split(", ")
    check(day.endswith("day") and rest[2] == rest[6] == "-", "no rfc850-date:", day, rest)
    year = int(rest[7:9])
    equal((year - int(play.event("response")["header"][0][1][14:16])) % 100 in (59, 60), True,
          "sixty years ahead")
    equal(promised(play), None, "the promise")
    play.completed("limit")
    back(play, c, 0.1)


@plays("retry-after/rfc850-year-past")
def decades(play):
    play.fails("past")
    play.passes("repeats")
    comes_back(play, 2.1)


@plays("retry-after/rfc850-year-past")
def sleeps_for_decades(play):
    play.fails("past")
    play.misses("repeats")
    limited(play)
    play.outcome(ends="error", kind="timeout-total", took=3)


@plays("retry-after/rfc850-year-past")
def gives_up_at_once(play):
    play.misses("repeats")
    play.untested("past")
    limited(play)
    shown(play)


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
