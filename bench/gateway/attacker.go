package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"distributed-counter/bench/gateway/hostile"
	"distributed-counter/bench/program"
)

// attacker is a process with all the hostile clients, so that what they do to
// themselves is not done to the viewers.
type attacker struct {
	command *exec.Cmd
	input   io.Closer
	output  bytes.Buffer
}

// startAttacker starts this program once more.
func startAttacker(ctx context.Context, o options, addr string) (*attacker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	a := &attacker{command: exec.CommandContext(ctx, self, "-attack", addr, "-videos", strconv.Itoa(o.videos))}
	a.command.Stdout, a.command.Stderr = &a.output, os.Stderr
	if a.input, err = a.command.StdinPipe(); err != nil {
		return nil, err
	}
	return a, a.command.Start()
}

// stop ends the attack; it may be called twice, and tells of deeds the first time.
func (a *attacker) stop() (deeds []hostile.Deeds, err error) {
	if a.command.ProcessState != nil {
		return nil, nil
	}
	_ = a.input.Close() // a process that has ended by itself will say so
	if err := a.command.Wait(); err != nil {
		return nil, fmt.Errorf("hostile clients: %w", err)
	}
	if err := json.Unmarshal(a.output.Bytes(), &deeds); err != nil {
		return nil, fmt.Errorf("hostile clients' report: %w", err)
	}
	return deeds, nil
}

// attack is the other process.
func attack(ctx context.Context, o options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, that is the end
	}()
	deeds, err := hostile.Attack(ctx, o.attack, func(i int) string { return string(videoID(i)) })
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(deeds)
}

// cpu is the CPU time of the hostile clients so far; 0 of nobody.
func (a *attacker) cpu() time.Duration {
	if a == nil {
		return 0
	}
	return program.CPU(a.command.Process.Pid)
}
