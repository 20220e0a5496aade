// ky: an instance over fetch() with a ProxyAgent as its dispatcher; its own `retry`. The fetch() that Node has built in takes
// only dispatchers of the undici it was built with, which is an old one: undici's own takes its place before ky is loaded.
// Argument "no-tunnel": ProxyAgent({ proxyTunnel: false }), so that http targets are asked for in absolute-form.

import { Agent, FormData, Headers, ProxyAgent, Request, Response, fetch } from 'undici';
import { serve, versionOf, Unsupported, NODE_KINDS } from './common/drive.mjs';

// Native errors (code, name or words) and what the contract calls them: the first row that fits the error or a cause decides.
const KINDS = [
  [/\(407\)/, 'proxy-auth'],
  [/Proxy response/, 'proxy-connect'],
  ['UND_ERR_PRX_TLS', 'tls-proxy'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout-connect'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout-read'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout-read'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'incomplete'],
  ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
  ['UND_ERR_INVALID_ARG', 'config'],
  ['UND_ERR_SOCKET', 'closed-early'],
  ['HTTPParserError', 'protocol'],
  ['TimeoutError', 'timeout-total'],
  [/^redirect count exceeded/, 'redirects'],
  ...NODE_KINDS,
  [/terminated/, 'incomplete'],
];

Object.assign(globalThis, { fetch, Headers, Request, Response, FormData });
const { default: ky, HTTPError } = await import('ky');

const capabilities = ['cancel', 'deadlines', 'https', 'https-proxy', 'keep-alive', 'parallel', 'redirects', 'retry', 'retry-cap', 'streaming',
  'total-deadline'];
const isTunnelled = process.argv[2] !== 'no-tunnel';
if (!isTunnelled) capabilities.push('absolute-form');

class Session {
  open(keys) {
    const { connect_ms: connect, read_ms: read } = keys.deadlines;
    const tls = { ...keys.tls, ...(connect && { timeout: connect }) };
    const options = { ...(read && { headersTimeout: read, bodyTimeout: read }) };
    const proxy = keys.proxy;
    if (proxy?.by === 'option') throw new Unsupported('user and password as options');
    const isToken = proxy?.hasCredentials && proxy.by === 'documented';
    this.dispatcher = proxy
      ? new ProxyAgent({ ...options, uri: proxy.by === 'url' ? proxy.urlWithCredentials : proxy.url, requestTls: tls, proxyTls: tls, ...(isToken && { token: proxy.basic }), ...(!isTunnelled && { proxyTunnel: false }) })
      : new Agent({ ...options, connect: tls });
    this.held = []; // undici's clones hold a signal weakly: a limit would be lost or kept as garbage happens to be collected
    this.ky = ky.create({
      fetch: (request, init) => {
        this.held.push(request);
        return fetch(request, { ...init, dispatcher: this.dispatcher });
      },
      retry: retryOf(keys),
    });
  }

  async request(r, answer) {
    // A status that ky throws (and repeats) is an answer all the same, at the end.
    const response = await this.ky(r.url, {
      method: r.method, headers: r.headers, signal: r.signal, timeout: r.total ?? false, redirect: this.keys.redirects ? 'follow' : 'manual',
      ...(r.body && (r.stream ? { body: r.webStream, duplex: 'half' } : { body: r.body })),
    }).catch((e) => {
      if (e instanceof HTTPError) return e.response;
      throw e;
    });
    answer.begin(response.status, response.headers);
    if (response.body) for await (const chunk of response.body) answer.feed(chunk);
  }

  async close() {
    await this.dispatcher.destroy();
  }
}

function retryOf(keys) {
  if (keys.retry === 'default') return {};
  const policy = keys.policy;
  if (!policy) return 0;
  return {
    limit: policy.attempts - 1,
    ...(policy.base_ms !== undefined && { delay: (attempt) => policy.base_ms * 2 ** (attempt - 1) }),
    ...(policy.cap_ms !== undefined && { backoffLimit: policy.cap_ms, maxRetryAfter: policy.cap_ms }),
    ...(policy.methods && { methods: policy.methods === 'all' ? ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] : policy.methods.map((m) => m.toLowerCase()) }),
  };
}

serve({ client: 'ky', version: `${versionOf('ky')} (undici ${versionOf('undici')})`, capabilities, Session, kinds: KINDS });
