package settings

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Listen listens on an address that the setting name gave. The error is one
// line that says what to do. The listener is the caller's to close.
func Listen(name, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use: end the program that listens there, or set %s to another address", addr, name)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("no right to listen on %s: set %s to a port from 1024", addr, name)
	}
	return nil, fmt.Errorf("listen on %s: expected an address of this machine in %s: %w", addr, name, err)
}
