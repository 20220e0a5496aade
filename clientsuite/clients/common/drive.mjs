// The driver contract for Node libraries: what every driver would repeat.
//
// A driver is a class with the library's own part (open, change, request, close) and a table of its errors; serve() is
// the rest: JSON Lines on standard input and output, sessions, bodies made and hashed, errors given their kind, `cancel`
// and the total deadline as an AbortSignal. A library without a total timeout of its own gets that signal, as the
// documentation of all of them recommends; so does, for a read deadline of one request, one that knows none for a request
// (its session has no `hasReadLimit`).
//
// Standard output belongs to the contract: console.log goes to standard error.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import dns from 'node:dns';

const HEAD = 4096; // octets of a body that a reply carries
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const say = (reply) => write(JSON.stringify(reply) + '\n');

export class Unsupported extends Error {}

// What `open` may ask for beyond what every driver must know, and the capability it takes.
const OPTIONS = {
  redirects: 'redirects', cookies: 'cookies', cache: 'cache', pool: 'proxy-pool', rotate: 'rotation', hosts: 'host-map',
  without_proxy: 'without-proxy', schemes: 'schemes', origin_credentials: 'origin-credentials',
};

export class Proxy {
  constructor(said) {
    Object.assign(this, { url: said.url, username: said.username, password: said.password ?? '', by: said.by ?? 'documented' });
    if (this.by === 'callback') throw new Unsupported('credential-callback');
  }
  get hasCredentials() { return this.username !== undefined && this.username !== null; }
  get basic() { return 'Basic ' + Buffer.from(`${this.username}:${this.password}`).toString('base64'); }
  get urlWithCredentials() {
    if (!this.hasCredentials) return this.url;
    const escape = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16));
    return this.url.replace('://', `://${escape(this.username)}:${escape(this.password)}@`);
  }
}

// What `open` said, with every key there.
class Keys {
  constructor(said, supported) {
    this.said = said;
    for (const [name, capability] of Object.entries(OPTIONS)) {
      const value = said[name];
      this[name] = value;
      if (!value || (Array.isArray(value) && value.length === 0)) this[name] = undefined;
      else if (name === 'schemes' && value.includes('basic')) this[name] = undefined; // that is all they know
      else if (!supported.has(capability)) throw new Unsupported(capability);
    }
    this.proxy = said.proxy ? new Proxy(said.proxy) : null;
    this.ca = said.ca_file ? readFileSync(said.ca_file) : undefined;
    this.verify = said.verify ?? true;
    this.tls = { ca: this.ca, rejectUnauthorized: this.verify };
    this.retry = said.retry ?? 'off';
    this.policy = typeof this.retry === 'object' ? this.retry : null;
    if (this.policy && !supported.has('retry')) throw new Unsupported('retry');
    this.deadlines = said.deadlines ?? {};
  }
  // For net.connect(): the names of the case, all others as the system has them.
  get lookup() {
    if (!this.hosts) return undefined;
    return (host, options, done) => {
      if (!(host in this.hosts)) return dns.lookup(host, options, done);
      const all = this.hosts[host].split(',').map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      return options.all ? done(null, all) : done(null, all[0].address, all[0].family);
    };
  }
}

// One request; deadlines in ms, undefined where there is none.
class Request {
  constructor(said, keys) {
    this.id = said.id;
    this.method = said.method ?? 'GET';
    this.url = said.url;
    this.headers = said.headers ?? [];
    if (keys.proxy?.by === 'header' && keys.proxy.hasCredentials)
      this.headers = [...this.headers, ['Proxy-Authorization', keys.proxy.basic]];
    this.body = said.body ? octetsOf(said.body) : undefined;
    this.stream = said.body?.stream ?? false;
    this.readStream = said.read === 'stream';
    this.expectContinue = said.expect_continue ?? false;
    const deadlines = { ...keys.deadlines, ...said.deadlines };
    this.connect = deadlines.connect_ms ?? undefined;
    this.read = deadlines.read_ms ?? undefined;
    this.total = deadlines.total_ms ?? undefined;
    this.ownRead = said.deadlines?.read_ms ?? undefined; // for this request alone
    this.controller = new AbortController();
    this.signal = this.controller.signal;
    this.isCancelled = false;
    this.isLate = false;
  }
  // For libraries that take one value a name, or a list of them.
  get headerObject() {
    const object = {};
    for (const [name, value] of this.headers) object[name] = name in object ? [object[name], value].flat() : value;
    return object;
  }
  get webStream() { return Readable.toWeb(Readable.from(this.chunks())); } // Node 18 has no ReadableStream.from()
  * chunks() {
    for (let i = 0; i < this.body.length; i += 16384) yield this.body.subarray(i, i + 16384);
  }
}

function octetsOf(body) {
  if (body.base64 !== undefined) return Buffer.from(body.base64, 'base64');
  const octets = Buffer.alloc(body.size);
  for (let i = 0; i < octets.length; i++) octets[i] = i % 251;
  return octets;
}

// What the caller of the library gets to see, as far as it came.
class Answer {
  constructor() {
    this.bytes = 0;
    this.hash = createHash('sha256');
    this.head = Buffer.alloc(0);
  }
  // headers: pairs, or the flat list that Node calls rawHeaders
  begin(status, headers) {
    this.status = status;
    this.headers = typeof headers[0] === 'string'
      ? headers.flatMap((name, i) => (i % 2 ? [] : [[name, headers[i + 1]]])) : [...headers];
  }
  feed(chunk) {
    const octets = Buffer.from(chunk);
    this.bytes += octets.length;
    this.hash.update(octets);
    if (this.head.length < HEAD) this.head = Buffer.concat([this.head, octets.subarray(0, HEAD - this.head.length)]);
  }
  reply(id) {
    if (this.status === undefined) return { id };
    return {
      id, status: this.status, headers: this.headers,
      body: { bytes: this.bytes, sha256: this.hash.digest('hex'), head: this.head.toString('base64') },
    };
  }
}

// The first row of the table that fits the error or one it was caused by, so the order of rows decides. A row is [code, name or words, kind].
export function kindOf(error, table) {
  const causes = [];
  for (const waiting = [error]; waiting.length;) {
    const e = waiting.shift();
    if (!e || typeof e !== 'object' || causes.includes(e)) continue;
    causes.unshift(e);
    waiting.push(e.cause, ...(e.errors ?? []));
  }
  for (const [what, kind] of table)
    for (const cause of causes)
      if (what instanceof RegExp ? what.test(cause.message) : what === cause.code || what === cause.name) return kind;
  return 'other';
}

// What Node itself says, for every library that stands on its sockets; put behind a library's own rows.
export const NODE_KINDS = [
  [/^(unable to verify|self.signed|certificate)/i, 'tls-origin'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-origin'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-origin'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-origin'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-origin'],
  ['CERT_HAS_EXPIRED', 'tls-origin'],
  ['EPROTO', 'tls-origin'],
  [/SSL routines/, 'tls-origin'],
  [/before secure TLS connection/, 'tls-origin'],
  ['ECONNREFUSED', 'proxy-unreachable'],
  ['ENOTFOUND', 'proxy-unreachable'],
  ['EHOSTUNREACH', 'proxy-unreachable'],
  ['ETIMEDOUT', 'timeout-connect'],
  [/socket hang up/, 'closed-early'],
  [/^aborted$/, 'incomplete'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'incomplete'],
  ['Z_BUF_ERROR', 'incomplete'],
  ['Z_DATA_ERROR', 'protocol'],
  [/Parse Error/, 'protocol'],
  ['ERR_INVALID_CHAR', 'config'],
  ['ERR_INVALID_URL', 'config'],
  [/URI malformed/, 'config'],
];

export function versionOf(name) {
  let folder = path.dirname(createRequire(path.join(process.cwd(), 'x.js')).resolve(name));
  for (;; folder = path.dirname(folder)) {
    try {
      const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      if (about.name === name) return about.version;
    } catch { /* not here */ }
    if (folder === path.dirname(folder)) return 'unknown';
  }
}

export async function serve({ client, version, capabilities, Session, kinds }) {
  const supported = new Set(capabilities);
  const sessions = new Map();
  const running = new Map();

  async function request(said) {
    const session = sessions.get(said.session);
    const r = new Request(said, session.keys);
    const answer = new Answer();
    const limits = [r.total, session.hasReadLimit ? undefined : r.ownRead].filter((ms) => ms !== undefined);
    const timer = limits.length === 0 ? undefined : setTimeout(() => {
      r.isLate = true;
      r.controller.abort(Object.assign(new Error('the total deadline passed'), { name: 'TimeoutError' }));
    }, Math.min(...limits));
    running.set(r.id, r);
    let reply;
    try {
      await session.request(r, answer);
      reply = answer.reply(r.id);
    } catch (e) {
      if (e instanceof Unsupported) reply = { id: r.id, unsupported: e.message };
      else {
        const kind = r.isCancelled ? 'cancelled' : r.isLate ? 'timeout-total' : kindOf(e, kinds);
        reply = { ...answer.reply(r.id), error: words(e), kind };
      }
    }
    clearTimeout(timer);
    running.delete(r.id);
    say(reply);
  }

  const verbs = {
    hello: () => say({
      client, version, runtime: `node ${process.version.slice(1)}`, capabilities,
      kinds: Object.fromEntries(kinds.map(([what, kind]) => [String(what), kind])),
    }),
    async open(said) {
      const keys = new Keys(said, supported);
      const session = new Session();
      session.keys = keys;
      try {
        await session.open(keys);
      } catch (e) {
        if (e instanceof Unsupported) throw e;
        return say({ session: said.session, error: words(e), kind: 'config' }); // a setting the library refuses
      }
      sessions.set(said.session, session);
      return say({ session: said.session });
    },
    async change({ do: _, session: id, username, password, by, ...changed }) {
      const session = sessions.get(id);
      if (username !== undefined) changed.proxy = { ...session.keys.said.proxy, username, password, by }; // for the same proxy
      if (!session.change) throw new Unsupported('switch-proxy');
      const keys = new Keys({ ...session.keys.said, ...changed }, supported);
      await session.change(keys);
      session.keys = keys;
      say({ session: id });
    },
    async close(said) {
      await sessions.get(said.session)?.close?.();
      sessions.delete(said.session);
      say({ closed: said.session });
    },
    request: (said) => { request(said); }, // replies when it is done; the loop reads on
    cancel(said) {
      const r = running.get(said.id);
      if (r) {
        r.isCancelled = true;
        r.controller.abort();
      }
      say({ cancelled: said.id });
    },
  };

  process.on('unhandledRejection', (e) => console.error('unhandled rejection', e));
  for await (const line of createInterface({ input: process.stdin })) {
    const said = JSON.parse(line);
    try {
      if (!Object.hasOwn(verbs, said.do)) throw new Unsupported(said.do);
      await verbs[said.do](said);
    } catch (e) {
      if (!(e instanceof Unsupported)) throw e;
      say({ unsupported: e.message });
    }
  }
  process.exit(0); // end of file means: finish, whatever is under way
}

// An error and what caused it, down to the first cause, as console.error() shows it: the status of a refused CONNECT may be the last of them.
function words(e) {
  const said = [];
  const seen = new Set();
  for (let cause = e; cause && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    const text = String(cause.message || cause.code || cause);
    if (!said.includes(text)) said.push(text);
  }
  return said.join(': ') || String(e);
}
