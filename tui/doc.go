// Package tui is the dashboard: a screen that shows what the supervisor tells,
// and asks it for what a person wants.
//
// # How it hangs together
//
//	supervisor -> feed -> inbox -> Model.Update -> board, panes -> Model.View -> screen
//	key -> keys -> pane -> intent -> question -> request -> supervisor
//
// The feed's goroutines read at their own pace and fill an inbox (feed.go,
// stream.go). The pacer wakes the model at most once per frame; the model takes
// all there is, gives states to the board (package board, a pure reducer) and
// lines to the log panes. Panes are plain structs that draw and give intents
// (package pane); only ops.go turns those into requests, after a question that
// says what follows (question.go). Keys are data (package keys).
//
// # Rules
//
//   - Update never waits. What takes time is a command, whose answer is a message.
//   - View runs after every message, so it draws only rows that can be seen, and
//     log panes keep their picture until they change.
//   - Only the newest lines matter: a flood is skipped by the supervisor, visibly,
//     and neither the service nor the supervisor waits for the screen.
//   - Where nothing changes nothing is written: no clock ticks on the screen.
//   - Nothing that a service wrote reaches the terminal uncleaned (package widget).
//   - No question is put to the terminal: what it can do comes from the
//     environment (package theme, Detect).
package tui
