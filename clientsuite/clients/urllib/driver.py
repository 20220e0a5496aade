"""urllib.request: a whole driver without the help of ../common, to show how little one needs (docs/drivers.md)."""
import base64, hashlib, http.client as h, json, platform, ssl, sys, threading, urllib.request as u
# Native errors and what the contract calls them: the first row that fits decides. urlopen() wraps most in URLError.
KINDS = [(ssl.SSLError, "", "tls-origin"), (h.RemoteDisconnected, "", "closed-early"), (TimeoutError, "", "timeout-read"),
         (ConnectionRefusedError, "", "proxy-unreachable"), (ConnectionError, "", "reset"), (h.IncompleteRead, "", "incomplete"),
         (h.InvalidURL, "", "config"), (h.HTTPException, "", "protocol"), (OSError, "failed: 407", "proxy-auth"),
         (OSError, "Tunnel connection failed", "proxy-connect"), (ValueError, "", "config")]
CAPABILITIES = ["absolute-form", "cookies", "deadlines", "environment", "https", "parallel", "read-deadline", "redirects"]
LACKING = ["cache", "pool", "rotate", "hosts", "without_proxy", "origin_credentials"]  # what `open` may ask for in vain
sessions, lock, out, sys.stdout = {}, threading.Lock(), sys.stdout, sys.stderr  # a stray print must not garble the contract
def say(reply):
    with lock:
        print(json.dumps(reply), file=out, flush=True)
def kind_of(cause):  # no variable may keep an exception: its traceback would keep the connection open
    return next((kind for c, text, kind in KINDS if isinstance(cause, c) and text in str(cause)), "other")
class NoRedirect(u.HTTPRedirectHandler):
    redirect_request = lambda *_: None
def opener(o):
    proxy, context = o.get("proxy"), ssl.create_default_context(cafile=o.get("ca_file"))
    if not o.get("verify", True):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url, pair = proxy and proxy["url"], proxy and proxy.get("username") and (proxy["username"], proxy.get("password") or "")
    if pair and proxy.get("by") != "header":
        url = url.replace("://", f"://{u.quote(pair[0], '')}:{u.quote(pair[1], '')}@", 1)
    return u.build_opener(u.HTTPSHandler(context=context), *[NoRedirect] * (not o.get("redirects")), *[u.HTTPCookieProcessor] * bool(o.get("cookies")),
                          *([u.ProxyHandler({"http": url, "https": url})] if url else []))
def request(o, r):
    reply, body, data, proxy = {"id": r["id"]}, r.get("body"), b"", o.get("proxy") or {}
    ms, headers = {**o.get("deadlines", {}), **(r.get("deadlines") or {})}, dict(r.get("headers") or [])
    if body:
        body = bytes(i % 251 for i in range(body["size"])) if "size" in body else base64.b64decode(body["base64"])
    if proxy.get("by") == "header":
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(f"{proxy['username']}:{proxy['password']}".encode()).decode()
    try:
        try:
            answer = o["opener"].open(u.Request(r["url"], body, headers, method=r.get("method", "GET")),
                                      timeout=(ms.get("read_ms") or ms.get("connect_ms") or ms.get("total_ms") or 10000) / 1000)
        except u.HTTPError as e:  # an answer all the same
            answer = e
        reply.update(status=answer.status, headers=list(answer.headers.items()))
        data = answer.read()
    except Exception as e:
        data, is_wrapped = getattr(e, "partial", b""), isinstance(e, u.URLError) and isinstance(e.reason, Exception)
        reply.update(error=str(e) or repr(e), kind=kind_of(e.reason if is_wrapped else e))
    head = base64.b64encode(data[:4096]).decode()
    say({**reply, "body": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "head": head}} if "status" in reply else reply)
for line in sys.stdin:
    said, retry = json.loads(line), ["retry"]
    verb, id = said["do"], {"id": said["id"]} if "id" in said else {}
    lacking = [key for key in LACKING if said.get(key)] + retry * isinstance(said.get("retry"), dict) + ["streaming"] * bool((said.get("body") or {}).get("stream"))
    if verb == "hello":
        say({"client": "urllib", "version": platform.python_version(), "runtime": "python " + platform.python_version(), "capabilities": CAPABILITIES, "kinds": {f"{c.__name__} {text}".strip(): k for c, text, k in KINDS}})
    elif verb not in ("open", "request", "close") or lacking:
        say({**id, "unsupported": lacking[0] if lacking else verb})
    elif verb == "request":  # a thread each, so that parallel ones are
        threading.Thread(target=request, args=(sessions[said["session"]], said), daemon=True).start()
    else:
        sessions[said["session"]] = {**said, "opener": opener(said) if verb == "open" else None}
        say({"session" if verb == "open" else "closed": said["session"]})
