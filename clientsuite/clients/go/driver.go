// net/http as it is: it has no retries of its own but one, of a request whose reused connection broke before an answer.
package main

import "runtime"

func main() {
	open := func(o *operation) (session, error) { return openNetHTTP(o) }
	d := driver{client: "go net/http", version: runtime.Version()[2:], capabilities: netHTTPCapabilities, open: open, kinds: netHTTPKinds}
	d.serve()
}
