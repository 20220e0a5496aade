import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.HttpHostConnectException;
import org.apache.hc.client5.http.RedirectException;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.Credentials;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.DefaultHttpRequestRetryStrategy;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.MalformedChunkCodingException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.ParseException;
import org.apache.hc.core5.http.TruncatedChunkException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.apache.hc.core5.util.VersionInfo;

/** Apache HttpClient 5, classic: a pooling connection manager, a CredentialsProvider, DefaultHttpRequestRetryStrategy. */
public final class Driver implements Drive.Session {
    // Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
    static final List<Drive.Kind> KINDS = List.of(
        new Drive.Kind(SSLException.class, "", "tls-origin"),
        new Drive.Kind(java.security.GeneralSecurityException.class, "", "tls-origin"),
        new Drive.Kind(ConnectTimeoutException.class, "", "timeout-connect"),
        new Drive.Kind(SocketTimeoutException.class, "Connect timed out", "timeout-connect"),
        new Drive.Kind(SocketTimeoutException.class, "", "timeout-read"),
        new Drive.Kind(HttpHostConnectException.class, "", "proxy-unreachable"),
        new Drive.Kind(java.net.ConnectException.class, "", "proxy-unreachable"),
        new Drive.Kind(UnknownHostException.class, "", "proxy-unreachable"),
        new Drive.Kind(SocketException.class, "Connection reset", "reset"),
        new Drive.Kind(SocketException.class, "Broken pipe", "reset"),
        new Drive.Kind(NoHttpResponseException.class, "", "closed-early"),
        new Drive.Kind(TruncatedChunkException.class, "", "incomplete"),
        new Drive.Kind(ConnectionClosedException.class, "Premature end", "incomplete"),
        new Drive.Kind(ConnectionClosedException.class, "closing chunk expected", "incomplete"),
        new Drive.Kind(java.io.EOFException.class, "", "incomplete"), // of a coded body
        new Drive.Kind(MessageConstraintException.class, "", "protocol"),
        new Drive.Kind(MalformedChunkCodingException.class, "", "protocol"),
        new Drive.Kind(RedirectException.class, "", "redirects"),
        new Drive.Kind(ParseException.class, "", "protocol"),
        new Drive.Kind(HttpException.class, "", "protocol"),
        new Drive.Kind(ClientProtocolException.class, "", "protocol"),
        new Drive.Kind(IllegalArgumentException.class, "", "config"),
        new Drive.Kind(InterruptedIOException.class, "", "timeout-read"));

    static final List<String> CAPABILITIES = List.of("absolute-form", "cancel", "cookies", "deadlines", "digest", "digest-sha-256",
        "expect-continue", "host-map", "https", "keep-alive", "origin-credentials", "parallel", "read-deadline", "redirects",
        "retry", "streaming", "switch-proxy");

    private volatile Drive.Keys keys;
    private CloseableHttpClient client;

    public void open(Drive.Keys keys) throws Exception {
        change(keys);
        DefaultClientTlsStrategy tls = keys.verify ? new DefaultClientTlsStrategy(keys.sslContext())
            : new DefaultClientTlsStrategy(keys.sslContext(), NoopHostnameVerifier.INSTANCE);
        long connect = keys.deadline("connect") > 0 ? keys.deadline("connect") : keys.deadline("total");
        ConnectionConfig.Builder config = ConnectionConfig.custom();
        if (connect > 0) config.setConnectTimeout(Timeout.ofMilliseconds(connect));
        long read = keys.deadline("read") > 0 ? keys.deadline("read") : keys.deadline("total");
        if (read > 0) config.setSocketTimeout(Timeout.ofMilliseconds(read));
        HttpClientBuilder b = HttpClients.custom()
            .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create().setTlsSocketStrategy(tls)
                .setDefaultConnectionConfig(config.build()).setDnsResolver(new Resolver()).build())
            .setRoutePlanner(new Planner()).setDefaultCredentialsProvider(this::credentials);
        if (!keys.redirects) b.disableRedirectHandling();
        if (!keys.cookies) b.disableCookieManagement();
        if (keys.retry.equals("off")) b.disableAutomaticRetries();
        if (keys.policy != null) b.setRetryStrategy(retryOf(keys));
        client = b.build();
    }

    private static DefaultHttpRequestRetryStrategy retryOf(Drive.Keys keys) {
        int attempts = ((Number) keys.policy.get("attempts")).intValue();
        Object base = keys.policy.get("base_ms");
        Object methods = keys.policy.get("methods");
        return new DefaultHttpRequestRetryStrategy(attempts - 1, TimeValue.ofMilliseconds(base == null ? 1000 : ((Number) base).longValue())) {
            @Override
            protected boolean handleAsIdempotent(HttpRequest request) {
                if (methods == null) return super.handleAsIdempotent(request);
                return methods instanceof List<?> list ? list.contains(request.getMethod()) : true; // "all"
            }
        };
    }

    public void change(Drive.Keys keys) {
        if (keys.proxy != null && keys.proxy.isTls) throw new Drive.Unsupported("https-proxy");
        this.keys = keys;
    }

    /** Those of the proxy for the proxy's scope, those of the origin for every other: which origins there are is not known before. */
    private Credentials credentials(AuthScope scope, HttpContext context) {
        Drive.Proxy p = keys.proxy;
        boolean isProxy = p != null && scope.getPort() == p.port && p.host.equalsIgnoreCase(scope.getHost());
        if (isProxy) return p.hasCredentials() ? new UsernamePasswordCredentials(p.username, p.password.toCharArray()) : null;
        List<String> origin = keys.originCredentials;
        return origin == null ? null : new UsernamePasswordCredentials(origin.get(0), origin.get(1).toCharArray());
    }

    private final class Planner extends DefaultRoutePlanner {
        Planner() { super(null); }

        @Override
        protected HttpHost determineProxy(HttpHost target, HttpContext context) {
            Drive.Proxy p = keys.proxy;
            return p == null ? null : new HttpHost(p.host, p.port);
        }
    }

    private final class Resolver extends SystemDefaultDnsResolver {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            List<String> addresses = keys.addresses(host);
            if (addresses == null) return super.resolve(host);
            InetAddress[] list = new InetAddress[addresses.size()];
            for (int i = 0; i < list.length; i++) list[i] = InetAddress.getByAddress(host, InetAddress.getByName(addresses.get(i)).getAddress());
            return list;
        }
    }

    public void request(Drive.Request r, Drive.Answer answer) throws Exception {
        HttpUriRequestBase request = new HttpUriRequestBase(r.method, URI.create(r.url));
        for (String[] h : r.headers) request.addHeader(h[0], h[1]);
        RequestConfig.Builder config = RequestConfig.custom().setExpectContinueEnabled(r.expectContinue);
        long read = r.read > 0 ? r.read : r.total;
        if (read > 0) config.setResponseTimeout(Timeout.ofMilliseconds(read));
        request.setConfig(config.build());
        if (r.body != null)
            request.setEntity(r.isStream ? new InputStreamEntity(new ByteArrayInputStream(r.body), ContentType.APPLICATION_OCTET_STREAM)
                : new ByteArrayEntity(r.body, ContentType.APPLICATION_OCTET_STREAM));
        r.cancel = request::cancel;
        client.execute(request, response -> {
            answer.begin(response.getCode());
            for (Header h : response.getHeaders()) answer.header(h.getName(), h.getValue());
            if (response.getEntity() != null) answer.feed(response.getEntity().getContent());
            return null;
        });
    }

    public void close() throws IOException { client.close(); }

    public static void main(String[] args) throws Exception {
        String version = VersionInfo.loadVersionInfo("org.apache.hc.client5", Driver.class.getClassLoader()).getRelease();
        Drive.serve("Apache HttpClient", version, CAPABILITIES, Driver::new, KINDS);
    }
}
