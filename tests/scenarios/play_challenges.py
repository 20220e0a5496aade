"""The parser of challenges: which one is answered, and with what."""

from asking import OWN, PA, asked, delivered, refused
from credentials import basic, digest
from dialogue import check, equal, plays

# ---- the parser ----------------------------------------------------------------------------------

CHALLENGES = {
    "auth/challenge-case-insensitive": ['bAsIc ReAlM="p"'],
    "auth/challenge-many-lines": ["Negotiate", "NTLM", 'Basic realm="p"'],
    "auth/challenge-quoted-comma": [r'Basic realm="a, \"b\", Digest nonce=1"'],
    "auth/challenge-unknown-first-same-line":
        [r'Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"'],
    "auth/only-unsupported-scheme": ['Hawk ts="1", tsm="x"'],
    "auth/digest-only-no-basic-leak": ['Digest realm="p", nonce="n1", qop="auth", algorithm=SHA-256'],
    "auth/basic-charset-utf8": ['Basic realm="foo", charset="UTF-8"'],
}


def challenged(play, then=None, status=407):
    """A request without credentials, its challenge, and what the client sends then, if anything."""
    play.step()
    c = play.dial()
    head = asked(play, c)
    equal(head.all("Proxy-Authenticate"), CHALLENGES[play.scenario], "the challenge")
    if play.scenario == "auth/challenge-case-insensitive":
        check("pRoXy-AuThEnTiCaTe" in [name for name, _ in head.fields], "another name", head.fields)
    if then is not None:
        c.get(headers=then)
        c.answer(status)
    if status == 200:
        delivered(play)
    else:
        refused(play, header=[["Proxy-Authenticate", v] for v in CHALLENGES[play.scenario]])


@plays("auth/challenge-case-insensitive")
def any_case(play):
    play.passes("basic-used", "succeeds")
    challenged(play, PA.replace("Basic", "bAsIc"), 200)


@plays("auth/challenge-case-insensitive")
def one_case(play):
    play.fails("basic-used", "succeeds")
    challenged(play)


@plays("auth/challenge-many-lines")
def third_line(play):
    play.passes("basic-used", "succeeds")
    challenged(play, PA, 200)


@plays("auth/challenge-many-lines")
def first_line(play):
    play.misses("basic-used", "succeeds")
    challenged(play)


@plays("auth/challenge-quoted-comma")
def one_challenge(play):
    play.passes("not-digest", "basic")
    challenged(play, PA, 200)


@plays("auth/challenge-quoted-comma")
def two_challenges(play):
    play.fails("not-digest", "basic")
    answer = digest('Digest realm="a", nonce="1", qop="auth"', "http://%s/" % play.host())
    challenged(play, answer)


@plays("auth/challenge-unknown-first-same-line")
def second_challenge(play):
    play.passes("basic-used", "nothing-else")
    challenged(play, PA, 200)


@plays("auth/challenge-unknown-first-same-line")
def mixed_challenges(play):
    play.fails("nothing-else")
    play.misses("basic-used")
    challenged(play, basic('Login to "apps"'))


@plays("auth/only-unsupported-scheme")
def unknown_scheme(play):
    play.passes("no-password", "once", "status-exposed", "scheme-named")
    challenged(play)


@plays("auth/only-unsupported-scheme")
def volunteers_a_password(play):
    play.fails("no-password")
    play.misses("once", "scheme-named", "status-exposed")
    play.step()
    c = play.dial()
    asked(play, c)
    c.get(headers=PA)
    c.answer(407)
    play.outcome(ends="error", kind="other")


@plays("auth/digest-only-no-basic-leak")
def keeps_the_password(play):
    play.passes("no-password")
    challenged(play)


@plays("auth/digest-only-no-basic-leak")
def shows_the_password(play):
    play.fails("no-password")
    challenged(play, PA)


@plays("auth/strongest-scheme")
def takes_digest(play):
    play.passes("digest")
    play.does_not("basic")
    play.step()
    c = play.dial()
    lines = asked(play, c).all("Proxy-Authenticate")
    equal(lines, ['Basic realm="p"',
                  'Digest realm="p", nonce="n1", qop="auth", algorithm=SHA-256'], "the challenges")
    c.get(headers=digest(lines[1], "http://%s/" % play.host()))
    c.answer(200)
    delivered(play)


@plays("auth/strongest-scheme")
def takes_basic(play):
    play.misses("digest")
    play.does("basic")
    play.step()
    c = play.dial()
    asked(play, c)
    c.get(headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/basic-charset-utf8")
def utf_8(play):
    play.passes("utf-8")
    equal(basic("test", "123£"), "Proxy-Authorization: Basic dGVzdDoxMjPCow==\r\n", "the RFC's")
    challenged(play, basic("test", "123£"), 200)


@plays("auth/basic-charset-utf8")
def latin_1(play):
    play.misses("utf-8")
    challenged(play, basic("test", "123£", "latin-1"))


def origins_challenge(play, then=None):
    play.step()
    c = play.dial()
    head = asked(play, c)
    equal((head.get("Proxy-Authenticate"), head.get("WWW-Authenticate")), (None, 'Basic realm="x"'),
          "the challenges")
    if then:
        c.get(headers=then)
        c.answer(407)


@plays("auth/407-with-www-authenticate-only")
def status_decides(play):
    play.passes("not-given", "status-exposed")
    origins_challenge(play)
    refused(play)


@plays("auth/407-with-www-authenticate-only")
def field_decides(play):
    play.fails("not-given")
    play.misses("status-exposed")
    origins_challenge(play, OWN)
    play.outcome(ends="error", kind="other")


@plays("auth/407-with-www-authenticate-only")
def mixes_both(play):
    play.fails("not-given")
    origins_challenge(play, basic("u9", "p9"))
    refused(play)
