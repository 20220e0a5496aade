// axios: an instance with `proxy` and its own keep-alive agents. Argument "retry": axios-retry with exponentialDelay.
// A proxy's URL is known to axios from the environment alone; credentials in a URL are therefore given there.

import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import axios from 'axios';
import { serve, versionOf, NODE_KINDS } from './common/drive.mjs';

// Native errors (code, name or words) and what the contract calls them: the first row that fits the error or a cause decides.
const KINDS = [
  [/(407|Proxy Authentication Required)/, 'proxy-auth'],
  [/tunneling socket could not be established|Proxy CONNECT|Proxy connection ended before/, 'proxy-connect'],
  ['ERR_FR_TOO_MANY_REDIRECTS', 'redirects'],
  [/stream has been aborted/, 'incomplete'],
  [/maxContentLength/, 'other'],
  ['ECONNABORTED', 'timeout-read'],
  ['ERR_BAD_OPTION', 'config'],
  ...NODE_KINDS,
];

const withRetry = process.argv[2] === 'retry';
const capabilities = ['absolute-form', 'cancel', 'deadlines', 'environment', 'host-map', 'https', 'https-proxy', 'keep-alive',
  'origin-credentials', 'parallel', 'read-deadline', 'redirects', 'streaming', 'switch-proxy', 'total-deadline'];
let version = versionOf('axios');
let axiosRetry;
if (withRetry) {
  axiosRetry = (await import('axios-retry')).default;
  capabilities.push('retry');
  version += ` (axios-retry ${versionOf('axios-retry')})`;
}

class Session {
  hasReadLimit = true;

  open(keys) {
    const options = { keepAlive: true, ...keys.tls, ...(keys.hosts && { lookup: keys.lookup }) };
    this.agents = { httpAgent: new http.Agent(options), httpsAgent: new https.Agent(options) };
    this.axios = axios.create({
      ...this.agents, maxRedirects: keys.redirects ? 5 : 0, ...(keys.hosts && { lookup: keys.lookup }),
      ...(keys.origin_credentials && { auth: keys.origin_credentials }),
    });
    if (withRetry && keys.retry !== 'off') axiosRetry(this.axios, retryOf(keys.policy));
    this.change(keys);
  }

  change(keys) {
    const proxy = keys.proxy;
    if (!proxy) {
      this.proxy = {}; // axios reads the environment
      this.environment = null;
      return;
    }
    this.environment = null;
    if (proxy.url.includes('@') || proxy.by === 'url') {
      this.proxy = {};
      this.environment = proxy.url.includes('@') ? proxy.url : proxy.urlWithCredentials;
      return;
    }
    const url = new URL(proxy.url);
    this.proxy = { proxy: { protocol: url.protocol.slice(0, -1), host: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) } };
    if (proxy.hasCredentials && proxy.by !== 'header') this.proxy.proxy.auth = { username: proxy.username, password: proxy.password };
  }

  async request(r, answer) {
    let response;
    if (this.environment) process.env.http_proxy = process.env.https_proxy = this.environment;
    try {
      response = await this.axios.request({
        method: r.method, url: r.url, headers: r.headerObject, data: r.stream ? Readable.from(r.chunks()) : r.body, signal: r.signal,
        timeout: r.read ?? 0, responseType: r.readStream ? 'stream' : 'arraybuffer', ...this.proxy,
      });
    } catch (e) {
      if (!e.response || !['ERR_BAD_REQUEST', 'ERR_BAD_RESPONSE'].includes(e.code) || /aborted/.test(e.message)) throw e;
      response = e.response; // an answer whose status axios throws by default
    } finally {
      if (this.environment) for (const name of ['http_proxy', 'https_proxy']) delete process.env[name];
    }
    const raw = response.request?.res?.rawHeaders;
    answer.begin(response.status, raw ?? Object.entries(response.headers));
    if (r.readStream) for await (const chunk of response.data) answer.feed(chunk);
    else answer.feed(response.data);
  }

  close() {
    this.agents.httpAgent.destroy();
    this.agents.httpsAgent.destroy();
  }
}

function retryOf(policy) {
  if (!policy) return { retryDelay: axiosRetry.exponentialDelay };
  const isTransient = (e) => axiosRetry.isNetworkError(e) || axiosRetry.isRetryableError(e);
  const isAllowed = (e) => policy.methods === 'all' || policy.methods.includes(e.config.method.toUpperCase());
  return {
    retries: policy.attempts - 1, retryDelay: (count, error) => axiosRetry.exponentialDelay(count, error, policy.base_ms ?? 100),
    ...(policy.methods && { retryCondition: (e) => isTransient(e) && isAllowed(e) }),
  };
}

serve({ client: 'axios', version, capabilities, Session, kinds: KINDS });
