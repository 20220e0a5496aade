// go-retryablehttp around net/http. The PassthroughErrorHandler lets the last answer through when the attempts are used up.
package main

import (
	"context"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

var version = "unknown" // set by the linker

type retrying struct {
	*netHTTP
}

func (s retrying) request(ctx context.Context, o *operation, a *answer) error {
	plain, client, err := s.prepare(ctx, o)
	if err != nil {
		return err
	}
	if client.Timeout > 0 { // for all attempts together, and their waits
		limited, cancel := context.WithTimeout(ctx, client.Timeout)
		defer cancel()
		plain, client.Timeout = plain.WithContext(limited), 0
	}
	r, err := retryablehttp.FromRequest(plain)
	if err != nil {
		return err
	}
	// A client for each request is a view on the same pool, as with net/http: its deadline can differ.
	c := retryablehttp.NewClient()
	c.HTTPClient, c.Logger, c.ErrorHandler = client, nil, retryablehttp.PassthroughErrorHandler
	if policy := s.keys.policy; policy != nil {
		c.RetryMax = policy.Attempts - 1
		if policy.Base != nil {
			c.RetryWaitMin = time.Duration(*policy.Base) * time.Millisecond
		}
		if policy.Cap != nil {
			c.RetryWaitMax = time.Duration(*policy.Cap) * time.Millisecond
		}
		if !policy.allows(o.Method) {
			c.RetryMax = 0
		}
	} else if string(s.keys.Retry) != `"default"` {
		c.RetryMax = 0
	}
	response, err := c.Do(r)
	if err != nil {
		return err
	}
	return read(response, a)
}

func main() {
	open := func(o *operation) (session, error) {
		s, err := openNetHTTP(o)
		return retrying{s}, err
	}
	d := driver{client: "go-retryablehttp", version: version, capabilities: append(netHTTPCapabilities, "retry"), open: open, kinds: netHTTPKinds}
	d.serve()
}
