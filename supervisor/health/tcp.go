package health

import (
	"context"
	"net"
)

// TCP is well when something accepts a connection at host:port. The connection
// is closed at once, without a byte.
type TCP struct{ Address string }

// Awaits says what has not come yet.
func (p TCP) Awaits() string { return "no connection to " + p.name() + " yet" }

func (p TCP) name() string { return "tcp " + p.Address }

func (p TCP) watch(ctx context.Context, s Spec, report func(News)) {
	repeat(ctx, s, p.name(), func(ctx context.Context, _ uint64) (string, bool) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", p.Address)
		if err != nil {
			return p.name() + ": " + cause(err), false
		}
		_ = conn.Close()
		return p.name() + ": connected", true
	}, report)
}
