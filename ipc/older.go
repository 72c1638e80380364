package ipc

import (
	"errors"
	"strings"
)

// A supervisor refuses a request with a method or a member that it does not know,
// as a whole: nothing is done by halves. A client sends what its own types have, so
// such a supervisor is of an earlier version. Where one can do without a member, a
// feature says whether it is known (HelloResult.Features), and it is left out.

// noMember begins what is said of a member that is not known.
const noMember = "params: there is no member "

// tooNew is the error of a request that the supervisor is too old for; any other is
// as it was.
func (c *Client) tooNew(method string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	what := method
	switch {
	case e.Code == CodeUnknownMethod:
	case e.Code == CodeUsage && strings.HasPrefix(e.Message, noMember):
		name, _, _ := strings.Cut(strings.TrimPrefix(e.Message, noMember), ":")
		what = name + " of " + method
	default:
		return err
	}
	server := c.hello.Server
	if server == "" {
		server = "of an earlier version"
	}
	older := Errorf(CodeVersion, "the supervisor (%s) is older than this command, and does not know %s; nothing was done", server, what)
	older.Try = "sysg upgrade"
	if method == MethodUpgrade {
		older.Try = "sysg stop, and start it again"
	}
	return older
}
