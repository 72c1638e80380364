package ipc

import "time"

// Hooks are what follows a unit's starts, stops and restarts.
type Hooks struct {
	// Declared are those of the manifest, Results how the newest ended
	// since the supervisor started, oldest first.
	Declared []Hook       `json:"declared"`
	Results  []HookResult `json:"results"`
	// Owed is how many webhooks are not delivered yet.
	Owed int `json:"owed"`
}

// Hook is one of them.
type Hook struct {
	// About is what it follows: "on_start success".
	About   string `json:"about"`
	Command string `json:"command,omitempty"`
	// Webhook is the endpoint without its path, which may be secret.
	Webhook string `json:"webhook,omitempty"`
}

// HookResult is how one ended.
type HookResult struct {
	About string `json:"about"`
	Run   uint64 `json:"run"`
	// Kind is "command" or "webhook".
	Kind     string    `json:"kind"`
	Time     time.Time `json:"time"`
	TookSecs float64   `json:"took_secs"`
	// Error is why it failed, empty where it did not.
	Error string `json:"error,omitempty"`
}
