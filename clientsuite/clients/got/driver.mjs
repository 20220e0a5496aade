// got: an instance with the agents of hpagent, which is what its documentation recommends for proxies; its own `retry`.
// hpagent opens a tunnel for http targets too, so there is no absolute-form.

import got from 'got';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { CookieJar } from 'tough-cookie';
import { serve, versionOf, NODE_KINDS } from './common/drive.mjs';

// Native errors (code, name or words) and what the contract calls them: the first row that fits the error or a cause decides.
const KINDS = [
  [/Bad response: 407/, 'proxy-auth'],
  [/Bad response/, 'proxy-connect'],
  [/Proxy timeout/, 'timeout-connect'],
  ['MaxRedirectsError', 'redirects'],
  [/awaiting '(lookup|connect|secureConnect)'/, 'timeout-connect'],
  [/awaiting '(socket|response|read|send)'/, 'timeout-read'],
  [/awaiting 'request'/, 'timeout-total'],
  [/Content-Length mismatch/i, 'incomplete'],
  ['ERR_UNSUPPORTED_PROTOCOL', 'config'],
  ...NODE_KINDS,
  [/server aborted pending request/, 'incomplete'],
];

const capabilities = ['cancel', 'cookies', 'deadlines', 'https', 'https-proxy', 'keep-alive', 'origin-credentials', 'parallel',
  'read-deadline', 'redirects', 'retry', 'retry-cap', 'streaming', 'total-deadline'];

class Session {
  hasReadLimit = true;

  open(keys) {
    const options = { keepAlive: true, ...keys.tls };
    const proxy = keys.proxy;
    if (proxy) {
      const url = new URL(proxy.by === 'header' ? proxy.url : proxy.urlWithCredentials);
      const own = { ...options, proxy: url, proxyRequestOptions: { ...keys.tls } };
      this.agent = { http: new HttpProxyAgent(own), https: new HttpsProxyAgent(own) };
    } else {
      this.agent = { http: new http.Agent(options), https: new https.Agent(options) };
    }
    this.got = got.extend({
      agent: this.agent, followRedirect: Boolean(keys.redirects), throwHttpErrors: false, responseType: 'buffer', retry: retryOf(keys),
      https: { certificateAuthority: keys.ca, rejectUnauthorized: keys.verify },
      ...(keys.cookies && { cookieJar: new CookieJar() }),
      ...keys.origin_credentials,
    });
  }

  async request(r, answer) {
    const options = {
      method: r.method, headers: r.headerObject, signal: r.signal, timeout: { request: r.total, connect: r.connect, socket: r.read },
      ...(r.body && { body: r.stream ? Readable.from(r.chunks()) : r.body }),
    };
    if (!r.readStream) {
      try {
        const response = await this.got(r.url, options);
        answer.begin(response.statusCode, response.rawHeaders);
        answer.feed(response.rawBody);
      } catch (e) {
        if (e.response) answer.begin(e.response.statusCode, e.response.rawHeaders ?? []);
        throw e;
      }
      return;
    }
    const stream = this.got.stream(r.url, { ...options, body: undefined });
    stream.on('response', (response) => answer.begin(response.statusCode, response.rawHeaders));
    if (r.body) Readable.from(r.stream ? r.chunks() : [r.body]).pipe(stream);
    for await (const chunk of stream) answer.feed(chunk);
  }

  close() {
    this.agent.http.destroy();
    this.agent.https.destroy();
  }
}

function retryOf(keys) {
  if (keys.retry === 'default') return {};
  const policy = keys.policy;
  if (!policy) return { limit: 0 };
  return {
    limit: policy.attempts - 1,
    ...(policy.cap_ms !== undefined && { backoffLimit: policy.cap_ms, maxRetryAfter: policy.cap_ms }),
    ...(policy.methods && { methods: policy.methods === 'all' ? ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] : policy.methods }),
    ...(policy.base_ms !== undefined && { calculateDelay: ({ computedValue, attemptCount, retryAfter }) => computedValue && (retryAfter ?? Math.min(policy.base_ms * 2 ** (attemptCount - 1), policy.cap_ms ?? Infinity)) }),
  };
}

serve({ client: 'got', version: `${versionOf('got')} (hpagent ${versionOf('hpagent')})`, capabilities, Session, kinds: KINDS });
