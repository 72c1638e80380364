//go:build !linux

package health

import "errors"

// Receiver does not exist on this system; Listen says so.
type Receiver struct{ inboxes }

// Listen fails: who sent a datagram can be told on Linux only.
func Listen(string, Owner) (*Receiver, error) {
	return nil, errors.New("this system cannot receive notifications of services: sysg's supervisor runs on Linux")
}

// Path is empty.
func (*Receiver) Path() string { return "" }

// Open makes an inbox that stays empty.
func (r *Receiver) Open(tree Tree) *Inbox { return r.open(tree) }

// Close has nothing to close.
func (*Receiver) Close() error { return nil }
