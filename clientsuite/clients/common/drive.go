// The driver contract for Go libraries: what every driver would repeat.
//
// A driver fills a driver value: its name, what it is capable of, how a session is opened and a request made, and a table
// of its errors; serve() is the rest: JSON Lines on standard input and output, sessions, bodies made and hashed, errors
// given their kind. Each request is a goroutine with a context that `cancel` ends, so that the loop always reads on.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"os"
	"runtime"
	"sync"
)

const headOctets = 4096 // octets of a body that a reply carries

type unsupported string

func (u unsupported) Error() string { return string(u) }

type proxyKeys struct {
	URL      string  `json:"url"`
	Username *string `json:"username"`
	Password string  `json:"password"`
	By       string  `json:"by"`
}

func (p *proxyKeys) hasCredentials() bool { return p != nil && p.Username != nil }

func (p *proxyKeys) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(*p.Username+":"+p.Password))
}

type pair struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

type deadlines struct { // ms; nil: none
	Connect *int `json:"connect_ms"`
	Read    *int `json:"read_ms"`
	Total   *int `json:"total_ms"`
}

type retryKeys struct {
	Attempts int             `json:"attempts"`
	Base     *int            `json:"base_ms"`
	Cap      *int            `json:"cap_ms"`
	Methods  json.RawMessage `json:"methods"`
}

// allows tells whether a request with this method may be repeated: any, unless the policy has a list.
func (p *retryKeys) allows(method string) bool {
	var list []string
	if len(p.Methods) == 0 || json.Unmarshal(p.Methods, &list) != nil {
		return true
	}
	for _, m := range list {
		if m == method {
			return true
		}
	}
	return false
}

type bodyKeys struct {
	Size   int     `json:"size"`
	Base64 *string `json:"base64"`
	Stream bool    `json:"stream"`
}

func (b *bodyKeys) octets() []byte {
	if b.Base64 != nil {
		octets, _ := base64.StdEncoding.DecodeString(*b.Base64)
		return octets
	}
	octets := make([]byte, b.Size)
	for i := range octets {
		octets[i] = byte(i % 251)
	}
	return octets
}

// operation is a line of the suite; which keys it has is for its verb to say.
type operation struct {
	Do      string `json:"do"`
	Session any    `json:"session"`
	ID      any    `json:"id"`

	Proxy             *proxyKeys        `json:"proxy"`
	CAFile            string            `json:"ca_file"`
	Verify            *bool             `json:"verify"`
	Retry             json.RawMessage   `json:"retry"`
	Redirects         bool              `json:"redirects"`
	Cookies           bool              `json:"cookies"`
	Cache             bool              `json:"cache"`
	Deadlines         deadlines         `json:"deadlines"`
	Pool              []any             `json:"pool"`
	Rotate            any               `json:"rotate"`
	Hosts             map[string]string `json:"hosts"` // addresses, apart by commas
	WithoutProxy      any               `json:"without_proxy"`
	Schemes           []string          `json:"schemes"`
	OriginCredentials *pair             `json:"origin_credentials"`

	Method         string      `json:"method"`
	URL            string      `json:"url"`
	Headers        [][2]string `json:"headers"`
	Body           *bodyKeys   `json:"body"`
	ExpectContinue bool        `json:"expect_continue"`
	Raw            any         `json:"raw"`

	policy *retryKeys // nil: "off" or "default"
	said   map[string]json.RawMessage
}

// answer is what the caller of the library gets to see, as far as it came.
type answer struct {
	status   int
	headers  [][2]string
	trailers [][2]string
	bytes    int
	hash     hash.Hash
	head     []byte
}

func (a *answer) Write(octets []byte) (int, error) {
	a.bytes += len(octets)
	a.hash.Write(octets)
	if room := headOctets - len(a.head); room > 0 {
		if room > len(octets) {
			room = len(octets)
		}
		a.head = append(a.head, octets[:room]...)
	}
	return len(octets), nil
}

func (a *answer) reply(id any) map[string]any {
	reply := map[string]any{"id": id}
	if a.status != 0 {
		reply["status"], reply["headers"] = a.status, a.headers
		reply["body"] = map[string]any{"bytes": a.bytes, "sha256": hex.EncodeToString(a.hash.Sum(nil)),
			"head": base64.StdEncoding.EncodeToString(a.head)}
		if len(a.trailers) > 0 {
			reply["trailers"] = a.trailers
		}
	}
	return reply
}

type session interface {
	change(o *operation) error // unsupported, where it can't
	request(ctx context.Context, o *operation, a *answer) error
	close()
}

type errorKind struct { // a row of the table of errors: its words for a reader
	what string
	is   func(error) bool
	kind string
}

type driver struct {
	client, version string
	capabilities    []string
	open            func(o *operation) (session, error)
	kinds           []errorKind

	mutex    sync.Mutex
	out      *bufio.Writer
	sessions map[any]*opened
	running  map[any]context.CancelFunc
}

type opened struct {
	session
	keys *operation
}

func (d *driver) say(reply map[string]any) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	line, _ := json.Marshal(reply)
	d.out.Write(append(line, '\n'))
	d.out.Flush()
}

func (d *driver) can(capability string) bool {
	for _, c := range d.capabilities {
		if c == capability {
			return true
		}
	}
	return false
}

// check says what `open` asks for in vain.
func (d *driver) check(o *operation) error {
	wanted := map[string]bool{"redirects": o.Redirects, "cookies": o.Cookies, "cache": o.Cache, "proxy-pool": len(o.Pool) > 0,
		"rotation": o.Rotate != nil, "host-map": len(o.Hosts) > 0, "without-proxy": o.WithoutProxy != nil,
		"origin-credentials": o.OriginCredentials != nil, "retry": o.policy != nil,
		"credential-callback": o.Proxy != nil && o.Proxy.By == "callback", "schemes": len(o.Schemes) > 0}
	for _, scheme := range o.Schemes {
		if scheme == "basic" { // that is all they know
			wanted["schemes"] = false
		}
	}
	for capability, isWanted := range wanted {
		if isWanted && !d.can(capability) {
			return unsupported(capability)
		}
	}
	return nil
}

func parse(line []byte) (*operation, error) {
	o := &operation{}
	if err := json.Unmarshal(line, o); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(line, &o.said); err != nil {
		return nil, err
	}
	if len(o.Retry) > 0 && o.Retry[0] == '{' {
		o.policy = &retryKeys{}
		return o, json.Unmarshal(o.Retry, o.policy)
	}
	return o, nil
}

func (d *driver) do(o *operation) error {
	switch o.Do {
	case "hello":
		kinds := map[string]string{}
		for _, row := range d.kinds {
			kinds[row.what] = row.kind
		}
		d.say(map[string]any{"client": d.client, "version": d.version, "runtime": runtime.Version(), "capabilities": d.capabilities, "kinds": kinds})
	case "open":
		if err := d.check(o); err != nil {
			return err
		}
		s, err := d.open(o)
		if _, isUnsupported := err.(unsupported); isUnsupported {
			return err
		} else if err != nil { // a setting the library refuses
			d.say(map[string]any{"session": o.Session, "error": err.Error(), "kind": "config"})
			return nil
		}
		d.sessions[o.Session] = &opened{s, o}
		d.say(map[string]any{"session": o.Session})
	case "change":
		return d.change(o)
	case "close":
		if s := d.sessions[o.Session]; s != nil {
			s.close()
		}
		delete(d.sessions, o.Session)
		d.say(map[string]any{"closed": o.Session})
	case "request":
		if o.Raw != nil {
			d.say(map[string]any{"id": o.ID, "unsupported": "raw-tunnel"})
			return nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		d.mutex.Lock()
		d.running[o.ID] = cancel
		d.mutex.Unlock()
		go d.request(ctx, d.sessions[o.Session], o)
	case "cancel":
		d.mutex.Lock()
		cancel := d.running[o.ID]
		d.mutex.Unlock()
		if cancel != nil {
			cancel()
		}
		d.say(map[string]any{"cancelled": o.ID})
	default:
		return unsupported(o.Do)
	}
	return nil
}

// change merges the keys that are said into those of the session.
func (d *driver) change(o *operation) error {
	s := d.sessions[o.Session]
	if _, isPair := o.said["username"]; isPair && s.keys.Proxy != nil { // other credentials for the same proxy
		proxy := map[string]json.RawMessage{}
		if err := json.Unmarshal(s.keys.said["proxy"], &proxy); err != nil {
			return err
		}
		for _, key := range []string{"username", "password", "by"} {
			if value, isSaid := o.said[key]; isSaid {
				proxy[key] = value
			}
		}
		o.said["proxy"], _ = json.Marshal(proxy)
	}
	for key, value := range s.keys.said {
		if _, isSaid := o.said[key]; !isSaid {
			o.said[key] = value
		}
	}
	line, _ := json.Marshal(o.said)
	merged, err := parse(line)
	if err == nil {
		err = d.check(merged)
	}
	if err == nil {
		err = s.change(merged)
	}
	if err == nil {
		s.keys = merged
		d.say(map[string]any{"session": o.Session})
	}
	return err
}

func (d *driver) request(ctx context.Context, s *opened, o *operation) {
	a := &answer{hash: sha256.New()}
	if o.Method == "" {
		o.Method = "GET"
	}
	if p := s.keys.Proxy; p.hasCredentials() && p.By == "header" {
		o.Headers = append(o.Headers, [2]string{"Proxy-Authorization", p.basic()})
	}
	err := s.request(ctx, o, a)
	reply := a.reply(o.ID)
	if err != nil {
		reply["error"], reply["kind"] = err.Error(), d.kindOf(ctx, err)
	}
	d.mutex.Lock()
	d.running[o.ID]()
	delete(d.running, o.ID)
	d.mutex.Unlock()
	d.say(reply)
}

func (d *driver) kindOf(ctx context.Context, err error) string {
	if ctx.Err() == context.Canceled {
		return "cancelled"
	}
	for _, row := range d.kinds {
		if row.is(err) {
			return row.kind
		}
	}
	return "other"
}

// ms is the first of them that is there, 0 where none is.
func ms(values ...*int) int {
	for _, v := range values {
		if v != nil {
			return *v
		}
	}
	return 0
}

// serve does what standard input says until it ends.
func (d *driver) serve() {
	d.out, d.sessions, d.running = bufio.NewWriter(os.Stdout), map[any]*opened{}, map[any]context.CancelFunc{}
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return // end of file means: finish
		}
		o, err := parse(line)
		if err == nil {
			err = d.do(o)
		}
		if err != nil {
			d.say(map[string]any{"unsupported": err.Error()})
		}
	}
}
