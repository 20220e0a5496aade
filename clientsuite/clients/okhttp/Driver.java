import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509TrustManager;
import okhttp3.Authenticator;
import okhttp3.Call;
import okhttp3.Credentials;
import okhttp3.Dns;
import okhttp3.MediaType;
import okhttp3.OkHttp;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;

/** OkHttp: proxy, proxyAuthenticator with the guard of its recipes, callTimeout. retryOnConnectionFailure stays on. */
public final class Driver implements Drive.Session {
    // Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
    static final List<Drive.Kind> KINDS = List.of(
        new Drive.Kind(SSLException.class, "", "tls-origin"),
        new Drive.Kind(java.security.GeneralSecurityException.class, "", "tls-origin"),
        new Drive.Kind(IOException.class, "Unexpected response code for CONNECT: 407", "proxy-auth"),
        new Drive.Kind(IOException.class, "Failed to authenticate with proxy", "proxy-auth"),
        new Drive.Kind(IOException.class, "Unexpected response code for CONNECT", "proxy-connect"),
        new Drive.Kind(SocketTimeoutException.class, "onnect timed out", "timeout-connect"),
        new Drive.Kind(SocketTimeoutException.class, "failed to connect", "timeout-connect"),
        new Drive.Kind(SocketTimeoutException.class, "", "timeout-read"),
        new Drive.Kind(java.io.InterruptedIOException.class, "timeout", "timeout-total"),
        new Drive.Kind(ConnectException.class, "", "proxy-unreachable"),
        new Drive.Kind(UnknownHostException.class, "", "proxy-unreachable"),
        new Drive.Kind(SocketException.class, "Connection reset", "reset"),
        new Drive.Kind(SocketException.class, "Broken pipe", "reset"),
        new Drive.Kind(ProtocolException.class, "unexpected end of stream", "incomplete"),
        new Drive.Kind(ProtocolException.class, "Too many follow-up requests", "redirects"),
        new Drive.Kind(ProtocolException.class, "Too many tunnel connections attempted", "proxy-auth"),
        new Drive.Kind(ProtocolException.class, "", "protocol"),
        new Drive.Kind(EOFException.class, "", "closed-early"),
        new Drive.Kind(IOException.class, "unexpected end of stream", "closed-early"),
        new Drive.Kind(IllegalArgumentException.class, "", "config"));

    static final List<String> CAPABILITIES = List.of("absolute-form", "cancel", "credential-callback", "deadlines", "expect-continue",
        "host-map", "https", "keep-alive", "origin-credentials", "parallel", "redirects", "streaming", "switch-proxy");

    private volatile Drive.Keys keys;
    private volatile OkHttpClient client;

    public void open(Drive.Keys keys) throws Exception {
        OkHttpClient.Builder b = new OkHttpClient.Builder().followRedirects(keys.redirects)
            .sslSocketFactory(keys.sslContext().getSocketFactory(), (X509TrustManager) keys.trustManager());
        if (!keys.verify) b.hostnameVerifier((host, session) -> true);
        if (keys.originCredentials != null) b.authenticator((route, response) -> response.request().header("Authorization") != null ? null
            : response.request().newBuilder().header("Authorization", Credentials.basic(keys.originCredentials.get(0), keys.originCredentials.get(1))).build());
        if (!keys.hosts.isEmpty()) b.dns(this::lookup);
        client = b.build();
        change(keys);
    }

    /** As the recipes have it: gives up when the credentials that it has were sent already. Answers Basic only. */
    private Authenticator proxyAuthenticator() {
        return (route, response) -> {
            Drive.Proxy p = keys.proxy;
            boolean isTried = response.request().header("Proxy-Authorization") != null;
            boolean isBasic = response.challenges().stream().anyMatch(c -> c.scheme().equalsIgnoreCase("Basic") || c.scheme().equals("OkHttp-Preemptive"));
            if (p == null || !p.hasCredentials() || !isBasic || isTried && !p.by.equals("callback")) return null;
            String[] pair = p.next();
            return pair == null ? null : response.request().newBuilder().header("Proxy-Authorization", Credentials.basic(pair[0], pair[1])).build();
        };
    }

    /** A pooled connection is taken without asking a ProxySelector again, so a change is a new view on the same pool. */
    public void change(Drive.Keys keys) {
        Drive.Proxy p = keys.proxy;
        if (p != null && p.isTls) throw new Drive.Unsupported("https-proxy");
        this.keys = keys;
        // A name of `hosts` must stay one, or it would be resolved here and not by `dns`.
        Proxy proxy = p == null ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP,
            keys.addresses(p.host) == null ? p.address() : InetSocketAddress.createUnresolved(p.host, p.port));
        client = client.newBuilder().proxy(proxy).proxyAuthenticator(proxyAuthenticator()).build();
    }

    private List<InetAddress> lookup(String host) throws UnknownHostException {
        List<String> addresses = keys.addresses(host);
        if (addresses == null) return Dns.SYSTEM.lookup(host);
        List<InetAddress> list = new ArrayList<>();
        for (String a : addresses) list.add(InetAddress.getByAddress(host, InetAddress.getByName(a).getAddress()));
        return list;
    }

    public void request(Drive.Request r, Drive.Answer answer) throws Exception {
        Request.Builder b = new Request.Builder().url(r.url).method(r.method, bodyOf(r));
        for (String[] h : r.headers) b.addHeader(h[0], h[1]);
        if (r.expectContinue) b.header("Expect", "100-continue");
        OkHttpClient.Builder view = client.newBuilder().callTimeout(Duration.ofMillis(r.total)); // a view on the same pool
        if (r.connect > 0) view.connectTimeout(Duration.ofMillis(r.connect));
        if (r.read > 0) view.readTimeout(Duration.ofMillis(r.read)).writeTimeout(Duration.ofMillis(r.read));
        Call call = view.build().newCall(b.build());
        r.cancel = call::cancel;
        try (Response response = call.execute(); InputStream in = response.body().byteStream()) {
            answer.begin(response.code());
            response.headers().forEach(pair -> answer.header(pair.getFirst(), pair.getSecond()));
            answer.feed(in);
        }
    }

    private static RequestBody bodyOf(Drive.Request r) {
        MediaType type = MediaType.get("application/octet-stream");
        if (r.body == null) return List.of("POST", "PUT", "PATCH").contains(r.method) ? RequestBody.create(new byte[0], null) : null;
        if (!r.isStream) return RequestBody.create(r.body, type);
        return new RequestBody() {
            public MediaType contentType() { return type; }

            public boolean isOneShot() { return true; }

            public void writeTo(BufferedSink sink) throws IOException { sink.write(r.body); }
        };
    }

    public void close() {
        client.connectionPool().evictAll();
        client.dispatcher().executorService().shutdown();
    }

    public static void main(String[] args) throws Exception {
        Drive.serve("OkHttp", OkHttp.VERSION, CAPABILITIES, Driver::new, KINDS);
    }
}
