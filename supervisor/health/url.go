package health

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// URL is well when a GET is answered by 200 to 399. See the package comment
// for redirects, proxies and bodies.
type URL struct{ URL string }

// bodyLimit is how much of a body is read, headerLimit of a header, in bytes.
const (
	bodyLimit   = 4 << 10
	headerLimit = 64 << 10
)

// Awaits says what has not come yet.
func (p URL) Awaits() string { return "no answer from " + p.name() + " yet" }

// name is the request without its password.
func (p URL) name() string {
	u, err := url.Parse(p.URL)
	if err != nil {
		return "GET " + plain(p.URL, maxText)
	}
	return "GET " + u.Redacted()
}

func (p URL) watch(ctx context.Context, s Spec, report func(News)) {
	t := &http.Transport{
		Proxy: nil, // whatever the environment says
		// The attempt's end cancels a dial and a handshake too; these are
		// for one that does not hear of it.
		DialContext:         (&net.Dialer{Timeout: 2 * s.AttemptTimeout, KeepAlive: -1}).DialContext,
		TLSHandshakeTimeout: 2 * s.AttemptTimeout,

		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: headerLimit,
	}
	defer t.CloseIdleConnections()
	name := p.name()
	repeat(ctx, s, name, func(ctx context.Context, _ uint64) (string, bool) {
		text, ok := p.get(ctx, t)
		return name + ": " + text, ok
	}, report)
}

// get makes one request. The transport is asked directly: a client would
// follow redirects.
func (p URL) get(ctx context.Context, t *http.Transport) (text string, ok bool) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return "cannot read the url", false
	}
	r.Header.Set("User-Agent", "sysg")
	if r.URL.User != nil {
		password, _ := r.URL.User.Password()
		r.SetBasicAuth(r.URL.User.Username(), password)
	}
	a, err := t.RoundTrip(r)
	if err != nil {
		return cause(err), false
	}
	defer a.Body.Close()
	status := answer(a.StatusCode)
	body, err := io.ReadAll(io.LimitReader(a.Body, bodyLimit))
	switch {
	case a.StatusCode < 200 || a.StatusCode > 399:
		if said := plain(string(body), maxText); said != "" {
			status += ": " + said
		}
		return status, false
	case err != nil:
		return status + ", but " + cause(err), false
	}
	return status, true
}

// answer is a status in words. The server's own are not asked for.
func answer(code int) string {
	if words := http.StatusText(code); words != "" {
		return fmt.Sprintf("%d %s", code, words)
	}
	return fmt.Sprint(code)
}
