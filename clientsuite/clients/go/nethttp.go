// A session on net/http: a Client over a clone of the default Transport. go-retryablehttp's driver stands on it too.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// Native errors and what the contract calls them; the first row that fits decides.
var netHTTPKinds = []errorKind{
	{"Proxy Authentication Required", isStatusText("Proxy Authentication Required"), "proxy-auth"},
	{"a status line's reason alone", isAnyStatusText, "proxy-connect"},
	{"net.OpError proxyconnect: tls: ", both(isProxyConnect, says("tls: ")), "tls-proxy"},
	{"x509: ", says("x509: "), "tls-origin"},
	{"tls.RecordHeaderError", isA[tls.RecordHeaderError], "tls-origin"},
	{"tls: ", says("tls: "), "tls-origin"},
	{"HTTP response to HTTPS client", says("HTTP response to HTTPS client"), "tls-origin"},
	{"stopped after 10 redirects", says("stopped after 10 redirects"), "redirects"},
	{"timeout awaiting response headers", says("timeout awaiting response headers"), "timeout-read"},
	{"TLS handshake timeout", says("TLS handshake timeout"), "timeout-connect"},
	{"net.OpError dial, Timeout()", isDialTimeout, "timeout-connect"},
	{"Client.Timeout exceeded", says("Client.Timeout exceeded"), "timeout-total"},
	{"context.DeadlineExceeded", is(context.DeadlineExceeded), "timeout-total"},
	{"ECONNREFUSED", is(syscall.ECONNREFUSED), "proxy-unreachable"},
	{"net.DNSError", isA[*net.DNSError], "proxy-unreachable"},
	{"ECONNRESET", is(syscall.ECONNRESET), "reset"},
	{"EPIPE", is(syscall.EPIPE), "reset"},
	{"io.ErrUnexpectedEOF", is(io.ErrUnexpectedEOF), "incomplete"},
	{"io.EOF", is(io.EOF), "closed-early"},
	{"server closed idle connection", says("server closed idle connection"), "closed-early"},
	{"malformed", says("malformed"), "protocol"},
	{"bad ", says("bad "), "protocol"},
	{"invalid ", says("invalid "), "protocol"},
	{"(no words: a CONNECT answered with an empty reason)", isBare, "proxy-connect"},
	{"unsupported protocol scheme", says("unsupported protocol scheme"), "config"},
}

var netHTTPCapabilities = []string{"absolute-form", "cancel", "cookies", "deadlines", "environment", "expect-continue", "host-map",
	"https", "https-proxy", "keep-alive", "origin-credentials", "parallel", "redirects", "streaming", "switch-proxy", "total-deadline"}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

func says(words string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), words) }
}

// A refused CONNECT is told by the words of its status line alone.
func isStatusText(text string) func(error) bool {
	return func(err error) bool {
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			if inner.Error() == text {
				return true
			}
		}
		return false
	}
}

func isAnyStatusText(err error) bool {
	for code := 100; code < 600; code++ { // a 2xx other than 200 is refused, too
		if text := http.StatusText(code); text != "" && isStatusText(text)(err) {
			return true
		}
	}
	return false
}

// So is one without words.
func isBare(err error) bool {
	var e *url.Error
	return errors.As(err, &e) && e.Err.Error() == ""
}

// A proxy that cannot be reached is told as a proxyconnect, around what went wrong.
func isProxyConnect(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}

func isDialTimeout(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") && op.Timeout()
}

func both(one, other func(error) bool) func(error) bool {
	return func(err error) bool { return one(err) && other(err) }
}

type netHTTP struct {
	client    http.Client
	transport *http.Transport
	proxy     *url.URL // nil: what the environment says
	keys      *operation
}

func openNetHTTP(o *operation) (*netHTTP, error) {
	s := &netHTTP{transport: http.DefaultTransport.(*http.Transport).Clone()}
	s.transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: o.Verify != nil && !*o.Verify}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, err
		}
		s.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		s.transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	dialer := &net.Dialer{Timeout: time.Duration(ms(o.Deadlines.Connect)) * time.Millisecond}
	s.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dial(ctx, dialer, network, address, o.Hosts)
	}
	s.transport.ResponseHeaderTimeout = time.Duration(ms(o.Deadlines.Read)) * time.Millisecond
	s.transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if s.proxy == nil {
			return http.ProxyFromEnvironment(r)
		}
		return s.proxy, nil
	}
	s.client.Transport = s.transport
	if !o.Redirects {
		s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if o.Cookies {
		s.client.Jar, _ = cookiejar.New(nil)
	}
	return s, s.change(o)
}

// dial takes the names of the case first, each of its addresses in turn.
func dial(ctx context.Context, d *net.Dialer, network, address string, hosts map[string]string) (conn net.Conn, err error) {
	host, port, _ := net.SplitHostPort(address)
	addresses, isMapped := hosts[host]
	if !isMapped {
		return d.DialContext(ctx, network, address)
	}
	for _, a := range strings.Split(addresses, ",") {
		if conn, err = d.DialContext(ctx, network, net.JoinHostPort(a, port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (s *netHTTP) change(o *operation) error {
	s.keys, s.proxy = o, nil
	if o.Proxy == nil {
		return nil
	}
	proxy, err := url.Parse(o.Proxy.URL)
	if err != nil {
		return err
	}
	if o.Proxy.hasCredentials() && o.Proxy.By != "header" {
		proxy.User = url.UserPassword(*o.Proxy.Username, o.Proxy.Password)
	}
	if o.Proxy.By == "url" { // through the text, as from a configuration file
		if proxy, err = url.Parse(proxy.String()); err != nil {
			return err
		}
	}
	s.proxy = proxy
	return nil
}

// prepare makes the request and the client for it: the total deadline is the Timeout of a copy, which shares the pool.
// So is a read deadline of the request's own: ResponseHeaderTimeout is the transport's, for all of them.
func (s *netHTTP) prepare(ctx context.Context, o *operation) (*http.Request, *http.Client, error) {
	var body io.Reader
	if o.Body != nil {
		body = bytes.NewReader(o.Body.octets())
		if o.Body.Stream {
			body = io.MultiReader(body) // of no known length, can't be read again
		}
	}
	r, err := http.NewRequestWithContext(ctx, o.Method, o.URL, body)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range o.Headers {
		if strings.EqualFold(h[0], "Host") {
			r.Host = h[1]
		}
		r.Header.Add(h[0], h[1])
	}
	if o.ExpectContinue {
		r.Header.Set("Expect", "100-continue")
	}
	if pair := s.keys.OriginCredentials; pair != nil {
		r.SetBasicAuth(pair.Username, pair.Password)
	}
	client := s.client
	total := ms(o.Deadlines.Total, s.keys.Deadlines.Total)
	if read := ms(o.Deadlines.Read); read > 0 && (total == 0 || read < total) {
		total = read
	}
	client.Timeout = time.Duration(total) * time.Millisecond
	return r, &client, nil
}

func (s *netHTTP) request(ctx context.Context, o *operation, a *answer) error {
	r, client, err := s.prepare(ctx, o)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	return read(response, a)
}

func read(response *http.Response, a *answer) error {
	defer response.Body.Close()
	a.status, a.headers = response.StatusCode, pairs(response.Header)
	_, err := io.Copy(a, response.Body)
	a.trailers = pairs(response.Trailer)
	return err
}

func pairs(h http.Header) [][2]string {
	list := [][2]string{}
	for name, values := range h {
		for _, v := range values {
			list = append(list, [2]string{name, v})
		}
	}
	return list
}

func (s *netHTTP) close() { s.transport.CloseIdleConnections() }
