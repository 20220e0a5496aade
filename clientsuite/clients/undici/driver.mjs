// undici: fetch() with a ProxyAgent as dispatcher, credentials as its token.
//
// Argument "no-tunnel": ProxyAgent({ proxyTunnel: false }), so that http targets are asked for in absolute-form.
// Argument "retry": a RetryAgent around such a ProxyAgent.

import { fetch, Agent, EnvHttpProxyAgent, ProxyAgent, RetryAgent } from 'undici';
import { serve, versionOf, Unsupported, NODE_KINDS } from './common/drive.mjs';

// Native errors (code, name or words) and what the contract calls them: the first row that fits the error or a cause decides.
const KINDS = [
  [/\(407\)/, 'proxy-auth'],
  [/Proxy response/, 'proxy-connect'],
  ['UND_ERR_PRX_TLS', 'tls-proxy'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout-connect'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout-read'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout-read'],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'protocol'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'incomplete'],
  ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
  ['UND_ERR_INVALID_ARG', 'config'],
  ['UND_ERR_SOCKET', 'closed-early'],
  ['UND_ERR_REQ_RETRY', 'other'],
  ['HTTPParserError', 'protocol'],
  [/^redirect count exceeded/, 'redirects'],
  ...NODE_KINDS,
  [/terminated/, 'incomplete'],
];

const variant = process.argv[2];
const isTunnelled = variant === undefined;
const capabilities = ['cancel', 'deadlines', 'environment', 'host-map', 'https', 'https-proxy', 'keep-alive', 'parallel',
  'redirects', 'streaming', 'total-deadline'];
if (!isTunnelled) capabilities.push('absolute-form');
if (variant === 'retry') capabilities.push('retry', 'retry-cap');

class Session {
  open(keys) {
    const { connect_ms: connect, read_ms: read } = keys.deadlines;
    const tls = { ...keys.tls, ...(connect && { timeout: connect }), ...(keys.hosts && { lookup: keys.lookup }) };
    const options = { ...(read && { headersTimeout: read, bodyTimeout: read }) };
    const proxy = keys.proxy;
    if (proxy?.by === 'option') throw new Unsupported('user and password as options');
    if (proxy) {
      const isToken = proxy.hasCredentials && proxy.by === 'documented';
      this.dispatcher = new ProxyAgent({
        ...options, uri: proxy.by === 'url' ? proxy.urlWithCredentials : proxy.url, requestTls: tls, proxyTls: tls,
        ...(isToken && { token: proxy.basic }), ...(!isTunnelled && { proxyTunnel: false }),
      });
    } else if (Object.keys(process.env).some((name) => /^https?_proxy$/i.test(name))) {
      this.dispatcher = new EnvHttpProxyAgent({ ...options, connect: tls, requestTls: tls, proxyTls: tls });
    } else {
      this.dispatcher = new Agent({ ...options, connect: tls });
    }
    if (variant === 'retry' && keys.retry !== 'off') this.dispatcher = new RetryAgent(this.dispatcher, retryOf(keys.policy));
  }

  async request(r, answer) {
    const response = await fetch(r.url, {
      method: r.method, headers: r.headers, dispatcher: this.dispatcher, signal: r.signal,
      redirect: this.keys.redirects ? 'follow' : 'manual',
      ...(r.body && (r.stream ? { body: r.webStream, duplex: 'half' } : { body: r.body })),
    }).catch((e) => {
      const { statusCode, headers } = e.cause ?? {}; // a RequestRetryError has those of the last answer, not its body
      if (e.cause?.code === 'UND_ERR_REQ_RETRY' && statusCode) answer.begin(statusCode, Object.entries(headers ?? {}).flatMap(([name, value]) => [value].flat().map((v) => [name, v])));
      throw e;
    });
    answer.begin(response.status, response.headers);
    if (response.body) for await (const chunk of response.body) answer.feed(chunk);
  }

  async close() {
    await this.dispatcher.destroy?.();
  }
}

function retryOf(policy) {
  if (!policy) return {};
  return {
    maxRetries: policy.attempts - 1, ...(policy.base_ms !== undefined && { minTimeout: policy.base_ms }),
    ...(policy.cap_ms !== undefined && { maxTimeout: policy.cap_ms }),
    ...(policy.methods && { methods: policy.methods === 'all' ? ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] : policy.methods }),
  };
}

serve({ client: 'undici', version: versionOf('undici'), capabilities, Session, kinds: KINDS });
