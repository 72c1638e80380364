package ipc

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// earlier is a supervisor of an earlier version: it knows no selection by folder, and
// none of the later methods.
func earlier(_ context.Context, r *Request) (any, error) {
	if r.Method != MethodStatus {
		return nil, Errorf(CodeUnknownMethod, "there is no method %q", r.Method)
	}
	var p struct {
		Units []string `json:"units,omitempty"`
	}
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	return StatusResult{}, nil
}

// A client that asks an earlier supervisor for what that does not know is told so,
// and what to do.
func TestAnEarlierSupervisor(t *testing.T) {
	path, _ := serve(t, earlier)
	c := dial(t, path)
	units := Selection{Units: []string{"web"}}
	if _, err := c.Status(t.Context(), StatusParams{Selection: units}); err != nil {
		t.Errorf("what it knows: %v", err)
	}
	near := units
	near.Near = "/home/me"
	for _, asked := range []struct {
		method string
		params any
		says   string
	}{
		{MethodStatus, StatusParams{Selection: near}, `(sysg 1.2.3) is older than this command, and does not know "near" of status`},
		{MethodSpawn, SpawnParams{Name: "a"}, "does not know spawn"},
	} {
		err := c.Call(t.Context(), asked.method, asked.params, nil)
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeVersion || !strings.Contains(e.Message, asked.says) || e.Try != "sysg upgrade" {
			t.Errorf("%s: %v", asked.method, err)
		}
	}
}
