package hostile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience is for a connection and its answer.
const patience = 5 * time.Second

// socket is a connection that the runtime does not watch.
type socket struct {
	fd    int
	began time.Time
	rest  []byte // of the piece that is being sent
	due   time.Time
}

// refusal is an answer of HTTP that is no WebSocket.
type refusal int

// Error implements error.
func (r refusal) Error() string { return "refused with status " + strconv.Itoa(int(r)) }

// connect makes a connection and says hello.
func (k *kind) connect(ctx context.Context, to string, n int) (*socket, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(k.from)}, Timeout: patience, Control: k.control}
	conn, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if k.upgrades {
		if err := k.upgrade(conn); err != nil {
			return nil, err
		}
	}
	if _, err := conn.Write(k.hello(n)); err != nil {
		return nil, err
	}
	fd, err := detach(conn.(*net.TCPConn))
	return &socket{fd: fd, began: time.Now()}, err
}

// control sets what has to be set before a socket connects.
func (k *kind) control(_, _ string, raw syscall.RawConn) (err error) {
	outer := raw.Control(func(fd uintptr) {
		// The port is chosen with the other end in view, or those in TIME_WAIT use them up.
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err == nil && k.receive > 0 {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, k.receive)
		}
	})
	return errors.Join(outer, err)
}

// upgrade asks for a WebSocket. What comes behind the answer is not looked at.
func (k *kind) upgrade(conn net.Conn) error {
	extensions := ""
	if k.extension != "" {
		extensions = "Sec-WebSocket-Extensions: " + k.extension + "\r\n"
	}
	if _, err := fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: gateway\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n%s\r\n", extensions); err != nil {
		return err
	}
	const status = len("HTTP/1.1 ") // where it begins; the gateway writes the head of an answer at once
	answer := make([]byte, 1024)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	code, err := strconv.Atoi(string(answer[min(status, n):min(status+3, n)]))
	if err != nil {
		return fmt.Errorf("no answer of HTTP: %w", err)
	}
	if code != 101 {
		return refusal(code)
	}
	return nil
}

// detach duplicates the descriptor; the connection itself can be closed.
func detach(conn *net.TCPConn) (fd int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	outer := raw.Control(func(original uintptr) { fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(outer, err)
}

// push sends as much of a piece as is taken at once, and reports whether the
// piece was begun.
func (s *socket) push(piece []byte, due time.Time) (begun bool) {
	if len(s.rest) == 0 {
		s.rest, s.due, begun = piece, due, true
	}
	n, _ := unix.SendmsgN(s.fd, s.rest, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) // that it has ended, the poll says
	s.rest = s.rest[max(n, 0):]
	return begun
}

// drain forgets what has come.
func (s *socket) drain(buffer []byte) {
	for {
		n, _, err := unix.Recvfrom(s.fd, buffer, unix.MSG_DONTWAIT)
		if n < len(buffer) || err != nil {
			return
		}
	}
}
