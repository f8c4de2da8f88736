package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"distributed-counter/bench/program"
)

// contestant is a server that viewers connect to.
type contestant struct {
	addr  string
	url   string
	pid   int
	ours  *program.Program   // nil for the others
	take  func(value []byte) // a running count; nil for who reads Kafka itself
	close func() error
}

func (c *contestant) stop() error {
	if c.close == nil {
		return nil // it did not start
	}
	return c.close()
}

// start starts a contestant and waits until it serves.
func start(ctx context.Context, o options, who string, k *counter) (*contestant, error) {
	addr, err := program.FreeAddr()
	if err != nil {
		return nil, err
	}
	c := &contestant{addr: addr, url: "ws://" + addr + "/socket.io/"}
	switch who {
	case "ours":
		err = c.startOurs(ctx, o, k)
	case "reference":
		err = c.startReference(o)
	default:
		err = errors.New("no such contestant: there are ours and reference")
	}
	switch {
	case err != nil:
	case c.ours != nil:
		_, err = c.ours.Ready(ctx)
	default:
		err = await(ctx, "http://"+addr+"/socket.io/?EIO=4&transport=polling")
	}
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// startOurs starts the gateway, which reads what the processor writes. Where
// hostile clients will come, its bounds are the defaults, but for one: viewers
// all have one address, to which its share belongs.
func (c *contestant) startOurs(ctx context.Context, o options, k *counter) error {
	const share = 1000 // the default
	perAddress, clients := 0, o.viewers+100
	if o.hostile {
		perAddress, clients = max(share, o.viewers), 20*share
	}
	ours, err := program.Start(ctx, program.Config{Path: o.gateway, Log: filepath.Join(k.dir, "gateway"),
		Env: append([]string{"COUNTER_GATEWAY_ADDR=" + c.addr,
			fmt.Sprintf("COUNTER_GATEWAY_CLIENTS_PER_ADDRESS=%d", perAddress),
			fmt.Sprintf("COUNTER_GATEWAY_CLIENTS=%d", clients)}, k.env...)})
	if err != nil {
		return err
	}
	c.ours, c.pid = ours, ours.PID()
	c.close = func() error {
		_, err := ours.Stop()
		return err
	}
	return nil
}

// startReference starts the reference, which reads records from a pipe.
func (c *contestant) startReference(o options) error {
	_, port, _ := net.SplitHostPort(c.addr) // from FreeAddr
	command := exec.Command("node", filepath.Join(o.reference, "server.mjs"), port)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	// What the reference does not take at once waits here, as a record does in a
	// topic: nobody gets less to do by being slow.
	const most = 1 << 17 // records; more than any run has, at the usual rates
	lines := make(chan []byte, most)
	go func() {
		for line := range lines {
			if _, err := in.Write(line); err != nil {
				return // it has ended
			}
		}
	}()
	c.take = func(value []byte) { lines <- append(bytes.Clone(value), '\n') }
	if err := command.Start(); err != nil {
		return err
	}
	c.pid = command.Process.Pid
	c.close = func() error {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = command.Wait()                          // how it ends is not measured
		return nil
	}
	return nil
}

// await asks until the server answers.
func await(ctx context.Context, url string) error {
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		if resp, err := http.Get(url); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body) // it is enough that there is an answer
			resp.Body.Close()
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("no answer at %s within %v", url, patience)
}
