"""httpx: a Client with `proxy`, credentials in its URL; the variant "retry" has RetryTransport of httpx-retries around HTTPTransport."""

import os
import ssl
import sys
from http.cookiejar import DefaultCookiePolicy

import httpx

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../common"))
import drive  # noqa: E402

# Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
KINDS = [
    (httpx.ProxyError, "407", "proxy-auth"),
    (httpx.ProxyError, "proxy-connect"),
    (ssl.SSLError, "tls-origin"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (ConnectionRefusedError, "proxy-unreachable"),
    (httpx.RemoteProtocolError, "without sending complete message body", "incomplete"),
    (httpx.RemoteProtocolError, "without sending a response", "closed-early"),
    (httpx.RemoteProtocolError, "protocol"),
    (httpx.ConnectTimeout, "timeout-connect"),
    (httpx.ReadTimeout, "timeout-read"),
    (httpx.TimeoutException, "timeout-total"),
    (httpx.TooManyRedirects, "redirects"),
    (httpx.DecodingError, "protocol"),
    (httpx.InvalidURL, "config"),
    (httpx.LocalProtocolError, "config"),
    (httpx.ConnectError, "proxy-unreachable"),
]

CAPABILITIES = ["absolute-form", "cookies", "deadlines", "environment", "https", "https-proxy", "keep-alive",
                "origin-credentials", "parallel", "redirects", "streaming"]
WITH_RETRY = sys.argv[1:] == ["retry"]
VERSION = httpx.__version__
if WITH_RETRY:
    from importlib.metadata import version

    import httpx_retries
    CAPABILITIES += ["retry"]
    VERSION += f" (httpx-retries {version('httpx-retries')})"


class Session:
    takes = ("without-proxy",)

    def open(self, keys):
        context = ssl.create_default_context(cafile=keys.ca_file)
        if not keys.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        more = {"verify": context}
        proxy = proxy_of(keys.proxy, context) if keys.proxy else None
        if WITH_RETRY and keys.retry != "off":
            transport = httpx.HTTPTransport(proxy=proxy, **more)
            more = {"transport": httpx_retries.RetryTransport(transport=transport, retry=retry_of(keys))}
        elif proxy:
            more["proxy"] = proxy
        if keys.without_proxy:
            more["mounts"] = {f"all://{host}": None for host in keys.without_proxy}
        self.client = httpx.Client(follow_redirects=keys.redirects, timeout=None,
                                   auth=keys.origin_credentials, **more)
        if not keys.cookies:
            self.client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def request(self, r, answer):
        rest = r.read or r.total
        timeout = httpx.Timeout(connect=r.connect or r.total, read=rest, write=rest, pool=rest)
        with self.client.stream(r.method, r.url, headers=r.headers, content=r.chunks() if r.stream else r.body,
                                timeout=timeout) as response:
            answer.begin(response.status_code, response.headers.multi_items())
            for chunk in response.iter_bytes():
                answer.feed(chunk)

    def close(self):
        self.client.close()


def proxy_of(proxy, context):
    more = {"ssl_context": context} if proxy.url.startswith("https:") else {}
    if proxy.by == "option" and proxy.has_credentials:
        more["auth"] = (proxy.username, proxy.password or "")
    is_in_url = proxy.by in ("documented", "url")
    return httpx.Proxy(proxy.url_with_credentials() if is_in_url else proxy.url, **more)


def retry_of(keys):
    if keys.retry == "default":
        return httpx_retries.Retry()
    policy, more = keys.policy, {}
    if "cap_ms" in policy:
        more["max_backoff_wait"] = policy["cap_ms"] / 1000
    if "methods" in policy:
        everything = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
        more["allowed_methods"] = everything if policy["methods"] == "all" else policy["methods"]
    return httpx_retries.Retry(total=policy["attempts"] - 1, backoff_factor=policy.get("base_ms", 500) / 1000, **more)


drive.serve("httpx", VERSION, CAPABILITIES, Session, KINDS)
