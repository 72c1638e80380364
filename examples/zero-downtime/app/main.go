// Command app is a small HTTP server that can be replaced without anybody
// noticing. It shows the three habits that takes: it uses the socket it is
// given instead of opening one, it says when it is ready, and on SIGTERM it
// finishes what it has begun before it leaves.
//
//	app serve          serves, by LISTEN_FDS or on 127.0.0.1:$PORT
//	app ask URL SLOT   succeeds when the server at URL is the one of that slot
package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

//go:embed version.txt
var versionFile string

// version is what this program was built from.
var version = strings.TrimSpace(versionFile)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "serve":
		err = serve(ctx)
	case len(args) == 3 && args[0] == "ask":
		err = ask(ctx, args[1], args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: app serve | app ask URL SLOT")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}
