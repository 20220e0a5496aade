import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieManager;
import java.net.PasswordAuthentication;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;

/** java.net.http.HttpClient: a ProxySelector and an Authenticator, as its documentation has them. */
public final class Driver implements Drive.Session {
    // Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
    static final List<Drive.Kind> KINDS = List.of(
        new Drive.Kind(SSLException.class, "", "tls-origin"),
        new Drive.Kind(java.security.GeneralSecurityException.class, "", "tls-origin"),
        new Drive.Kind(HttpConnectTimeoutException.class, "", "timeout-connect"),
        new Drive.Kind(HttpTimeoutException.class, "", "timeout-total"),
        new Drive.Kind(IOException.class, "Tunnel failed, got: 407", "proxy-auth"),
        new Drive.Kind(IOException.class, "Tunnel failed", "proxy-connect"),
        new Drive.Kind(IOException.class, "too many authentication attempts", "proxy-auth"),
        new Drive.Kind(IOException.class, "header missing for response code 407", "proxy-auth"),
        new Drive.Kind(IOException.class, "No credentials provided", "proxy-auth"),
        new Drive.Kind(SocketException.class, "Connection reset", "reset"),
        new Drive.Kind(IOException.class, "Connection reset", "reset"),
        new Drive.Kind(IOException.class, "Broken pipe", "reset"),
        new Drive.Kind(ConnectException.class, "", "proxy-unreachable"),
        new Drive.Kind(UnresolvedAddressException.class, "", "proxy-unreachable"),
        new Drive.Kind(IOException.class, "fixed content-length", "incomplete"),
        new Drive.Kind(IOException.class, "chunked transfer encoding", "incomplete"),
        new Drive.Kind(IOException.class, "EOF reached while reading", "incomplete"),
        new Drive.Kind(EOFException.class, "", "closed-early"),
        new Drive.Kind(IOException.class, "HTTP/1.1 header parser received no bytes", "closed-early"),
        new Drive.Kind(ClosedChannelException.class, "", "closed-early"),
        new Drive.Kind(ProtocolException.class, "", "protocol"),
        new Drive.Kind(IllegalArgumentException.class, "", "config"),
        new Drive.Kind(IOException.class, "parsing", "protocol"));

    static final List<String> CAPABILITIES = List.of("absolute-form", "cancel", "cookies", "credential-callback", "deadlines",
        "expect-continue", "https", "keep-alive", "origin-credentials", "parallel", "redirects", "streaming", "switch-proxy");

    private volatile Drive.Keys keys;
    private HttpClient client;

    public void open(Drive.Keys keys) throws Exception {
        change(keys);
        HttpClient.Builder b = HttpClient.newBuilder().sslContext(keys.sslContext()).proxy(new Selector())
            .followRedirects(keys.redirects ? HttpClient.Redirect.NORMAL : HttpClient.Redirect.NEVER);
        if (keys.proxy != null && keys.proxy.hasCredentials() || keys.originCredentials != null) b.authenticator(new Answerer());
        if (keys.cookies) b.cookieHandler(new CookieManager());
        if (keys.deadline("connect") > 0) b.connectTimeout(Duration.ofMillis(keys.deadline("connect")));
        client = b.build();
    }

    public void change(Drive.Keys keys) {
        if (keys.proxy != null && keys.proxy.isTls) throw new Drive.Unsupported("https-proxy");
        this.keys = keys;
    }

    private final class Selector extends ProxySelector {
        public List<Proxy> select(URI uri) {
            Drive.Proxy p = keys.proxy;
            return List.of(p == null ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP, p.address()));
        }

        public void connectFailed(URI uri, SocketAddress address, IOException e) { }
    }

    private final class Answerer extends Authenticator {
        protected PasswordAuthentication getPasswordAuthentication() {
            boolean isProxy = getRequestorType() == RequestorType.PROXY;
            List<String> origin = keys.originCredentials;
            String[] pair = isProxy ? keys.proxy == null ? null : keys.proxy.next() : origin == null ? null : origin.toArray(new String[0]);
            return pair == null ? null : new PasswordAuthentication(pair[0], pair[1].toCharArray());
        }
    }

    public void request(Drive.Request r, Drive.Answer answer) throws Exception {
        HttpRequest.BodyPublisher body = r.body == null ? BodyPublishers.noBody()
            : r.isStream ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(r.body)) : BodyPublishers.ofByteArray(r.body);
        HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(r.url)).method(r.method, body).expectContinue(r.expectContinue);
        for (String[] h : r.headers) b.header(h[0], h[1]);
        long limit = r.read > 0 && (r.total == 0 || r.read < r.total) ? r.read : r.total; // until the answer's header block is there
        if (limit > 0) b.timeout(Duration.ofMillis(limit));
        CompletableFuture<HttpResponse<InputStream>> future = client.sendAsync(b.build(), HttpResponse.BodyHandlers.ofInputStream());
        r.cancel = () -> future.cancel(true);
        HttpResponse<InputStream> response;
        try {
            response = future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
        answer.begin(response.statusCode());
        response.headers().map().forEach((name, values) -> values.forEach(v -> answer.header(name, v)));
        try (InputStream in = response.body()) {
            r.cancel = () -> {
                try {
                    in.close();
                } catch (IOException e) { // it is closed then
                }
            };
            answer.feed(in);
        }
    }

    public static void main(String[] args) throws Exception {
        Drive.serve("java.net.http.HttpClient", System.getProperty("java.version"), CAPABILITIES, Driver::new, KINDS);
    }
}
