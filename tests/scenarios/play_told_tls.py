"""What clients make of TLS and of limits; the octets are proved elsewhere."""

import ssl

import play_answers as answers
import play_transport as transport
import play_tunnel as tunnels
from dialogue import plays
from play_told import OTHER, WHOLE, one_way_or_the_other, told

# ---- TLS -----------------------------------------------------------------------------------------


def trusting(play, c, name):
    """A client that does not look at certificates."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    c.socket = context.wrap_socket(c.socket, server_hostname=name)


def trusts_the_site(play):
    play.fails("no-request" if play.scenario != "tls/proxy-mitm" else "nothing-sent", "refused")
    if play.scenario != "tls/proxy-mitm":
        play.misses("names-certificate")
    play.step()
    c = play.dial()
    c.connect()
    c.head(200)
    trusting(play, c, play.host())
    c.inside("/")
    c.answer(200)
    play.outcome(**WHOLE)


def refuses_the_site(play):
    play.passes("refused")
    play.step()
    c = play.dial()
    c.connect()
    c.head(200)
    try:
        c.secure(play.host())
    except ssl.SSLCertVerificationError:
        pass
    play.outcome(ends="error", kind="tls-origin")


for scenario, names in (
    ("tls/self-signed", "no-request refused names-certificate"),
    ("tls/wrong-host", "no-request refused names-certificate"),
    ("tls/proxy-mitm", "nothing-sent refused"),
):

    def right(play, names=names):
        play.passes(*names.split())
        refuses_the_site(play)

    plays(scenario)(right)
    plays(scenario)(trusts_the_site)


def by_address(play):
    play.step()
    answers_it = play.variant == "named"
    tunnels.ip_target(play)
    play.passes("accepted" if answers_it else "refused")
    play.outcome(**(WHOLE if answers_it else OTHER))


def by_any_address(play):
    play.step()
    tunnels.ip_target(play)
    play.fails("accepted" if play.variant == "named" else "refused")
    play.outcome(**(OTHER if play.variant == "named" else WHOLE))


plays("tls/ip-target")(by_address)
plays("tls/ip-target")(by_any_address)


def handshakes(play, count):
    play.step()
    for _ in range(count):
        c = play.dial()
        c.connect()
        c.head(200)
        try:
            c.secure(play.host())
        except (ssl.SSLError, OSError):
            pass


def one_alert(play):
    play.passes("bounded", "refused", "named")
    handshakes(play, 1)
    play.outcome(ends="error", kind="tls-origin")


def many_alerts(play):
    play.fails("bounded", "refused")
    play.misses("named")
    handshakes(play, 5)
    play.outcome(**WHOLE)


plays("tls/fatal-alert")(one_alert)
plays("tls/fatal-alert")(many_alerts)


def better_the_second_time(play):
    play.passes("bounded", "recovers")
    handshakes(play, 2)
    play.outcome(**WHOLE)


def worse_each_time(play):
    play.fails("bounded")
    play.misses("recovers")
    handshakes(play, 5)
    play.outcome(**OTHER)


plays("tls/rst-mid-handshake", "on")(better_the_second_time)
plays("tls/rst-mid-handshake", "on")(worse_each_time)


def refuses_the_proxy(play):
    play.passes("nothing-sent", "refused")
    play.step()
    try:
        play.dial(name="127.0.0.1")
    except ssl.SSLCertVerificationError:
        pass
    play.event("hello", at="proxy")
    play.outcome(ends="error", kind="tls-proxy")


def trusts_the_proxy(play):
    play.fails("nothing-sent", "refused")
    if play.scenario == "https-proxy/untrusted-cert":
        play.misses("names-proxy")
    play.step()
    c = play.dial()
    trusting(play, c, "127.0.0.1")
    c.connect()
    c.head()
    play.outcome(**WHOLE)


for scenario in "https-proxy/untrusted-cert", "https-proxy/cert-for-target-name":
    plays(scenario)(refuses_the_proxy)
    plays(scenario)(trusts_the_proxy)


# ---- limits --------------------------------------------------------------------------------------


def in_vain(play):
    """Nobody listens."""
    play.step()
    answers.proxy_refused(play)


def named_soon(play):
    play.passes("named", "soon")
    in_vain(play)
    play.outcome(ends="error", kind="proxy-unreachable")


def unnamed_late(play):
    play.misses("named", "soon")
    in_vain(play)
    play.outcome(ends="error", kind="other", took=4)


plays("routing/proxy-refused-class")(named_soon)
plays("routing/proxy-refused-class")(unnamed_late)
one_way_or_the_other("routing/proxy-refused-retry", answers.proxy_late, WHOLE, dict(WHOLE, took=12),
                     "bounded", "", "")


def early_and_late(scenario, wire, names, kind):
    """A limit of one second for what lasts longer."""
    right, wrong = {"ends": "error", "kind": kind}, {"ends": "error", "kind": "other"}
    told(scenario, wire, dict(right, took=1.2), passes="not-early in-time " + names)
    told(scenario, wire, dict(wrong, took=0.2), passes="in-time", misses="not-early " + names)
    told(scenario, wire, dict(right, took=4.5), passes="not-early " + names, misses="in-time")


early_and_late("transport/syn-blackhole", transport.syn_blackhole, "named", "timeout-connect")
told("transport/syn-blackhole", transport.syn_blackhole,
     {"ends": "error", "kind": "timeout-total", "error": "Failed to connect: Connection timed out", "took": 1.2},
     passes="not-early in-time named")
early_and_late("tunnel/stall-no-response", tunnels.no_answer, "names-timeout", "timeout-connect")
told("tunnel/stall-no-response", tunnels.no_answer, {"ends": "error", "kind": "timeout-total"},
     misses="not-early", passes="stops")
told("tunnel/stall-no-response", tunnels.no_answer,
     {"ends": "error", "kind": "timeout-total", "took": 8}, misses="in-time", fails="stops")
told("tunnel/stall-no-response", tunnels.no_answer,
     {"ends": "error", "kind": "timeout-total", "took": 6}, passes="stops", misses="in-time")


def first_byte(play, wait):
    play.step()
    c = play.dial()
    c.get()
    c.silence(wait)
    play.outcome(ends="error", kind="timeout-read")
    c.close()
    play.event("close", at="proxy", by="client")


def one_second(play):
    play.passes("not-early", "in-time", "closes")
    first_byte(play, 1)


def half_a_second(play):
    play.fails("not-early")
    first_byte(play, 0.5)


def four_seconds(play):
    play.passes("not-early", "closes")
    play.misses("in-time")
    first_byte(play, 4.2)


for client in one_second, half_a_second, four_seconds:
    plays("slow/first-byte-timeout")(client)
