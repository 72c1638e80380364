// Command app is the three programs of the quickstart: prepare writes a small
// data set, api serves it over HTTP, and worker asks the api for work.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	programs := map[string]func(context.Context) error{"prepare": prepare, "api": api, "worker": worker}
	if len(os.Args) != 2 || programs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: app prepare|api|worker")
		os.Exit(2)
	}
	if err := programs[os.Args[1]](ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// address is where the api listens and the worker finds it.
func address() string { return "127.0.0.1:" + os.Getenv("PORT") }

// city is one record of the data set.
type city struct {
	Name   string `json:"name"`
	People int    `json:"people"`
}
