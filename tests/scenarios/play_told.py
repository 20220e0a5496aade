"""What clients make of the answers that other dialogues prove octet by octet.

A row: a scenario, its wire as another dialogue plays it, what the client says of its step (or of
each of them), and what is said of the client then.
"""

import play_answers as answers
import play_transport as transport
import play_tunnel as tunnels
from dialogue import plays

WHOLE = {"status": 200, "body": "whole"}
PART = {"status": 200, "body": "part"}
FOREIGN = {"status": 200, "body": "foreign"}
BROKEN = {"ends": "error", "kind": "incomplete"}
OTHER = {"ends": "error", "kind": "other"}
RESET = {"ends": "error", "kind": "reset"}
LATE = {"ends": "error", "kind": "timeout-total", "took": 20}


def told(scenario, wire, *outcomes, passes="", fails="", misses="", variants=()):
    """Names of checks stand in one text, with blanks between them."""

    def play_it(play):
        for step in range(len(outcomes)):
            play.step(step + 1)
        wire(play)
        play.passes(*passes.split())
        play.misses(*misses.split())
        play.fails(*fails.split())
        for step, outcome in enumerate(outcomes):
            fields = {k: int(play.variant) if v == "variant" else v for k, v in outcome.items()}
            play.outcome(step + 1, **fields)

    play_it.__name__ = wire.__name__ + "_told"
    plays(scenario, *variants)(play_it)


def one_way_or_the_other(scenario, wire, right, wrong, must="", should="", house=""):
    """One outcome decides all of these checks."""
    told(scenario, wire, right, passes=must + " " + should)
    told(scenario, wire, wrong, fails=must + " " + house, misses=should)


SHOWN = {"status": "variant", "body": "whole"}

for row in (
    ("framing/1xx-many", answers.many_interim, WHOLE, BROKEN, "delivered"),
    ("framing/gzip-truncated", answers.half_gzip, BROKEN, PART, "", "not-partial", "truth"),
    ("framing/headers-endless", answers.endless_headers, BROKEN, dict(WHOLE, took=20),
     "refused stops"),
    ("gateway/504-then-200", answers.slow_504, WHOLE, OTHER, "", "recovers"),
    ("gateway/origin-error-passed-through", answers.origin_error, dict(SHOWN, body_of="site"),
     {"status": 502, "body": "whole"}, "passed"),
    ("gateway/proxy-status-detail", answers.proxy_status, None, OTHER, "harmless"),
    ("https-proxy/untrusted-cert", answers.untrusted_proxy,
     {"ends": "error", "kind": "tls-proxy"}, WHOLE, "refused", "names-proxy"),
    ("retry-after/date-server-clock-ahead", answers.clock_ahead, OTHER, LATE, "in-time"),
    ("retry-after/garbage", answers.garbage, WHOLE, OTHER, "survives", "recovers"),
    ("slow/trickle-body", answers.trickle_body, BROKEN, dict(PART, took=20), "in-time incomplete",
     "", "truth"),
    ("slow/trickle-connect-response", answers.trickle_connect, OTHER, dict(WHOLE, took=20),
     "in-time refused"),
    ("slow/write-timeout", answers.write_timeout, OTHER, dict(WHOLE, took=20), "in-time refused"),
    ("tls/no-close-notify-length-short", tunnels.truncated, BROKEN, PART, "incomplete", "", "truth"),
    ("tls/plaintext-after-200", tunnels.plaintext, {"ends": "error", "kind": "tls-origin"},
     {"status": 502, "body": "foreign"}, "not-delivered", "names-tls", "truth"),
    ("transport/close-delimited-fin", transport.close_delimited_fin, WHOLE, BROKEN, "complete"),
    ("transport/close-delimited-rst", transport.close_delimited_rst, BROKEN, PART, "incomplete", "",
     "truth"),
    ("transport/early-413-then-close", transport.early_413, {"status": 413, "body": "whole"}, RESET,
     "", "delivered"),
    ("transport/empty-reply", transport.empty_reply, OTHER, {"status": 200, "body": "empty"},
     "refused", "", "truth"),
    ("transport/fin-between-chunks", transport.fin_between_chunks, BROKEN, PART, "incomplete", "",
     "truth"),
    ("transport/fin-mid-headers", transport.fin_mid_headers, BROKEN, {"status": 200, "body": "empty"},
     "incomplete", "", "truth"),
    ("transport/no-splice-on-retry", transport.no_splice, WHOLE, FOREIGN, "no-splice", "", ""),
    ("transport/post-rst-after-delivery", transport.post_rst, RESET, WHOLE, "", "reported"),
    ("transport/rst-mid-body-length", transport.rst_mid_body, BROKEN, PART, "incomplete",
     "names-reset", "truth"),
    ("transport/stall-mid-body", transport.stall_mid_body, dict(BROKEN, took=1.2), PART,
     "incomplete", "in-time", "truth"),
    ("tunnel/1xx-before-2xx", tunnels.interim, WHOLE, OTHER, "used"),
    ("tunnel/2xx-201-204-299", tunnels.unusual_2xx, WHOLE, OTHER, "used"),
    ("tunnel/2xx-content-length-ignored", tunnels.content_length, WHOLE, OTHER, "used"),
    ("tunnel/2xx-dribbled", tunnels.dribbled, WHOLE, OTHER, "used"),
    ("tunnel/2xx-early-server-bytes", tunnels.early_server_bytes, {"status": 200, "bytes": 14},
     {"status": 200, "bytes": 0}, "banner"),
    ("tunnel/502-504-status-exposed", tunnels.gateway_status,
     {"ends": "error", "status": "variant", "kind": "proxy-connect"},
     {"status": 200, "body": "foreign", "body_of": "deny"}, "not-hidden no-success",
     "status-exposed"),
    ("tunnel/407-error-text", tunnels.credentials_wanted,
     {"ends": "error", "kind": "proxy-auth", "error": "407 from proxy after CONNECT"},
     dict(WHOLE, error="ok"), "not-hidden", "text named"),
    ("tunnel/garbage-response", tunnels.garbage, OTHER, WHOLE, "refused"),
):
    one_way_or_the_other(*row)
