//! reqwest: a Client with a Proxy and its basic_auth(); the argument "retry" puts RetryTransientMiddleware of
//! reqwest-retry around it. Each request is a task, which `cancel` aborts.

use base64::{engine::general_purpose::STANDARD, Engine};
use reqwest::{redirect::Policy, Certificate, Client, Method, Proxy, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::{policies::{ExponentialBackoff, ExponentialBackoffTimed}, RetryTransientMiddleware};
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Native errors, by their words, and what the contract calls them: the first row that fits the error or a cause decides.
const KINDS: &[(&str, &str)] = &[
    ("proxy authentication required", "proxy-auth"),
    ("proxy authorization required", "proxy-auth"),
    ("unsuccessful tunnel", "proxy-connect"),
    ("tunnel error: unsuccessful", "proxy-connect"),
    ("tunnel error: unexpected end of file", "closed-early"),
    ("without sending TLS close_notify", "incomplete"),
    ("certificate", "tls-origin"),
    ("received fatal alert", "tls-origin"),
    ("received corrupt message", "tls-origin"),
    ("tls handshake eof", "tls-origin"),
    ("Connection refused", "proxy-unreachable"),
    ("lookup address information", "proxy-unreachable"),
    ("Connection reset", "reset"),
    ("Broken pipe", "reset"),
    ("connection closed before message completed", "closed-early"),
    ("end of file before message length reached", "incomplete"),
    ("unexpected EOF during chunk", "incomplete"),
    ("IncompleteBody", "incomplete"),
    ("invalid HTTP", "protocol"),
    ("invalid content-length", "protocol"),
    ("Invalid chunk", "protocol"),
    ("too many redirects", "redirects"),
    ("builder error", "config"),
];

const CAPABILITIES: &[&str] = &[
    "absolute-form", "cancel", "cookies", "deadlines", "environment", "host-map", "https", "https-proxy", "keep-alive",
    "origin-credentials", "parallel", "read-deadline", "redirects", "streaming", "total-deadline",
];

/// What `open` may ask for in vain, and the capability it takes.
const LACKING: &[(&str, &str)] = &[("cache", "cache"), ("pool", "proxy-pool"), ("rotate", "rotation")];
const HEAD: usize = 4096; // octets of a body that a reply carries

type Failure = Box<dyn Error + Send + Sync>;

fn say(reply: Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{reply}");
    let _ = out.flush();
}

enum Sender {
    Plain(Client),
    Retrying(ClientWithMiddleware),
}

impl Sender {
    async fn send(&self, r: Request) -> Result<Response, Failure> {
        match self {
            Sender::Plain(c) => Ok(c.execute(r).await?),
            Sender::Retrying(c) => Ok(c.execute(r).await?),
        }
    }
}

struct Session {
    keys: Value,
    client: Client, // for building requests
    sender: Sender,
}

fn ms(v: &Value) -> Option<Duration> {
    v.as_u64().map(Duration::from_millis)
}

fn text<'a>(v: &'a Value, key: &str) -> Option<&'a str> {
    v.get(key).and_then(Value::as_str)
}

fn is_asked(v: &Value) -> bool {
    !(v.is_null() || v == &json!(false) || v == &json!([]))
}

fn lacks(said: &Value, with_retry: bool) -> Option<String> {
    if let Some((_, capability)) = LACKING.iter().find(|(key, _)| is_asked(&said[*key])) {
        return Some(capability.to_string());
    }
    if said["schemes"].is_array() && !said["schemes"].as_array()?.contains(&json!("basic")) {
        return Some("schemes".into());
    }
    if said["proxy"]["by"] == "callback" {
        return Some("credential-callback".into());
    }
    (said["retry"].is_object() && !with_retry).then(|| "retry".into())
}

fn proxy_of(keys: &Value) -> Result<Option<Proxy>, Failure> {
    let said = &keys["proxy"];
    let Some(url) = text(said, "url") else { return Ok(None) };
    let mut url = url.to_string();
    let (by, user, password) = (text(said, "by").unwrap_or("documented"), text(said, "username"), text(said, "password").unwrap_or(""));
    if let (Some(user), "url") = (user, by) {
        url = url.replacen("://", &format!("://{}:{}@", escape(user), escape(password)), 1);
    }
    let mut proxy = Proxy::all(url)?;
    if let (Some(user), "documented" | "option") = (user, by) {
        proxy = proxy.basic_auth(user, password);
    }
    let exclusions = &keys["without_proxy"];
    let list = match exclusions.as_array() {
        Some(l) => l.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        None => exclusions.as_str().unwrap_or("").to_string(),
    };
    Ok(Some(proxy.no_proxy(reqwest::NoProxy::from_string(&list))))
}

fn escape(s: &str) -> String {
    s.bytes().map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

fn open(keys: &Value, with_retry: bool) -> Result<Session, Failure> {
    let mut b = Client::builder().cookie_store(keys["cookies"] == true);
    b = b.redirect(if keys["redirects"] == true { Policy::limited(10) } else { Policy::none() });
    if let Some(proxy) = proxy_of(keys)? {
        b = b.proxy(proxy);
    }
    if let Some(file) = text(keys, "ca_file") {
        b = b.tls_certs_only(Certificate::from_pem_bundle(&std::fs::read(file)?)?);
    }
    if keys["verify"] == false {
        b = b.tls_danger_accept_invalid_certs(true);
    }
    if let Some(t) = ms(&keys["deadlines"]["connect_ms"]) {
        b = b.connect_timeout(t);
    }
    if let Some(t) = ms(&keys["deadlines"]["read_ms"]) {
        b = b.read_timeout(t);
    }
    for (host, addresses) in keys["hosts"].as_object().unwrap_or(&Map::new()) {
        let list = addresses.as_str().unwrap_or("").split(',');
        let list: Vec<_> = list.filter_map(|a| Some(std::net::SocketAddr::new(a.parse().ok()?, 0))).collect();
        b = b.resolve_to_addrs(host, &list);
    }
    let client = b.build()?;
    let mut sender = Sender::Plain(client.clone());
    if with_retry && keys["retry"] != "off" && !keys["retry"].is_null() {
        let policy = retry_of(&keys["retry"], ms(&keys["deadlines"]["total_ms"]));
        sender = Sender::Retrying(ClientBuilder::new(client.clone()).with(RetryTransientMiddleware::new_with_policy(policy)).build());
    }
    Ok(Session { keys: keys.clone(), client, sender })
}

/// The middleware knows the total deadline as the time within which it repeats; timeout() is for each attempt.
fn retry_of(said: &Value, total: Option<Duration>) -> ExponentialBackoffTimed {
    let mut b = ExponentialBackoff::builder();
    if let Some(base) = ms(&said["base_ms"]) {
        let cap = ms(&said["cap_ms"]).unwrap_or(Duration::from_secs(30 * 60));
        b = b.retry_bounds(base.min(cap), cap);
    }
    let within = total.unwrap_or(Duration::from_secs(24 * 60 * 60));
    b.build_with_total_retry_duration_and_max_retries(within, said["attempts"].as_u64().map_or(3, |n| n as u32 - 1))
}

#[derive(Default)]
struct Answer {
    status: Option<u16>,
    headers: Vec<Value>,
    bytes: usize,
    hash: Sha256,
    head: Vec<u8>,
}

impl Answer {
    fn begin(&mut self, r: &Response) {
        self.status = Some(r.status().as_u16());
        self.headers = r.headers().iter().map(|(n, v)| json!([n.as_str(), String::from_utf8_lossy(v.as_bytes())])).collect();
    }

    fn feed(&mut self, octets: &[u8]) {
        self.bytes += octets.len();
        self.hash.update(octets);
        self.head.extend_from_slice(&octets[..octets.len().min(HEAD - self.head.len())]);
    }

    fn reply(&self, id: &Value) -> Value {
        let mut reply = json!({ "id": id });
        if let Some(status) = self.status {
            let hex: String = self.hash.clone().finalize().iter().map(|b| format!("{b:02x}")).collect();
            reply["status"] = json!(status);
            reply["headers"] = json!(self.headers);
            reply["body"] = json!({ "bytes": self.bytes, "sha256": hex, "head": STANDARD.encode(&self.head) });
        }
        reply
    }
}

fn octets(body: &Value) -> Vec<u8> {
    match text(body, "base64") {
        Some(encoded) => STANDARD.decode(encoded).unwrap_or_default(),
        None => (0..body["size"].as_u64().unwrap_or(0)).map(|i| (i % 251) as u8).collect(),
    }
}

fn build(s: &Session, said: &Value) -> Result<Request, Failure> {
    let method = Method::from_bytes(text(said, "method").unwrap_or("GET").as_bytes())?;
    let mut b = s.client.request(method, text(said, "url").unwrap_or(""));
    for pair in said["headers"].as_array().unwrap_or(&vec![]) {
        b = b.header(pair[0].as_str().unwrap_or(""), pair[1].as_str().unwrap_or(""));
    }
    let proxy = &s.keys["proxy"];
    if proxy["by"] == "header" {
        let pair = format!("{}:{}", text(proxy, "username").unwrap_or(""), text(proxy, "password").unwrap_or(""));
        b = b.header("Proxy-Authorization", format!("Basic {}", STANDARD.encode(pair)));
    }
    if let Some(user) = text(&s.keys["origin_credentials"], "username") {
        b = b.basic_auth(user, text(&s.keys["origin_credentials"], "password"));
    }
    // read_timeout() is the client's, for all its requests: one request's own is a timeout() of it.
    if let Some(t) = [total(s, said), ms(&said["deadlines"]["read_ms"])].into_iter().flatten().min() {
        b = b.timeout(t);
    }
    if !said["body"].is_null() {
        let octets = octets(&said["body"]);
        b = if said["body"]["stream"] == true {
            let pieces: Vec<_> = octets.chunks(16384).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect();
            b.body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)))
        } else {
            b.body(octets)
        };
    }
    Ok(b.build()?)
}

fn total(s: &Session, said: &Value) -> Option<Duration> {
    ms(&said["deadlines"]["total_ms"]).or(ms(&s.keys["deadlines"]["total_ms"]))
}

/// The middleware repeats all methods: one that the policy's list lacks goes without it.
fn is_repeatable(s: &Session, r: &Request) -> bool {
    s.keys["retry"]["methods"].as_array().map_or(true, |list| list.contains(&json!(r.method().as_str())))
}

async fn perform(s: &Session, said: &Value, answer: &Mutex<Answer>) -> Result<(), Failure> {
    let request = build(s, said)?;
    let mut response = if is_repeatable(s, &request) { s.sender.send(request).await? } else { s.client.execute(request).await? };
    answer.lock().unwrap().begin(&response);
    while let Some(piece) = response.chunk().await? {
        answer.lock().unwrap().feed(&piece);
    }
    Ok(())
}

/// All causes, the outermost first. The middleware wraps reqwest's error, which says itself whether time ran out.
fn causes<'a>(e: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    std::iter::successors(Some(e), |e| (*e).source()).collect()
}

fn kind_of(e: &Failure, is_late: bool) -> &'static str {
    let causes = causes(e.as_ref());
    for reqwest in causes.iter().filter_map(|c| c.downcast_ref::<reqwest::Error>()) {
        if reqwest.is_timeout() {
            return if reqwest.is_connect() { "timeout-connect" } else if is_late { "timeout-total" } else { "timeout-read" };
        }
    }
    let words: Vec<String> = causes.iter().map(|c| c.to_string()).collect();
    KINDS.iter().find(|(part, _)| words.iter().any(|w| w.contains(part))).map_or("other", |(_, kind)| kind)
}

fn words(e: &Failure) -> String {
    let mut parts: Vec<String> = vec![];
    for cause in causes(e.as_ref()) {
        let part = cause.to_string();
        if !parts.iter().any(|p| p.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}

type Running = Arc<Mutex<HashMap<String, tokio::sync::oneshot::Sender<()>>>>;

fn start(s: Arc<Session>, said: Value, running: Running) {
    let (cancel, cancelled) = tokio::sync::oneshot::channel();
    running.lock().unwrap().insert(said["id"].to_string(), cancel);
    tokio::spawn(async move {
        let (answer, began) = (Mutex::new(Answer::default()), Instant::now());
        let result = tokio::select! {
            r = perform(&s, &said, &answer) => Some(r),
            Ok(()) = cancelled => None,
        };
        running.lock().unwrap().remove(&said["id"].to_string());
        let mut reply = answer.lock().unwrap().reply(&said["id"]);
        let is_late = total(&s, &said).is_some_and(|t| began.elapsed() >= t);
        let failure = match result {
            Some(Ok(())) => None,
            Some(Err(e)) => Some((words(&e), kind_of(&e, is_late))),
            None => Some(("cancelled".into(), "cancelled")),
        };
        if let Some((error, kind)) = failure {
            reply["error"] = json!(error);
            reply["kind"] = json!(kind);
        }
        say(reply);
    });
}

struct Driver {
    with_retry: bool,
    sessions: HashMap<String, Arc<Session>>,
    running: Running,
}

impl Driver {
    fn obey(&mut self, said: Value) {
        let (verb, id) = (text(&said, "do").unwrap_or("").to_string(), said["session"].to_string());
        match verb.as_str() {
            "hello" => {
                let mut capabilities = CAPABILITIES.to_vec();
                if self.with_retry {
                    capabilities.retain(|c| *c != "total-deadline"); // its limit says when the last wait may begin
                    capabilities.push("retry");
                }
                let kinds: Map<String, Value> = KINDS.iter().map(|(words, kind)| (words.to_string(), json!(kind))).collect();
                say(json!({ "client": "reqwest", "version": env!("CLIENT_VERSION"), "runtime": env!("CLIENT_RUNTIME"),
                    "capabilities": capabilities, "kinds": kinds }));
            }
            "open" => match lacks(&said, self.with_retry) {
                Some(lack) => say(json!({ "unsupported": lack })),
                None => match open(&said, self.with_retry) {
                    Ok(session) => {
                        self.sessions.insert(id, Arc::new(session));
                        say(json!({ "session": said["session"] }));
                    }
                    Err(e) => say(json!({ "session": said["session"], "error": words(&e), "kind": "config" })),
                },
            },
            "request" if said["raw"].is_null() => start(self.sessions[&id].clone(), said, self.running.clone()),
            "request" => say(json!({ "id": said["id"], "unsupported": "raw-tunnel" })),
            "cancel" => {
                if let Some(cancel) = self.running.lock().unwrap().remove(&said["id"].to_string()) {
                    let _ = cancel.send(());
                }
                say(json!({ "cancelled": said["id"] }));
            }
            "close" => {
                self.sessions.remove(&id);
                say(json!({ "closed": said["session"] }));
            }
            "change" => say(json!({ "unsupported": "switch-proxy" })),
            _ => say(json!({ "unsupported": verb })),
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let with_retry = std::env::args().nth(1).as_deref() == Some("retry");
    let mut driver = Driver { with_retry, sessions: HashMap::new(), running: Running::default() };
    for line in std::io::stdin().lock().lines() {
        match line.map(|l| serde_json::from_str(&l)) {
            Ok(Ok(said)) => driver.obey(said),
            _ => break,
        }
    }
    std::process::exit(0); // end of file means: finish, whatever is under way
}
