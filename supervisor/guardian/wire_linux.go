package guardian

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

const (
	// packetBytes is the most that one packet carries, packetFiles the most
	// descriptors (SCM_MAX_FD is 253, unix(7)).
	packetBytes = 60 << 10
	packetFiles = 200
	// packetExits is how many exits fit a packet: one is 300 to 900 bytes.
	packetExits = 60
)

// send sends a packet; EAGAIN where there is no room and flags say not to wait.
func send(fd int, m message, files []int, flags int) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(files...)
	}
	for {
		err := unix.Sendmsg(fd, data, rights, nil, flags|unix.MSG_NOSIGNAL)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// receive waits for a packet; io.EOF where the other end is gone. The files are
// the caller's.
func receive(fd int, buf, control []byte) (message, []int, error) {
	for {
		n, nc, _, _, err := unix.Recvmsg(fd, buf, control, unix.MSG_CMSG_CLOEXEC)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECONNRESET):
			return message{}, nil, io.EOF
		case err != nil:
			return message{}, nil, err
		case n == 0:
			return message{}, nil, io.EOF
		}
		files := rightsIn(control[:nc])
		var m message
		if err := json.Unmarshal(buf[:n], &m); err != nil {
			closeAll(files)
			return message{}, nil, fmt.Errorf("a packet is no message: %w", err)
		}
		return m, files, nil
	}
}

// rightsIn are the descriptors in control messages.
func rightsIn(control []byte) []int {
	list, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	var files []int
	for i := range list {
		if fds, err := unix.ParseUnixRights(&list[i]); err == nil {
			files = append(files, fds...)
		}
	}
	return files
}

func closeAll(files []int) {
	for _, fd := range files {
		_ = unix.Close(fd)
	}
}

// room are the buffers of a reader.
func room() (buf, control []byte) {
	return make([]byte, packetBytes+4<<10), make([]byte, unix.CmsgSpace(4*253))
}
