package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// client has one request under way at most. Its fields are its own until it
// has ended.
type client struct {
	load  *Load
	fresh bool
	path  string
	// interval is the time between requests, 0 for one after the other; due
	// is when the next one is due.
	interval time.Duration
	due      time.Time

	conn  net.Conn
	lines *bufio.Reader

	samples  []sample
	failures []Failure
	// answers counts by the X-Run header.
	answers map[string]int
}

// ask asks until ctx ends or enough was asked.
func (c *client) ask(ctx context.Context) {
	defer c.drop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if c.interval > 0 {
			timer.Reset(time.Until(c.due))
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		} else {
			c.due = time.Now()
		}
		if ctx.Err() != nil || c.load.asked.Add(1) > c.load.plan.Requests {
			return
		}
		c.one()
		c.due = c.due.Add(c.interval)
	}
}

// one makes one request. It counts for rollouts if any moment of it was in one.
func (c *client) one() {
	before := Phase(c.load.phase.Load())
	run, err := c.try()
	now := time.Now()
	phase := max(before, Phase(c.load.phase.Load()))
	if err != nil {
		c.drop()
		c.failures = append(c.failures, Failure{Kind: kind(err), Text: err.Error(), Phase: phase, Kept: !c.fresh, At: now.Sub(c.load.began)})
		return
	}
	c.answers[run]++
	c.samples = append(c.samples, sample{took: now.Sub(c.due), phase: phase, measured: c.interval > 0})
}

func (c *client) try() (run string, err error) {
	deadline := time.Now().Add(c.load.plan.Timeout)
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.load.target.Host, c.load.plan.Timeout)
		if err != nil {
			return "", err
		}
		c.conn, c.lines = conn, bufio.NewReader(conn)
	}
	if err := c.conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	last := "keep-alive"
	if c.fresh {
		last = "close"
	}
	_, err = fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n\r\n", c.path, c.load.target.Host, last)
	if err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(c.lines, nil)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", statusError(answer.StatusCode)
	}
	if answer.Close || c.fresh {
		c.drop()
	}
	return answer.Header.Get("X-Run"), nil
}

func (c *client) drop() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// statusError is an answer other than 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// kind puts a failure into one word.
func kind(err error) string {
	var status statusError
	switch {
	case errors.As(err, &status):
		return "status"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	}
	return "other"
}
