"""aiohttp: a ClientSession; proxy and proxy_auth with each request; the variant "retry" has RetryClient of aiohttp-retry around it."""

import os
import socket
import ssl
import sys
from importlib.metadata import version

import aiohttp
from aiohttp.abc import AbstractResolver

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../common"))
import drive  # noqa: E402

# Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
KINDS = [
    (ConnectionRefusedError, "proxy-unreachable"),
    (ssl.SSLError, "tls-origin"),
    (aiohttp.ClientSSLError, "tls-origin"),
    (aiohttp.ClientHttpProxyError, "407", "proxy-auth"),
    (aiohttp.ClientHttpProxyError, "proxy-connect"),
    (aiohttp.ServerDisconnectedError, "closed-early"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (aiohttp.ClientPayloadError, "incomplete"),
    (aiohttp.ConnectionTimeoutError, "timeout-connect"),
    (aiohttp.SocketTimeoutError, "timeout-read"),
    (TimeoutError, "timeout-total"),
    (aiohttp.TooManyRedirects, "redirects"),
    (aiohttp.InvalidURL, "config"),
    (aiohttp.ClientProxyConnectionError, "proxy-unreachable"),
    (aiohttp.ClientResponseError, "protocol"),
    (aiohttp.ClientConnectionError, "closed-early"),
    (ValueError, "config"),
]

CAPABILITIES = ["absolute-form", "cancel", "cookies", "deadlines", "environment", "expect-continue", "host-map",
                "https", "https-proxy", "keep-alive", "origin-credentials", "parallel", "read-deadline",
                "redirects", "streaming", "switch-proxy", "total-deadline"]
WITH_RETRY = sys.argv[1:] == ["retry"]
VERSION = aiohttp.__version__
if WITH_RETRY:
    import aiohttp_retry
    CAPABILITIES.remove("total-deadline")  # ClientTimeout(total=…) is each attempt's; aiohttp-retry has none for all of them
    CAPABILITIES += ["retry"]
    VERSION += f" (aiohttp-retry {version('aiohttp-retry')})"


class Session:
    async def open(self, keys):
        context = ssl.create_default_context(cafile=keys.ca_file)
        if not keys.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        more = {"resolver": Resolver(keys.hosts)} if keys.hosts else {}
        auth = aiohttp.BasicAuth(*keys.origin_credentials) if keys.origin_credentials else None
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, **more), trust_env=keys.proxy is None, auth=auth,
            cookie_jar=None if keys.cookies else aiohttp.DummyCookieJar())
        self.client = self.session
        if WITH_RETRY and keys.retry != "off":
            self.client = aiohttp_retry.RetryClient(client_session=self.session, retry_options=retry_of(keys))
        await self.change(keys)

    async def change(self, keys):
        self.proxy, proxy = {}, keys.proxy
        if proxy:
            self.proxy = {"proxy": proxy.url_with_credentials() if proxy.by == "url" else proxy.url}
            if proxy.has_credentials and proxy.by in ("documented", "option"):
                self.proxy["proxy_auth"] = aiohttp.BasicAuth(proxy.username, proxy.password or "")

    async def request(self, r, answer):
        timeout = aiohttp.ClientTimeout(total=r.total, sock_connect=r.connect, sock_read=r.read)
        more = {"expect100": True} if r.expect_continue else {}
        body = pieces(r) if r.stream else r.body
        async with self.client.request(r.method, r.url, headers=r.headers, data=body, timeout=timeout,
                                       allow_redirects=self.keys.redirects, **self.proxy, **more) as response:
            answer.begin(response.status, response.raw_headers)
            async for chunk in response.content.iter_any():
                answer.feed(chunk)

    async def close(self):
        await self.session.close()


async def pieces(r):
    for piece in r.chunks():
        yield piece


def retry_of(keys):
    if keys.retry == "default":
        return aiohttp_retry.ExponentialRetry()
    policy, more = keys.policy, {}
    if "cap_ms" in policy:
        more["max_timeout"] = policy["cap_ms"] / 1000
    if "methods" in policy and policy["methods"] != "all":
        more["methods"] = set(policy["methods"])
    return aiohttp_retry.ExponentialRetry(attempts=policy["attempts"], statuses={429},
                                          start_timeout=policy.get("base_ms", 100) / 1000, **more)


class Resolver(AbstractResolver):
    """Names of the case; all others as the system has them."""

    def __init__(self, hosts):
        self.hosts, self.other = hosts, aiohttp.ThreadedResolver()

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host not in self.hosts:
            return await self.other.resolve(host, port, family)
        addresses = self.hosts[host]
        return [{"hostname": host, "host": a, "port": port, "proto": 0, "flags": socket.AI_NUMERICHOST,
                 "family": socket.AF_INET6 if ":" in a else socket.AF_INET}
                for a in addresses]

    async def close(self):
        await self.other.close()


drive.serve("aiohttp", VERSION, CAPABILITIES, Session, KINDS)
