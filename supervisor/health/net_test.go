package health

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience bounds every wait for something that comes by itself.
const patience = 20 * time.Second

// All these tests run where the environment names a proxy that leads nowhere.
// net/http reads it once, so it is set before anything else.
func init() {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		_ = os.Setenv(name, "http://127.0.0.1:1")
	}
	_ = os.Unsetenv("NO_PROXY")
	_ = os.Unsetenv("no_proxy")
}

// first is the first result of a watch. When it returns the watch has ended.
func first(t *testing.T, p Probe, timeout time.Duration) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []Result
	Watch(ctx, Spec{Probe: p, Interval: time.Hour, AttemptTimeout: timeout}, func(n News) {
		got = append(got, n.(Result))
		cancel()
	})
	if len(got) != 1 {
		t.Fatalf("%d results", len(got))
	}
	return got[0]
}

func (r Result) check(t *testing.T, ok bool, text string) {
	t.Helper()
	if r.OK != ok || r.Text != text {
		t.Errorf("%v %q, want %v %q", r.OK, r.Text, ok, text)
	}
}

// serve is an HTTP server for one answer.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

// speak is a server that writes the same to whoever connects, and then leaves
// the connection open, or closes it where last is true.
func speak(t *testing.T, words string, last bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				request := bufio.NewReader(conn)
				for line, err := request.ReadString('\n'); err == nil && line != "\r\n"; line, err = request.ReadString('\n') {
				}
				_, _ = io.WriteString(conn, words)
				if !last {
					// Until the other side goes.
					_, _ = io.Copy(io.Discard, request)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestURLAnswers(t *testing.T) {
	for code, want := range map[int]struct {
		ok   bool
		text string
	}{
		200: {true, "200 OK"},
		204: {true, "204 No Content"},
		304: {true, "304 Not Modified"},
		399: {true, "399"},
		404: {false, "404 Not Found: no such page"},
		503: {false, "503 Service Unavailable: no such page"},
		599: {false, "599: no such page"},
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.Header.Get("User-Agent") != "sysg" || !r.Close {
					t.Errorf("it asks by %s, %v", r.Method, r.Header)
				}
				w.WriteHeader(code)
				if code >= 400 {
					_, _ = io.WriteString(w, "no such\npage\n")
				}
			})
			first(t, URL{URL: url}, patience).check(t, want.ok, "GET "+url+": "+want.text)
		})
	}
}

// A redirect is an answer. Where it leads, nobody goes.
func TestURLDoesNotFollow(t *testing.T) {
	var visits atomic.Int32
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { visits.Add(1) })
	for _, target := range []string{elsewhere, "/login", "", "::not a url::"} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				visits.Add(1)
			}
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		})
		first(t, URL{URL: url + "/"}, patience).check(t, true, "GET "+url+"/: 302 Found")
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// 0.0.0.0 leads to this machine, and unlike 127.0.0.1 is not spared the proxy
// by net/http.
func TestURLNeverGoesThroughAProxy(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	url = "http://0.0.0.0:" + port
	first(t, URL{URL: url}, patience).check(t, true, "GET "+url+": 200 OK")
}

func TestURLAuthenticates(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "probe" || password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	host := strings.TrimPrefix(url, "http://")
	first(t, URL{URL: "http://probe:s3cret@" + host}, patience).check(t, true, "GET http://probe:xxxxx@"+host+": 200 OK")
}

// The first 4 KiB of a body are read, and of a bad answer 120 bytes shown.
func TestURLHugeBodies(t *testing.T) {
	for _, code := range []int{200, 500} {
		var written atomic.Int64
		left := make(chan struct{})
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			defer close(left)
			w.WriteHeader(code)
			chunk := []byte(strings.Repeat("x", 1<<16))
			for {
				n, err := w.Write(chunk)
				if written.Add(int64(n)); err != nil {
					return
				}
			}
		})
		text := ": 200 OK"
		if code == 500 {
			text = ": 500 Internal Server Error: " + strings.Repeat("x", maxText) + "…"
		}
		first(t, URL{URL: url}, patience).check(t, code == 200, "GET "+url+text)
		<-left
		// What the kernel's buffers hold is all that an endless answer gets
		// rid of.
		if n := written.Load(); n > 64<<20 {
			t.Errorf("%d bytes were taken from it", n)
		}
	}
}

func TestURLSlowOrBrokenAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		words string
		last  bool
		want  string
	}{
		"silence":          {"", false, "no answer within 100ms"},
		"half a header":    {"HTTP/1.1 200 OK\r\nX-", false, "no answer within 100ms"},
		"half a body":      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false, "no answer within 100ms"},
		"closed at once":   {"", true, "the connection was closed before the answer was complete"},
		"closed in a body": {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true, "200 OK, but the connection was closed before the answer was complete"},
		"not HTTP":         {"SSH-2.0-OpenSSH_9.2\r\n", true, "its answer is not HTTP"},
		"endless header":   {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Y: "+strings.Repeat("z", 1000)+"\r\n", 200), false, "its header is larger than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := patience
			if strings.HasPrefix(c.want, "no answer") {
				timeout = 100 * time.Millisecond
			}
			url := "http://" + speak(t, c.words, c.last)
			first(t, URL{URL: url}, timeout).check(t, false, "GET "+url+": "+c.want)
		})
	}
}

func TestURLRefused(t *testing.T) {
	url := "http://" + nobody(t) + "/health"
	first(t, URL{URL: url}, patience).check(t, false, "GET "+url+": connection refused")
}

func TestURLOverTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	first(t, URL{URL: s.URL}, patience).check(t, false,
		"GET "+s.URL+": its certificate is signed by an authority that this machine does not know")

	plain := strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1)
	first(t, URL{URL: plain}, patience).check(t, false, "GET "+plain+": it does not speak TLS; is it http://?")
}

func TestCauseOfCertificates(t *testing.T) {
	for want, err := range map[string]error{
		"its certificate is for another name: x509: certificate is valid for a.example, not b.example": x509.HostnameError{
			Certificate: &x509.Certificate{DNSNames: []string{"a.example"}}, Host: "b.example",
		},
		"its certificate has expired or is not valid yet":                                       x509.CertificateInvalidError{Reason: x509.Expired},
		"its certificate is not valid: x509: too many intermediates for path length constraint": x509.CertificateInvalidError{Reason: x509.TooManyIntermediates},
	} {
		if got := cause(fmt.Errorf("tls: %w", err)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTCP(t *testing.T) {
	there := speak(t, "", false)
	first(t, TCP{Address: there}, patience).check(t, true, "tcp "+there+": connected")
	gone := nobody(t)
	first(t, TCP{Address: gone}, patience).check(t, false, "tcp "+gone+": connection refused")
	first(t, TCP{Address: "127.0.0.1:nosuchservice"}, patience).check(t, false, "tcp 127.0.0.1:nosuchservice: cannot resolve tcp/nosuchservice: unknown port")
}

// Servers that say nothing hold nobody: when their watches have ended, nothing
// of them is left.
func TestHungServersHoldNothing(t *testing.T) {
	address := speak(t, "", false)
	before := runtime.NumGoroutine()
	for _, scheme := range []string{"http://", "https://"} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		failures := make(chan News, 1)
		go func() {
			defer close(ended)
			Watch(ctx, Spec{Probe: URL{URL: scheme + address}, Interval: leastPause, AttemptTimeout: leastPause}, func(n News) {
				select {
				case failures <- n:
				case <-ctx.Done():
				}
			})
		}()
		for range 20 {
			(<-failures).(Result).check(t, false, "GET "+scheme+address+": no answer within 10ms")
		}
		cancel()
		<-ended
	}
	// The servers' ends of the connections, and dials that nobody wants any
	// more, are told by the kernel that they are closed.
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, there were %d:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}
