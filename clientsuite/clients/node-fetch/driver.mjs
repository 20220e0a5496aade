// node-fetch with an HttpsProxyAgent of https-proxy-agent as its `agent`, which opens a tunnel for http targets too.

import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import fetch from 'node-fetch';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { serve, versionOf, NODE_KINDS } from './common/drive.mjs';

// Native errors (code, name or words) and what the contract calls them: the first row that fits the error or a cause decides.
const KINDS = [
  [/Proxy connection ended before receiving CONNECT response/, 'closed-early'],
  ['max-redirect', 'redirects'],
  [/^maximum redirect/, 'redirects'],
  [/Premature close/, 'incomplete'],
  ...NODE_KINDS,
];

const capabilities = ['cancel', 'deadlines', 'https', 'https-proxy', 'keep-alive', 'parallel', 'redirects', 'streaming'];

class Session {
  open(keys) {
    const options = { keepAlive: true, ...keys.tls, ...(keys.deadlines.read_ms && { timeout: keys.deadlines.read_ms }) };
    const proxy = keys.proxy;
    if (proxy) {
      const agent = new HttpsProxyAgent(proxy.by === 'header' ? proxy.url : proxy.urlWithCredentials, options);
      // The options of the constructor are for the proxy's own TLS; those of the origin come with each connect.
      agent.options = { ...agent.options, ...keys.tls };
      this.agents = { 'http:': agent, 'https:': agent };
    } else {
      this.agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
    }
  }

  async request(r, answer) {
    const response = await fetch(r.url, {
      method: r.method, headers: r.headers, signal: r.signal, agent: (url) => this.agents[url.protocol],
      redirect: this.keys.redirects ? 'follow' : 'manual', body: r.stream ? Readable.from(r.chunks()) : r.body,
    });
    answer.begin(response.status, Object.entries(response.headers.raw()).flatMap(([name, values]) => values.map((value) => [name, value])));
    for await (const chunk of response.body) answer.feed(chunk);
  }

  close() {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }
}

serve({ client: 'node-fetch', version: `${versionOf('node-fetch')} (https-proxy-agent ${versionOf('https-proxy-agent')})`, capabilities, Session, kinds: KINDS });
