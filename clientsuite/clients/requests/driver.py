"""requests: a Session with explicit proxies, credentials in the proxy's URL, retries by an HTTPAdapter, as its documentation has it."""

import http.client
import os
import socket
import ssl
import sys
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3
from requests import exceptions as e
from requests.adapters import HTTPAdapter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../common"))
import drive  # noqa: E402

# Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
KINDS = [
    (ssl.SSLError, "tls-origin"),
    (e.SSLError, "tls-origin"),  # urllib3 1.26 has a CertificateError of its own for a wrong name
    (http.client.RemoteDisconnected, "closed-early"),  # a ConnectionResetError too
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (ConnectionRefusedError, "proxy-unreachable"),
    (OSError, "Tunnel connection failed: 407", "proxy-auth"),
    (OSError, "Tunnel connection failed", "proxy-connect"),
    (http.client.IncompleteRead, "incomplete"),
    (urllib3.exceptions.IncompleteRead, "incomplete"),
    (urllib3.exceptions.InvalidChunkLength, "incomplete"),
    (urllib3.exceptions.ProtocolError, "ended prematurely", "incomplete"),
    (urllib3.exceptions.InvalidHeader, "protocol"),  # of an answer: Retry-After
    (urllib3.exceptions.ConnectTimeoutError, "timeout-connect"),
    (urllib3.exceptions.ReadTimeoutError, "timeout-read"),
    (socket.timeout, "timeout-read"),
    (http.client.HTTPException, "protocol"),
    (urllib3.exceptions.ResponseError, "too many 429", "rate-limited"),
    (e.TooManyRedirects, "redirects"),
    (e.InvalidProxyURL, "config"),
    (e.InvalidHeader, "config"),
    (e.InvalidURL, "config"),
    (e.ContentDecodingError, "protocol"),
    (urllib3.exceptions.NewConnectionError, "proxy-unreachable"),
]

CAPABILITIES = ["absolute-form", "cookies", "deadlines", "environment", "https", "https-proxy", "keep-alive",
                "origin-credentials", "parallel", "read-deadline", "redirects", "retry", "retry-cap", "streaming",
                "switch-proxy"]


class Session:
    def open(self, keys):
        self.session = requests.Session()
        if keys.policy:
            for scheme in ("http://", "https://"):
                self.session.mount(scheme, HTTPAdapter(max_retries=retry_of(keys.policy)))
        if not keys.cookies:
            self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.change(keys)

    def change(self, keys):
        self.session.proxies = {}
        if keys.proxy:
            if keys.proxy.by == "option":
                raise drive.Unsupported("credentials beside the proxy's URL")
            url = keys.proxy.url if keys.proxy.by == "header" else keys.proxy.url_with_credentials()
            self.session.proxies = {"http": url, "https": url}
        self.session.auth = keys.origin_credentials

    def request(self, r, answer):
        keys = self.keys
        verify = keys.ca_file or True if keys.verify else False
        body = r.chunks() if r.stream else r.body
        with self.session.request(r.method, r.url, headers=r.header_dict(), data=body, stream=True, verify=verify,
                                  timeout=(r.connect or r.total, r.read or r.total),
                                  allow_redirects=keys.redirects) as response:
            answer.begin(response.status_code, response.headers.items())
            for chunk in response.iter_content(16384):
                answer.feed(chunk)

    def close(self):
        self.session.close()


def retry_of(policy):
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
                 status_forcelist=[502, 503, 504], **more)


drive.serve("requests", f"{requests.__version__} (urllib3 {urllib3.__version__})", CAPABILITIES, Session, KINDS)
