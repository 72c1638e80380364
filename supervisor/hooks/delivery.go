package hooks

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/url"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
)

// The headers a webhook has besides its own.
const (
	// SignatureHeader is sha256=<hex HMAC-SHA256 of the body>, where the
	// webhook has a secret.
	SignatureHeader = "X-Sysg-Signature"
	// DeliveryHeader is the id of the body, AttemptHeader the number of the
	// attempt since the supervisor started, from 1.
	DeliveryHeader = "X-Sysg-Delivery"
	AttemptHeader  = "X-Sysg-Attempt"
)

// Body is what a webhook sends, as JSON.
type Body struct {
	// ID is the same in every attempt: a receiver that has seen it drops it.
	ID      string    `json:"id"`
	Event   Event     `json:"event"`
	Outcome Outcome   `json:"outcome"`
	Project string    `json:"project"`
	Unit    string    `json:"unit"`
	Run     uint64    `json:"run"`
	Reason  string    `json:"reason"`
	Exit    *BodyExit `json:"exit"`
	// GaveUp is whether no further run follows by itself.
	GaveUp bool      `json:"gave_up"`
	Time   time.Time `json:"time"`
	Host   string    `json:"host"`
}

// BodyExit is how the run ended.
type BodyExit struct {
	// Code is the exit status, -1 when there is none.
	Code   int    `json:"code"`
	Signal string `json:"signal"`
	Text   string `json:"text"`
}

// letter is the delivery that an occasion owes to a webhook.
func letter(n Notice, w *config.Webhook, host string) (store.Delivery, error) {
	o := n.Occasion
	b := Body{
		ID: rand.Text(), Event: o.Event, Outcome: o.Outcome, Project: n.Def.Project, Unit: n.Def.Name,
		Run: o.Run, Reason: clip(o.Reason), GaveUp: o.GaveUp, Time: n.Time.UTC(), Host: host,
	}
	if o.Exit != nil {
		b.Exit = &BodyExit{Code: o.Exit.Code, Signal: o.Exit.Signal, Text: clip(o.Exit.Text)}
	}
	body, err := json.Marshal(b)
	if err != nil {
		return store.Delivery{}, err
	}
	d := store.Delivery{
		ID: b.ID, Created: b.Time, Unit: n.Def.ID(), About: o.String(),
		URL: w.URL, Body: body, Timeout: w.Timeout, Retries: w.Retries,
	}
	for _, h := range w.Headers {
		d.Headers = append(d.Headers, store.DeliveryHeader{Name: h.Name, Value: h.Value})
	}
	if w.Secret != "" {
		d.Signature = Sign(w.Secret, body)
	}
	return d, nil
}

// runOf is the run that a delivery is about.
func runOf(d store.Delivery) uint64 {
	var b Body
	if json.Unmarshal(d.Body, &b) != nil {
		return 0
	}
	return b.Run
}

// Sign is the signature of a body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// The back-off of an endpoint. With the default of 5 retries a delivery is
// tried for at least 67 minutes: an endpoint may be down for an hour.
const (
	firstDelay  = 10 * time.Second
	delayFactor = 6
	mostDelay   = 30 * time.Minute
	delaySpread = 0.2
	// mostRetryAfter bounds what an endpoint may ask for.
	mostRetryAfter = time.Hour
)

// Delay is how long an endpoint is left alone after its n-th failure in a row,
// from 1. Spread in [0, 1] lengthens it by up to a fifth; asked is the
// endpoint's Retry-After, which counts when it is longer, up to an hour.
func Delay(n int, spread float64, asked time.Duration) time.Duration {
	d := float64(firstDelay) * math.Pow(delayFactor, float64(n-1))
	d = math.Min(d, float64(mostDelay)) * (1 + delaySpread*spread)
	return max(time.Duration(d), min(asked, mostRetryAfter))
}

// Place names an endpoint without what may be secret: its path, its query and
// whoever it logs in as.
func Place(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "a webhook"
	}
	return u.Scheme + "://" + u.Host
}

// tag tells endpoints of the same place apart.
func tag(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:4])
}
