"""Where credentials come from: an option, the proxy URL, a field."""

from asking import PA, asked, delivered, inside, refused, refuses_locally
from credentials import ORIGIN, basic
from dialogue import equal, opened, plays

# ---- as an option, in the URL, as a field --------------------------------------------------------

PASSWORDS = {
    "auth/basic-colon-in-password": "a:b:c",
    "auth/option-creds-not-decoded": "p%41@:/",
    "auth/url-creds-percent-decoded": "p@ss:/#?%",
}


def tells(play, password, status=200):
    c = play.begin()
    asked(play, c)
    c.get(headers=basic(password=password))
    c.answer(status)
    if status == 200:
        delivered(play)
    else:
        refused(play)


@plays("auth/basic-colon-in-password")
def all_colons(play):
    play.passes("intact", "nothing-else")
    tells(play, PASSWORDS[play.scenario])


@plays("auth/basic-colon-in-password")
def first_colon_only(play):
    play.fails("intact", "nothing-else")
    tells(play, "a", 407)


@plays("auth/option-creds-not-decoded")
def as_it_is(play):
    play.passes("unchanged", "nothing-else")
    tells(play, PASSWORDS[play.scenario])


@plays("auth/option-creds-not-decoded")
def decoded(play):
    play.fails("unchanged", "nothing-else")
    tells(play, "pA@:/", 407)


@plays("auth/url-creds-percent-decoded")
def decoded_once(play):
    play.passes("decoded", "succeeds")
    tells(play, PASSWORDS[play.scenario])


@plays("auth/url-creds-percent-decoded")
def not_decoded(play):
    play.fails("decoded", "succeeds")
    tells(play, "p%40ss%3A%2F%23%3F%25", 407)


@plays("auth/url-creds-raw-at")
def refuses_raw_at(play):
    play.passes("decoy-untouched", "redacted")
    refuses_locally(play)


@plays("auth/url-creds-raw-at", "word")
def takes_the_last_at(play):
    play.passes("decoy-untouched", "whole-or-refused")
    tells(play, "p@ss")


@plays("auth/url-creds-raw-at", "word")
def cuts_at_the_first_at(play):
    play.fails("whole-or-refused")
    tells(play, "p", 407)


@plays("auth/url-creds-raw-at", "address")
def goes_to_the_decoy(play):
    play.fails("decoy-untouched")
    c = play.begin("decoy")
    c.get(headers=basic(password="p"))
    c.answer(200)
    delivered(play)


@plays("auth/url-creds-raw-at", "word")
def quotes_the_url(play):
    play.misses("redacted")
    refuses_locally(play, "invalid proxy URL http://u1:p@ss@127.0.0.1")


RESERVED = {"hash": "a#b", "slash": "a/b", "question": "a?b"}


@plays("auth/url-creds-raw-reserved")
def refuses_raw_reserved(play):
    play.passes("whole-or-refused", "no-half", "helpful")
    refuses_locally(play, "encode the password in the proxy URL")


@plays("auth/url-creds-raw-reserved")
def takes_it_whole(play):
    play.passes("whole-or-refused", "no-half", "helpful")
    tells(play, RESERVED[play.variant])


@plays("auth/url-creds-raw-reserved")
def cuts_it(play):
    play.fails("whole-or-refused", "no-half")
    play.misses("helpful")
    c = play.begin()
    c.get(headers=basic(password="a"))
    c.answer(407)
    play.outcome(status=502, body="whole")


@plays("auth/basic-control-chars")
def refuses_line_breaks(play):
    play.passes("no-injection", "refused")
    refuses_locally(play, "control characters in the password")


@plays("auth/basic-control-chars")
def goes_past_the_proxy(play):
    play.fails("bypass")
    c = play.begin("origin")
    c.send("GET / HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % play.address("origin"))
    c.answer(200)
    delivered(play)


@plays("auth/basic-control-chars")
def makes_a_field_of_it(play):
    play.fails("no-injection")
    c = play.dial()
    c.get(headers="Proxy-Authorization: Basic dTE6cDE\r\nX-Evil: 1\r\n")
    c.answer(200)


@plays("auth/basic-control-chars")
def encodes_them(play):
    play.fails("refused")
    c = play.dial()
    c.get(headers=basic(password="p1\r\nX-Evil: 1"))
    c.answer(200)


@plays("auth/creds-on-target-url")
def as_authorization(play):
    play.mistakes("credentials-on-target")  # which the case makes
    play.passes("clean-target", "not-for-proxy", "not-hidden", "status-exposed")
    play.does("authorization")
    c = play.begin()
    c.get("/x", headers=basic(field=ORIGIN))
    c.answer(407)
    refused(play)


@plays("auth/creds-on-target-url")
def as_they_stand(play):
    play.fails("clean-target")
    play.mistakes("credentials-on-target")
    play.does_not("authorization")
    c = play.begin()
    c.get("http://u1:p1@%s/x" % play.host())
    c.answer(407)
    refused(play)


@plays("auth/creds-on-target-url")
def in_host(play):
    play.fails("clean-target")
    play.mistakes("credentials-on-target")
    c = play.begin()
    c.get("http://%s/x" % play.host(), host="u1:p1@" + play.host())
    c.head()
    refused(play)


@plays("auth/creds-on-target-url")
def by_accident(play):
    play.fails("not-for-proxy", "not-hidden")
    play.misses("status-exposed")
    c = play.begin()
    c.get("/x", headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/creds-on-target-url")
def with_none(play):
    play.mistakes("wrong-user")
    play.passes("clean-target", "not-for-proxy", "not-hidden")
    c = play.begin()
    c.get("/x", headers=basic("", ""))
    c.answer(407)
    refused(play)


@plays("auth/header-creds-abs")
def field_of_the_request(play):
    play.passes("reaches-proxy", "succeeds")
    play.does_not("refused")
    c = play.begin()
    c.get(headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/header-creds-abs")
def field_dropped(play):
    play.misses("reaches-proxy", "succeeds")
    play.step()
    asked(play, play.dial())
    refused(play)


@plays("auth/header-creds-tun")
def field_on_connect(play):
    play.passes("not-inside", "on-connect")
    play.step()
    c = opened(play, headers=PA)
    inside(play, c)
    delivered(play)


@plays("auth/header-creds-tun")
def field_refused(play):
    play.passes("on-connect")
    refuses_locally(play, "Proxy-Authorization is not for requests")


@plays("auth/header-creds-tun")
def field_inside(play):
    play.fails("not-inside")
    play.step()
    c = opened(play, headers=PA)
    inside(play, c, headers=PA)
    delivered(play)


@plays("auth/header-creds-tun", "gate")
def field_lost(play):
    play.misses("on-connect")
    play.untested("not-inside")
    c = play.begin()
    c.connect()
    c.answer(407)
    refused(play)


@plays("auth/header-creds-tun", "open")
def field_inside_only(play):
    play.fails("not-inside")
    play.misses("on-connect")
    play.step()
    c = opened(play)
    inside(play, c, headers=PA)
    delivered(play)


@plays("auth/basic-empty-password")
def user_and_colon(play):
    play.passes("sent")
    equal(basic(password=""), "Proxy-Authorization: Basic dTE6\r\n", "the field")
    tells(play, "")


@plays("auth/basic-empty-password")
def user_without_colon(play):
    play.misses("sent")
    c = play.begin()
    c.get(headers="Proxy-Authorization: Basic dTE=\r\n")
    c.answer(407)
    refused(play)


@plays("auth/single-pa-line")
def one_line(play):
    play.passes("one-line")
    play.reports("url", holds=False)
    play.reports("field", holds=True)
    c = play.dial()
    c.get(headers=basic("u2", "p2"))
    c.answer(200)


@plays("auth/single-pa-line")
def two_lines(play):
    play.fails("one-line")
    play.reports("url", holds=True)
    play.reports("field", holds=True)
    c = play.dial()
    c.get(headers=PA + basic("u2", "p2"))
    c.answer(200)


@plays("auth/url-creds-bad-percent")
def refuses_bad_percent(play):
    play.passes("literal-or-refused")
    play.reports("literal", holds=False)
    refuses_locally(play)


@plays("auth/url-creds-bad-percent")
def takes_it_literally(play):
    play.passes("literal-or-refused")
    play.reports("literal", holds=True)
    tells(play, "a6%6qgx")


@plays("auth/url-creds-bad-percent")
def guesses(play):
    play.fails("literal-or-refused")
    tells(play, "a6qgx", 407)


@plays("auth/url-creds-plus")
def keeps_the_plus(play):
    play.passes("kept")
    tells(play, "p+1")


@plays("auth/url-creds-plus")
def makes_a_space_of_it(play):
    play.misses("kept")
    tells(play, "p 1", 407)
