// Command loadgen asks a server on this machine at a constant rate and counts
// what fails.
//
//	go run ./examples/zero-downtime/loadgen http://127.0.0.1:8700/
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"systemg/examples/zero-downtime/internal/load"
)

func main() {
	p := load.Plan{SlowPath: "/slow"}
	flag.IntVar(&p.Rate, "rate", 1000, "requests per second")
	flag.Int64Var(&p.Requests, "n", 100_000, "how many requests at most")
	flag.DurationVar(&p.Time, "for", 5*time.Minute, "how long at most")
	flag.DurationVar(&p.Timeout, "timeout", 5*time.Second, "how long one request may take")
	flag.IntVar(&p.Kept, "kept", 8, "clients that keep their connection")
	flag.IntVar(&p.Fresh, "fresh", 4, "clients that open a connection for each request")
	flag.IntVar(&p.Slow, "slow", 2, "clients that ask for /slow")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: loadgen [flags] http://127.0.0.1:PORT/")
		os.Exit(2)
	}
	p.URL = flag.Arg(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	l, err := load.Begin(ctx, p)
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(2)
	}
	<-l.Ended()
	r := l.End()
	fmt.Printf("%d requests in %s, failed: %s\n%s\n", r.Requests, r.Took.Round(time.Millisecond), r.Kinds(), r.Steady)
	for _, f := range r.Failures[:min(len(r.Failures), 10)] {
		fmt.Println(f)
	}
	if len(r.Failures) > 0 {
		os.Exit(1)
	}
}
