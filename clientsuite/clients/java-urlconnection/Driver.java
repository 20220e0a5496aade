import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieHandler;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;

/**
 * java.net.HttpURLConnection: openConnection(proxy) and an Authenticator for each connection. Its pool of idle connections
 * is the process's, and there is no call to empty it; so that a session begins with an empty one, its field is given
 * another, for which the profile opens the package.
 */
public final class Driver implements Drive.Session {
    // Native errors and what the contract calls them: the first row that fits the error or one of its causes decides.
    static final List<Drive.Kind> KINDS = List.of(
        new Drive.Kind(SSLException.class, "", "tls-origin"),
        new Drive.Kind(java.security.GeneralSecurityException.class, "", "tls-origin"),
        new Drive.Kind(SocketTimeoutException.class, "onnect timed out", "timeout-connect"),
        new Drive.Kind(SocketTimeoutException.class, "", "timeout-read"),
        new Drive.Kind(IOException.class, "\"HTTP/1.1 407", "proxy-auth"),
        new Drive.Kind(IOException.class, "Unable to tunnel through proxy", "proxy-connect"),
        new Drive.Kind(ConnectException.class, "", "proxy-unreachable"),
        new Drive.Kind(UnknownHostException.class, "", "proxy-unreachable"),
        new Drive.Kind(SocketException.class, "Connection reset", "reset"),
        new Drive.Kind(SocketException.class, "Broken pipe", "reset"),
        new Drive.Kind(SocketException.class, "Unexpected end of file from server", "closed-early"),
        new Drive.Kind(IOException.class, "Premature EOF", "incomplete"),
        new Drive.Kind(IOException.class, "Invalid Http response", "protocol"),
        new Drive.Kind(java.util.NoSuchElementException.class, "", "protocol"), // of a status line it can't read
        new Drive.Kind(java.net.ProtocolException.class, "redirected too many times", "redirects"),
        new Drive.Kind(java.net.ProtocolException.class, "", "protocol"),
        new Drive.Kind(MalformedURLException.class, "", "config"),
        new Drive.Kind(IllegalArgumentException.class, "", "config"),
        new Drive.Kind(IOException.class, "chunk", "incomplete"));

    static final List<String> CAPABILITIES = List.of("absolute-form", "credential-callback", "deadlines", "digest", "https",
        "keep-alive", "origin-credentials", "parallel", "redirects", "streaming", "switch-proxy");

    private volatile Drive.Keys keys;
    private SSLSocketFactory sockets;

    public void open(Drive.Keys keys) throws Exception {
        change(keys);
        emptyPool();
        sockets = keys.sslContext().getSocketFactory();
    }

    private static void emptyPool() throws ReflectiveOperationException {
        Field pool = Class.forName("sun.net.www.http.HttpClient").getDeclaredField("kac");
        pool.setAccessible(true);
        Constructor<?> fresh = pool.getType().getDeclaredConstructor();
        fresh.setAccessible(true);
        pool.set(null, fresh.newInstance());
    }

    public void change(Drive.Keys keys) {
        if (keys.proxy != null && keys.proxy.isTls) throw new Drive.Unsupported("https-proxy");
        this.keys = keys;
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
        Drive.Proxy p = keys.proxy;
        HttpURLConnection c = (HttpURLConnection) URI.create(r.url).toURL()
            .openConnection(p == null ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP, p.address()));
        if (c instanceof HttpsURLConnection https) {
            https.setSSLSocketFactory(sockets);
            if (!keys.verify) https.setHostnameVerifier((host, session) -> true);
        }
        if (p != null && p.hasCredentials() || keys.originCredentials != null) c.setAuthenticator(new Answerer());
        c.setRequestMethod(r.method);
        c.setInstanceFollowRedirects(keys.redirects);
        c.setConnectTimeout((int) (r.connect > 0 ? r.connect : r.total));
        c.setReadTimeout((int) (r.read > 0 ? r.read : r.total));
        for (String[] h : r.headers) c.addRequestProperty(h[0], h[1]);
        if (r.body != null) {
            c.setDoOutput(true);
            if (r.isStream) c.setChunkedStreamingMode(0);
            c.setRequestProperty("Content-Type", "application/octet-stream");
            try (OutputStream out = c.getOutputStream()) {
                out.write(r.body);
            }
        }
        int status = c.getResponseCode();
        if (status < 0) throw new IOException("Invalid Http response");
        answer.begin(status);
        c.getHeaderFields().forEach((name, values) -> values.forEach(v -> answer.header(name, v)));
        InputStream body;
        try {
            body = status >= 400 ? c.getErrorStream() : c.getInputStream();
        } catch (FileNotFoundException e) {
            body = c.getErrorStream();
        }
        try (InputStream in = body) {
            answer.feed(in);
        }
    }

    public static void main(String[] args) throws Exception {
        CookieHandler.setDefault(null);
        Drive.serve("java.net.HttpURLConnection", System.getProperty("java.version"), CAPABILITIES, Driver::new, KINDS);
    }
}
