package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"systemg/config"
	"systemg/ipc"
)

// The exit statuses; see the package comment.
const (
	statusDone       = 0
	statusFailed     = 1
	statusUsage      = 2
	statusNotRunning = 3
	statusUnknown    = 4
	statusTimeout    = 5
)

// failure is an error of a command as its user sees it.
type failure struct {
	// op completes "cannot …"; empty for an error that is a sentence.
	op   string
	code ipc.Code
	text string
	try  string
	data map[string]any
}

func (f *failure) Error() string {
	if f.op == "" {
		return f.text
	}
	return "cannot " + f.op + ": " + f.text
}

// silent is an exit status of a command that has said everything already.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usage is the error of a command line that makes no sense.
func usage(format string, a ...any) error {
	return &failure{code: ipc.CodeUsage, text: fmt.Sprintf(format, a...), try: generalHelp}
}

// cannot says what a command could not do and why; nil stays nil.
func cannot(op string, err error) error {
	if err == nil {
		return nil
	}
	var (
		done   silent
		own    *failure
		remote *ipc.Error
		cure   interface{ Try() string }
	)
	switch {
	case errors.As(err, &done):
		return err
	case errors.As(err, &own):
		if own.op == "" && own.code != ipc.CodeUsage {
			own.op = op
		}
		return own
	case errors.As(err, &remote):
		return &failure{op: op, code: remote.Code, text: remote.Message, try: remote.Try, data: remote.Data}
	}
	f := &failure{op: op, code: ipc.CodeFailed, text: err.Error()}
	if errors.As(err, &cure) {
		f.try = cure.Try()
	}
	var invalid *config.Invalid
	var unread *config.ReadError
	switch {
	case errors.As(err, &unread):
		f.code = ipc.CodeManifestInvalid
	case errors.As(err, &invalid):
		f.code, f.data = ipc.CodeManifestInvalid, map[string]any{"diagnostics": invalid.Diagnostics}
		if len(invalid.Diagnostics) == 1 {
			// It is shown above, with its place.
			f.text = "the manifest has an error"
		}
	case errors.Is(err, context.DeadlineExceeded):
		f.code, f.text = ipc.CodeTimeout, "the time is over"
	case errors.Is(err, context.Canceled):
		f.code, f.text = ipc.CodeCanceled, "interrupted"
	}
	return f
}

// sentence is an error whose text says already what could not be done.
func sentence(err error) error {
	f := &failure{code: ipc.CodeFailed, text: err.Error()}
	var cure interface{ Try() string }
	if errors.As(err, &cure) {
		f.try = cure.Try()
	}
	return f
}

// exitStatus is the status an error ends the command with.
func exitStatus(err error) int {
	var (
		done silent
		f    *failure
	)
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &done):
		return int(done)
	case errors.As(err, &f):
		return f.code.ExitStatus()
	}
	return statusFailed
}

// report writes an error for a person, or as a JSON object.
func report(w io.Writer, err error, asJSON bool) {
	var done silent
	if err == nil || errors.As(err, &done) {
		return
	}
	f := &failure{code: ipc.CodeFailed, text: err.Error()}
	errors.As(err, &f)
	if asJSON {
		reportJSON(w, f)
		return
	}
	for _, d := range diagnostics(f.data) {
		fmt.Fprintln(w, d)
	}
	fmt.Fprintf(w, "sysg: %s\n", oneLine(f.Error()))
	if f.try != "" {
		fmt.Fprintf(w, "try: %s\n", oneLine(f.try))
	}
}

func reportJSON(w io.Writer, f *failure) {
	object := map[string]any{}
	for k, v := range f.data {
		object[k] = v
	}
	object["error"] = f.Error()
	object["code"] = f.code
	object["exit_status"] = f.code.ExitStatus()
	if f.try != "" {
		object["try"] = f.try
	}
	if err := json.NewEncoder(w).Encode(object); err != nil {
		fmt.Fprintf(w, "sysg: %s\n", f.Error())
	}
}

// diagnostics are the findings an error carries, from here or from a
// supervisor.
func diagnostics(data map[string]any) []config.Diagnostic {
	switch list := data["diagnostics"].(type) {
	case nil:
		return nil
	case []config.Diagnostic:
		return list
	default:
		encoded, err := json.Marshal(list)
		if err != nil {
			return nil
		}
		var found []config.Diagnostic
		if err := json.Unmarshal(encoded, &found); err != nil {
			return nil
		}
		return found
	}
}

// oneLine keeps an error on one line, whatever a name has in it.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "\x1b", "^[").Replace(strings.TrimSpace(s))
}
