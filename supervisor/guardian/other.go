//go:build !linux

package guardian

import (
	"context"
	"errors"
	"os"
)

// Possible is whether this system can have guardians.
const Possible = false

var errNone = errors.New("there are no guardians on this system")

// Main does nothing: nobody starts a guardian here.
func Main() {}

// Connect finds none.
func Connect() (*Link, error) { return nil, nil } //nolint:nilnil // no guardian is no error

// Serve is never called.
func (l *Link) Serve(func(Exit)) {}

// Sync has nobody to wait for.
func (l *Link) Sync(context.Context) {}

// Flush has nothing to send.
func (l *Link) Flush(context.Context) {}

// Hold has nobody to hold anything.
func (l *Link) Hold(string, int) error { return nil }

// Resumed has nothing to give back.
func (l *Link) Resumed() {}

// Drop has nobody to let anything go.
func (l *Link) Drop(string) {}

// Upgrade is not possible.
func (l *Link) Upgrade(*os.File, string) error { return errNone }

// Become is not possible.
func (l *Link) Become(string, string) error { return errNone }

func lives(int) bool { return false }

func closeAll([]int) {}
