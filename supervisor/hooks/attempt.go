package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"systemg/supervisor/store"
)

// answerRoom is how many bytes of an answer are read; nobody looks at them,
// but a connection can be used again only when its answer was read.
const answerRoom = 16 << 10

// answer is what came of one attempt.
type answer struct {
	// err is nil when the endpoint answered with 2xx.
	err error
	// final is whether another attempt would fail in the same way.
	final bool
	// after is how long the endpoint wants to be left alone.
	after time.Duration
}

// transport makes connections for webhooks. They go to the outside world, so,
// unlike health probes, they go through the proxy that the supervisor's
// environment names: HTTP_PROXY, HTTPS_PROXY, NO_PROXY.
func transport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 15 * time.Second,
		MaxConnsPerHost: 0, MaxIdleConns: 16, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
}

func newClient(rt http.RoundTripper) *http.Client {
	if rt == nil {
		rt = transport()
	}
	return &http.Client{
		Transport: rt,
		// A redirect is an answer: to follow it would hand headers and
		// signature to somebody whom nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// attempt makes one call. Its errors name no URL and no header value.
func attempt(ctx context.Context, client *http.Client, d store.Delivery, n int, now time.Time) answer {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	req, err := request(ctx, d, n)
	if err != nil {
		return answer{err: err, final: true}
	}
	res, err := client.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return answer{err: fmt.Errorf("did not answer within %s", d.Timeout)}
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		if strings.Contains(err.Error(), "invalid proxy") {
			// The text has the address in it, which may have a password.
			err = errors.New("the proxy in the supervisor's environment (HTTP_PROXY, HTTPS_PROXY) cannot be read")
		}
		return answer{err: err}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, answerRoom)
	return judge(res, now)
}

// judge is what a status means.
func judge(res *http.Response, now time.Time) answer {
	code := res.StatusCode
	a := answer{err: fmt.Errorf("answered %d %s", code, http.StatusText(code))}
	switch {
	case code >= 200 && code < 300:
		return answer{}
	case code >= 300 && code < 400:
		a.final = true
		a.err = fmt.Errorf("answered %d: redirects are not followed, put where it points to into the manifest", code)
	case code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests:
		a.final = true
	default:
		a.after = retryAfter(res.Header.Get("Retry-After"), now)
	}
	return a
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3); 0 for neither.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

func request(ctx context.Context, d store.Delivery, n int) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, errors.New("its url cannot be read")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "sysg")
	for _, h := range d.Headers {
		if err := checkHeader(h); err != nil {
			return nil, err
		}
		if strings.EqualFold(h.Name, "Host") {
			req.Host = h.Value
			continue
		}
		req.Header.Set(h.Name, h.Value)
	}
	req.Header.Set(DeliveryHeader, d.ID)
	req.Header.Set(AttemptHeader, strconv.Itoa(n))
	req.Header.Del(SignatureHeader)
	if d.Signature != "" {
		req.Header.Set(SignatureHeader, d.Signature)
	}
	return req, nil
}

// checkHeader refuses what HTTP cannot carry (RFC 9110, 5.1 and 5.5).
func checkHeader(h store.DeliveryHeader) error {
	if h.Name == "" || strings.ContainsFunc(h.Name, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}) {
		return fmt.Errorf("%q cannot be the name of a header", h.Name)
	}
	if strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("the value of the header %s has control characters in it", h.Name)
	}
	return nil
}
