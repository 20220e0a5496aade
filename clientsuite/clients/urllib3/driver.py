"""urllib3: a ProxyManager with proxy_headers, Timeout and Retry, as its user guide has it.

Without the argument "retry" nothing is asked of Retry but what the suite's `retry` says with "off" and "default".
"""

import http.client
import os
import socket
import ssl
import sys

import urllib3
from urllib3 import exceptions as e

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../common"))
import drive  # noqa: E402

# Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
KINDS = [
    (ssl.SSLError, "tls-origin"),
    (http.client.RemoteDisconnected, "closed-early"),  # a ConnectionResetError too
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (ConnectionRefusedError, "proxy-unreachable"),
    (OSError, "Tunnel connection failed: 407", "proxy-auth"),
    (OSError, "Tunnel connection failed", "proxy-connect"),
    (http.client.IncompleteRead, "incomplete"),
    (e.IncompleteRead, "incomplete"),
    (e.InvalidChunkLength, "incomplete"),
    (e.ProtocolError, "ended prematurely", "incomplete"),
    (e.InvalidHeader, "protocol"),  # of an answer: Retry-After
    (e.ConnectTimeoutError, "timeout-connect"),
    (e.ReadTimeoutError, "timeout-read"),
    (socket.timeout, "timeout-read"),
    (http.client.HTTPException, "protocol"),
    (e.ResponseError, "too many 429", "rate-limited"),
    (e.ResponseError, "too many redirects", "redirects"),
    (e.ProxySchemeUnknown, "config"),
    (e.LocationParseError, "config"),
    (e.DecodeError, "protocol"),
    (e.NewConnectionError, "proxy-unreachable"),
]

CAPABILITIES = ["absolute-form", "deadlines", "https", "https-proxy", "keep-alive", "origin-credentials", "parallel",
                "read-deadline", "redirects", "streaming"]
if sys.argv[1:] == ["retry"]:
    CAPABILITIES += ["retry", "retry-cap"]


class Session:
    def open(self, keys):
        context = urllib3.util.create_urllib3_context()
        context.load_default_certs()
        if keys.ca_file:
            context.load_verify_locations(keys.ca_file)
        if not keys.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        more = {"ssl_context": context}
        if not keys.proxy:
            self.pool = urllib3.PoolManager(**more)
            return
        proxy = keys.proxy
        if proxy.by == "url" or "@" in proxy.url:
            raise drive.Unsupported("credentials in the proxy's URL")
        if proxy.has_credentials and proxy.by != "header":
            pair = f"{proxy.username}:{proxy.password or ''}"
            more["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=pair)
        if proxy.url.startswith("https:"):
            more["proxy_ssl_context"] = context
        self.pool = urllib3.ProxyManager(proxy.url, **more)

    def request(self, r, answer):
        keys = self.keys
        headers = urllib3.HTTPHeaderDict(r.headers)
        if keys.origin_credentials:
            headers.extend(urllib3.make_headers(basic_auth=":".join(keys.origin_credentials)))
        response = self.pool.request(
            r.method, r.url, headers=headers, body=r.chunks() if r.stream else r.body, preload_content=False,
            timeout=urllib3.Timeout(total=r.total, connect=r.connect, read=r.read),
            redirect=keys.redirects, retries=retries_of(keys))
        answer.begin(response.status, response.headers.items())
        for chunk in response.stream(16384):
            answer.feed(chunk)
        response.release_conn()

    def close(self):
        self.pool.clear()


def retries_of(keys):
    """The policy as `retries` takes it: False is none, None is the library's own."""
    if keys.retry == "default":
        return None
    policy = keys.policy
    if not policy:
        return urllib3.Retry(connect=0, read=0, status=0, other=0, redirect=10) if keys.redirects else False
    retry, more = urllib3.Retry, {}
    if "cap_ms" in policy and urllib3.__version__.startswith("1."):  # no argument there, a constant of the class
        retry = type("Retry", (urllib3.Retry,), {"DEFAULT_BACKOFF_MAX": policy["cap_ms"] / 1000})
    elif "cap_ms" in policy:
        more["backoff_max"] = policy["cap_ms"] / 1000
        if hasattr(urllib3.Retry, "DEFAULT_RETRY_AFTER_MAX"):
            more["retry_after_max"] = policy["cap_ms"] // 1000
    if "methods" in policy:
        more["allowed_methods"] = None if policy["methods"] == "all" else policy["methods"]
    return retry(total=policy["attempts"] - 1, backoff_factor=policy.get("base_ms", 100) / 1000,
                 status_forcelist=[502, 503, 504], raise_on_status=False, **more)


drive.serve("urllib3", urllib3.__version__, CAPABILITIES, Session, KINDS)
