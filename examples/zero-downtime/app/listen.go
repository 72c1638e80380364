package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

// firstFile is the descriptor of the first socket (sd_listen_fds(3)).
const firstFile = 3

// listen is the socket this process was given; without one, it opens the port
// that PORT names.
func listen() (net.Listener, error) {
	if os.Getenv("LISTEN_FDS") == "" {
		return net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	}
	if pid := os.Getenv("LISTEN_PID"); pid != strconv.Itoa(os.Getpid()) {
		return nil, fmt.Errorf("the sockets are for process %q, this is %d: start it without a shell between", pid, os.Getpid())
	}
	file := os.NewFile(firstFile, "listen")
	// The listener works on a duplicate.
	defer file.Close()
	return net.FileListener(file)
}

// notify tells the supervisor something, by the protocol of sd_notify(3). Where
// nobody listens there is nothing to tell.
func notify(state string) error {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	conn, err := net.Dial("unixgram", address)
	if err != nil {
		return fmt.Errorf("cannot tell %s: %w", state, err)
	}
	defer conn.Close()
	_, err = conn.Write([]byte(state))
	return err
}
