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
	url     string
	process *os.Process
	take    func(value []byte) // a running count; nil for who reads Kafka itself
	close   []func()
}

func (c *contestant) stop() {
	for _, f := range c.close {
		f()
	}
}

// start starts a contestant and waits until it serves.
func start(ctx context.Context, o options, who string, k *counter) (*contestant, error) {
	addr, err := program.FreeAddr()
	if err != nil {
		return nil, err
	}
	c := &contestant{url: "ws://" + addr + "/socket.io/"}
	switch who {
	case "ours":
		err = c.startOurs(o, addr, k)
	case "reference":
		err = c.startReference(o, addr)
	default:
		err = errors.New("no such contestant: there are ours and reference")
	}
	if err == nil {
		err = await(ctx, "http://"+addr+"/socket.io/?EIO=4&transport=polling")
	}
	if err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// startOurs starts the gateway, which reads what the processor writes.
func (c *contestant) startOurs(o options, addr string, k *counter) error {
	command := exec.Command(o.gateway)
	command.Env = append(append(os.Environ(), k.env...), "COUNTER_GATEWAY_ADDR="+addr,
		"COUNTER_GATEWAY_CLIENTS_PER_ADDRESS=0", fmt.Sprintf("COUNTER_GATEWAY_CLIENTS=%d", o.viewers+100))
	command.Stderr = os.Stderr
	return c.run(command)
}

// startReference starts the reference, which reads records from a pipe.
func (c *contestant) startReference(o options, addr string) error {
	_, port, _ := net.SplitHostPort(addr) // from FreeAddr
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
	return c.run(command)
}

func (c *contestant) run(command *exec.Cmd) error {
	if err := command.Start(); err != nil {
		return err
	}
	c.process = command.Process
	c.close = append([]func(){func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = command.Wait()                          // how it ends is not measured
	}}, c.close...)
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
