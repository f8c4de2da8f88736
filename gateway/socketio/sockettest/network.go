// Package sockettest is for tests and measurements of Socket.IO servers: a
// network in memory that runs under testing/synctest, and a client that speaks
// the protocol and does nothing by itself. It hides pipes, handshakes and
// heartbeats. It shares no code with the server.
package sockettest

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Network is a net.Listener whose connections are pipes: what one side writes,
// the other has to read before the write returns. It may be dialled by anybody.
type Network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a network of its own. Close it.
func Listen() *Network {
	return &Network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext connects to whoever accepts, whatever the address.
func (n *Network) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// HTTP returns a client whose every connection is to this network. Its idle
// connections must be closed at the end of a fake-time test.
func (n *Network) HTTP() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: n.DialContext}}
}

// Accept implements net.Listener.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *Network) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "pipe" }
func (addr) String() string  { return "pipe" }
