import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The driver contract for Java libraries: what every driver would repeat.
 *
 * A driver is a Session with the library's own part (open, change, request, close) and a table of its errors; serve() is
 * the rest: JSON Lines on standard input and output, sessions, bodies made and hashed, errors given their kind. Each
 * request runs in a thread of its own, so that the loop always reads on; a request says how it is cancelled.
 *
 * Standard output belongs to the contract: System.out goes to standard error.
 */
public final class Drive {
    static final int HEAD = 4096; // octets of a body that a reply carries

    /** What `open` may ask for beyond what every driver must know, and the capability it takes. */
    static final String[][] OPTIONS = { { "redirects", "redirects" }, { "cookies", "cookies" }, { "cache", "cache" },
        { "pool", "proxy-pool" }, { "rotate", "rotation" }, { "hosts", "host-map" }, { "without_proxy", "without-proxy" },
        { "schemes", "schemes" }, { "origin_credentials", "origin-credentials" } };

    public static final class Unsupported extends RuntimeException {
        public Unsupported(String what) { super(what); }
    }

    public interface Session {
        void open(Keys keys) throws Exception;

        default void change(Keys keys) throws Exception { throw new Unsupported("switch-proxy"); }

        void request(Request r, Answer answer) throws Exception;

        default void close() throws Exception { }
    }

    /** A row of the table of native errors: the class, words that must stand in its message, what the contract calls it. */
    public record Kind(Class<? extends Throwable> type, String words, String kind) { }

    /** The proxy of a session. */
    public static final class Proxy {
        public final String url, username, password, by, host;
        public final int port;
        public final boolean isTls;
        private final List<List<String>> pairs;
        private int asked;

        Proxy(Map<String, Object> said) {
            url = (String) said.get("url");
            username = (String) said.get("username");
            password = said.get("password") == null ? "" : (String) said.get("password");
            by = said.get("by") == null ? "documented" : (String) said.get("by");
            // These libraries take host, port and credentials apart: what a URL makes of them is the caller's business.
            if (url.contains("@") || by.equals("url")) throw new Unsupported("credentials in the proxy's URL");
            URI uri = URI.create(url);
            if (uri.getHost() == null) throw new IllegalArgumentException("no host in the proxy's URL");
            isTls = "https".equalsIgnoreCase(uri.getScheme());
            host = uri.getHost();
            port = uri.getPort() >= 0 ? uri.getPort() : isTls ? 443 : 80;
            pairs = said.get("credentials") == null ? null : cast(said.get("credentials"));
        }

        public boolean hasCredentials() { return (username != null || pairs != null) && !by.equals("header"); }

        public InetSocketAddress address() { return new InetSocketAddress(host, port); }

        public String basic() {
            return "Basic " + Base64.getEncoder().encodeToString((username + ":" + password).getBytes(StandardCharsets.UTF_8));
        }

        /** The pair a callback gives when it is asked: the next one of several, null when there are no more. */
        public synchronized String[] next() {
            asked++;
            if (pairs == null) return username == null ? null : new String[] { username, password };
            return asked > pairs.size() ? null : pairs.get(asked - 1).toArray(new String[0]);
        }

        public synchronized int asked() { return asked; }
    }

    /** What `open` said, with every key there. */
    public static final class Keys {
        public final Map<String, Object> said;
        public final Proxy proxy;
        public final boolean redirects, cookies, verify;
        public final List<String> originCredentials;
        public final Map<String, Object> hosts, policy, deadlines;
        public final String retry;

        Keys(Map<String, Object> said, Set<String> supported) {
            this.said = said;
            for (String[] option : OPTIONS) {
                Object v = said.get(option[0]);
                boolean isAsked = v != null && !v.equals(false) && !(v instanceof List<?> l && l.isEmpty());
                boolean isBasic = option[0].equals("schemes") && v instanceof List<?> l && l.contains("basic");
                if (isAsked && !isBasic && !supported.contains(option[1])) throw new Unsupported(option[1]);
            }
            proxy = said.get("proxy") == null ? null : new Proxy(cast(said.get("proxy")));
            if (proxy != null && proxy.by.equals("callback") && !supported.contains("credential-callback")) throw new Unsupported("credential-callback");
            redirects = Boolean.TRUE.equals(said.get("redirects"));
            cookies = Boolean.TRUE.equals(said.get("cookies"));
            verify = !Boolean.FALSE.equals(said.get("verify"));
            Map<String, String> pair = said.get("origin_credentials") == null ? null : cast(said.get("origin_credentials"));
            originCredentials = pair == null ? null : List.of(pair.get("username"), pair.get("password"));
            hosts = said.get("hosts") == null ? Map.of() : cast(said.get("hosts"));
            deadlines = said.get("deadlines") == null ? Map.of() : cast(said.get("deadlines"));
            Object r = said.get("retry");
            policy = r instanceof Map ? cast(r) : null;
            retry = r instanceof String s ? s : policy == null ? "off" : "policy";
            if (policy != null && !supported.contains("retry")) throw new Unsupported("retry");
        }

        public long deadline(String name) {
            Object v = deadlines.get(name + "_ms");
            return v == null ? 0 : ((Number) v).longValue();
        }

        public List<String> addresses(String host) {
            Object v = hosts.get(host);
            return v == null ? null : List.of(((String) v).split(","));
        }

        /** Trusts the case's CA, or everyone. */
        public SSLContext sslContext() throws Exception {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, verify ? new TrustManager[] { trustManager() } : new TrustManager[] { new Anyone() }, null);
            return context;
        }

        public TrustManager trustManager() throws Exception {
            if (!verify) return new Anyone();
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore store = null;
            if (said.get("ca_file") != null) {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                try (InputStream in = new FileInputStream((String) said.get("ca_file"))) {
                    int n = 0;
                    for (var c : CertificateFactory.getInstance("X.509").generateCertificates(in)) store.setCertificateEntry("ca" + n++, c);
                }
            }
            factory.init(store);
            return factory.getTrustManagers()[0];
        }
    }

    static final class Anyone extends X509ExtendedTrustManager {
        public void checkClientTrusted(X509Certificate[] c, String t) { }
        public void checkServerTrusted(X509Certificate[] c, String t) { }
        public void checkClientTrusted(X509Certificate[] c, String t, Socket s) { }
        public void checkServerTrusted(X509Certificate[] c, String t, Socket s) { }
        public void checkClientTrusted(X509Certificate[] c, String t, SSLEngine e) { }
        public void checkServerTrusted(X509Certificate[] c, String t, SSLEngine e) { }
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }

    /** One request; deadlines in ms, 0 where there is none. */
    public static final class Request {
        public final Object id;
        public final String method, url;
        public final List<String[]> headers = new ArrayList<>();
        public final byte[] body; // null: none
        public final boolean isStream, expectContinue;
        public final long connect, read, total;
        public volatile Runnable cancel = () -> { }; // set by the session
        volatile boolean isCancelled;

        Request(Map<String, Object> said, Keys keys) {
            id = said.get("id");
            method = said.get("method") == null ? "GET" : (String) said.get("method");
            url = (String) said.get("url");
            if (said.get("headers") != null)
                for (List<String> pair : Drive.<List<List<String>>>cast(said.get("headers"))) headers.add(pair.toArray(new String[0]));
            if (keys.proxy != null && keys.proxy.by.equals("header")) headers.add(new String[] { "Proxy-Authorization", keys.proxy.basic() });
            Map<String, Object> b = said.get("body") == null ? null : cast(said.get("body"));
            body = b == null ? null : octets(b);
            isStream = b != null && Boolean.TRUE.equals(b.get("stream"));
            expectContinue = Boolean.TRUE.equals(said.get("expect_continue"));
            Map<String, Object> own = said.get("deadlines") == null ? Map.of() : cast(said.get("deadlines"));
            connect = own.get("connect_ms") instanceof Number n ? n.longValue() : keys.deadline("connect");
            read = own.get("read_ms") instanceof Number n ? n.longValue() : keys.deadline("read");
            total = own.get("total_ms") instanceof Number n ? n.longValue() : keys.deadline("total");
        }

        private static byte[] octets(Map<String, Object> b) {
            if (b.get("base64") != null) return Base64.getDecoder().decode((String) b.get("base64"));
            byte[] octets = new byte[((Number) b.get("size")).intValue()];
            for (int i = 0; i < octets.length; i++) octets[i] = (byte) (i % 251);
            return octets;
        }
    }

    /** What the caller of the library gets to see, as far as it came. */
    public static final class Answer {
        private int status;
        private final List<List<String>> headers = new ArrayList<>();
        private long bytes;
        private byte[] head = new byte[0];
        private final MessageDigest hash;

        Answer() throws Exception { hash = MessageDigest.getInstance("SHA-256"); }

        public void begin(int status) { this.status = status; }

        public void header(String name, String value) {
            if (name != null) headers.add(List.of(name, value == null ? "" : value));
        }

        public void feed(byte[] octets, int count) {
            bytes += count;
            hash.update(octets, 0, count);
            int room = Math.min(HEAD - head.length, count), from = head.length;
            head = Arrays.copyOf(head, from + room);
            System.arraycopy(octets, 0, head, from, room);
        }

        public void feed(InputStream in) throws IOException {
            if (in == null) return;
            byte[] octets = new byte[16384];
            for (int n; (n = in.read(octets)) >= 0;) feed(octets, n);
        }

        Map<String, Object> reply(Object id) {
            Map<String, Object> reply = new LinkedHashMap<>();
            reply.put("id", id);
            if (status == 0) return reply;
            reply.put("status", status);
            reply.put("headers", headers);
            reply.put("body", Map.of("bytes", bytes, "sha256", HexFormat.of().formatHex(hash.digest()), "head", Base64.getEncoder().encodeToString(head)));
            return reply;
        }
    }

    // ---- the loop ---------------------------------------------------------------------------------

    private final PrintStream out = System.out;
    private final String client, version;
    private final List<String> capabilities;
    private final Supplier<Session> make;
    private final List<Kind> kinds;
    private record Opened(Session session, Keys keys) { }
    private final Map<Object, Opened> sessions = new ConcurrentHashMap<>();
    private final Map<Object, Request> running = new ConcurrentHashMap<>();

    private Drive(String client, String version, List<String> capabilities, Supplier<Session> make, List<Kind> kinds) {
        this.client = client;
        this.version = version;
        this.capabilities = capabilities;
        this.make = make;
        this.kinds = kinds;
    }

    public static void serve(String client, String version, List<String> capabilities, Supplier<Session> make, List<Kind> kinds) throws Exception {
        Drive d = new Drive(client, version, capabilities, make, kinds);
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null;) {
            try {
                d.obey(cast(new Json(line).value()));
            } catch (Unsupported e) {
                d.say(Map.of("unsupported", e.getMessage()));
            }
        }
        System.exit(0); // end of file means: finish, whatever is under way
    }

    private synchronized void say(Map<String, Object> reply) {
        StringBuilder line = new StringBuilder();
        Json.write(reply, line);
        byte[] octets = line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
        out.write(octets, 0, octets.length);
        out.flush();
    }

    private void obey(Map<String, Object> said) throws Exception {
        Object id = said.get("session");
        Set<String> supported = Set.copyOf(capabilities);
        switch ((String) said.get("do")) {
            case "hello" -> {
                Map<String, Object> table = new LinkedHashMap<>();
                for (Kind k : kinds) table.put((k.type.getSimpleName() + " " + k.words).trim(), k.kind);
                say(Map.of("client", client, "version", version, "runtime", "java " + Runtime.version(), "capabilities", capabilities, "kinds", table));
            }
            case "open" -> {
                try {
                    Keys keys = new Keys(said, supported);
                    Session session = make.get();
                    session.open(keys);
                    sessions.put(id, new Opened(session, keys));
                    say(Map.of("session", id));
                } catch (Unsupported e) {
                    throw e;
                } catch (Exception e) { // a setting the library refuses
                    say(Map.of("session", id, "error", words(e), "kind", "config"));
                }
            }
            case "change" -> {
                Opened o = sessions.get(id);
                Map<String, Object> merged = new LinkedHashMap<>(o.keys.said);
                if (said.containsKey("username") && o.keys.said.get("proxy") != null) { // other credentials for the same proxy
                    Map<String, Object> proxy = new LinkedHashMap<>(Drive.<Map<String, Object>>cast(o.keys.said.get("proxy")));
                    for (String key : List.of("username", "password", "by")) proxy.put(key, said.get(key));
                    merged.put("proxy", proxy);
                }
                merged.putAll(said);
                Keys keys = new Keys(merged, supported);
                o.session.change(keys);
                sessions.put(id, new Opened(o.session, keys));
                say(Map.of("session", id));
            }
            case "close" -> {
                Opened o = sessions.remove(id);
                if (o != null) o.session.close();
                say(Map.of("closed", id));
            }
            case "request" -> {
                if (said.get("raw") != null) {
                    say(Map.of("id", said.get("id"), "unsupported", "raw-tunnel"));
                    return;
                }
                Opened o = sessions.get(id);
                Request r = new Request(said, o.keys);
                running.put(r.id, r);
                Thread thread = new Thread(() -> run(o, r));
                thread.setDaemon(true);
                thread.start();
            }
            case "cancel" -> {
                if (!supported.contains("cancel")) throw new Unsupported("cancel");
                Request r = running.get(said.get("id"));
                if (r != null) {
                    r.isCancelled = true;
                    r.cancel.run();
                }
                say(Map.of("cancelled", said.get("id")));
            }
            default -> throw new Unsupported((String) said.get("do"));
        }
    }

    private void run(Opened o, Request r) {
        try {
            Answer answer = new Answer();
            Map<String, Object> reply;
            try {
                o.session.request(r, answer);
                reply = answer.reply(r.id);
            } catch (Unsupported e) {
                reply = new LinkedHashMap<>(Map.of("id", r.id, "unsupported", e.getMessage()));
            } catch (Throwable e) {
                reply = answer.reply(r.id);
                reply.put("error", words(e));
                reply.put("kind", r.isCancelled ? "cancelled" : kindOf(e));
            }
            if (o.keys.proxy != null && o.keys.proxy.by.equals("callback")) reply.put("asked", o.keys.proxy.asked());
            running.remove(r.id);
            say(reply);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** An error with all that caused it, as a stack trace shows it. */
    private static String words(Throwable error) {
        StringBuilder all = new StringBuilder();
        int depth = 0;
        for (Throwable e = error; e != null && depth++ < 8; e = e.getCause()) {
            String own = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            if (all.indexOf(own) < 0) all.append(all.isEmpty() ? "" : ": ").append(own);
        }
        return all.toString();
    }

    /** The first row that fits the error or one of its causes. */
    private String kindOf(Throwable error) {
        List<Throwable> causes = new ArrayList<>();
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Throwable e = error; e != null && seen.add(e); e = e.getCause()) causes.add(0, e);
        for (Kind row : kinds)
            for (Throwable cause : causes)
                if (row.type.isInstance(cause) && (row.words.isEmpty() || String.valueOf(cause.getMessage()).contains(row.words))) return row.kind;
        return "other";
    }

    @SuppressWarnings("unchecked")
    static <T> T cast(Object o) { return (T) o; }

    /** Enough JSON for the contract. Numbers are Long where they are whole, else Double. */
    static final class Json {
        private final String text;
        private int at;

        Json(String text) { this.text = text; }

        Object value() {
            skip();
            char c = text.charAt(at);
            if (c == '{') {
                Map<String, Object> map = new LinkedHashMap<>();
                for (at++, skip(); text.charAt(at) != '}'; skip()) {
                    if (text.charAt(at) == ',') { at++; skip(); }
                    String key = string();
                    skip();
                    at++; // the colon
                    map.put(key, value());
                }
                at++;
                return map;
            }
            if (c == '[') {
                List<Object> list = new ArrayList<>();
                for (at++, skip(); text.charAt(at) != ']'; skip()) {
                    if (text.charAt(at) == ',') at++;
                    list.add(value());
                }
                at++;
                return list;
            }
            if (c == '"') return string();
            int from = at;
            while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at++;
            String word = text.substring(from, at);
            return switch (word) {
                case "true" -> true;
                case "false" -> false;
                case "null" -> null;
                default -> number(word);
            };
        }

        private static Object number(String word) { // not a conditional expression: that would make both a Double
            if (word.matches("-?[0-9]+")) return Long.valueOf(word);
            return Double.valueOf(word);
        }

        private void skip() {
            while (" \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        private String string() {
            StringBuilder s = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char c = text.charAt(at);
                if (c == '\\') {
                    c = text.charAt(++at);
                    int escape = "bfnrt".indexOf(c);
                    if (escape >= 0) c = "\b\f\n\r\t".charAt(escape);
                    else if (c == 'u') {
                        c = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                        at += 4;
                    }
                }
                s.append(c);
            }
            at++;
            return s.toString();
        }

        static void write(Object v, StringBuilder out) {
            if (v instanceof Map<?, ?> map) {
                String comma = "{";
                for (var e : map.entrySet()) {
                    out.append(comma);
                    write(e.getKey(), out);
                    out.append(':');
                    write(e.getValue(), out);
                    comma = ",";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            } else if (v instanceof List<?> list) {
                String comma = "[";
                for (Object o : list) {
                    out.append(comma);
                    write(o, out);
                    comma = ",";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            } else if (v instanceof String s) {
                out.append('"');
                for (char c : s.toCharArray()) {
                    if (c == '"' || c == '\\') out.append('\\').append(c);
                    else if (c < 0x20) out.append(String.format("\\u%04x", (int) c));
                    else out.append(c);
                }
                out.append('"');
            } else {
                out.append(v);
            }
        }
    }
}
