"""More of Retry-After: odd values, and clients that come back too early, too late or for ever."""

from time import monotonic, sleep

from dialogue import check, equal, plays
from waiting import back, comes_back, limited, paused, promised, shown, told, value


def told_twice(play, wanted):
    """Limited, it comes back at once and hears the same again."""
    c = told(play, wanted)
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
    began = monotonic()
    back(play, told_twice(play, "0"), 0)
    if monotonic() - began > 1.4:  # this machine was too slow
        play.misses("at-once")


@plays("retry-after/delta-0")
def takes_zero_for_missing(play):
    play.misses("at-once")
    play.passes("recovers")
    back(play, told_twice(play, "0"), 1.6)


@plays("retry-after/delta-0")
def pauses_as_ever(play):
    play.misses("at-once", "recovers")
    limited(play)
    play.outcome(ends="error", kind="timeout-total")


@plays("retry-after/delta-0")
def takes_zero_for_never(play):
    play.misses("at-once", "recovers")
    limited(play)
    shown(play)


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
