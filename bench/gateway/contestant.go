package main

import (
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

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// contestant is a server that viewers connect to.
type contestant struct {
	url     string
	process *os.Process
	publish func(video int) error
	close   []func()
	totals  []uint64
}

func (c *contestant) stop() {
	for _, f := range c.close {
		f()
	}
}

// start starts a contestant and waits until it serves.
func start(ctx context.Context, o options, who string) (*contestant, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	c := &contestant{url: "ws://" + addr + "/socket.io/", totals: make([]uint64, o.videos)}
	switch who {
	case "ours":
		err = c.startOurs(ctx, o, addr)
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

// startOurs starts the gateway on topics of its own.
func (c *contestant) startOurs(ctx context.Context, o options, addr string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(o.broker), kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	prefix := fmt.Sprintf("bench-gateway-%d-", os.Getpid())
	env := append(os.Environ(), "KAFKA_BROKERS="+o.broker, "COUNTER_GATEWAY_ADDR="+addr, "COUNTER_GATEWAY_CLIENTS_PER_ADDRESS=0",
		fmt.Sprintf("COUNTER_GATEWAY_CLIENTS=%d", o.viewers+100), "VIDEO_LIKES_LIVE_TOPIC_NAME="+prefix+"live")
	topics := []string{prefix + "live"}
	for _, w := range likes.Windows {
		topics = append(topics, prefix+w.Name)
		env = append(env, fmt.Sprintf("LIKES_%d_MIN_AGGREGATION_TOPIC_NAME=%s", w.Panes, prefix+w.Name))
	}
	admin := kadm.NewClient(client)
	for _, t := range topics {
		if _, err := admin.CreateTopic(ctx, 3, 1, nil, t); err != nil {
			return fmt.Errorf("create %s: %w", t, err)
		}
	}
	c.close = append(c.close, func() {
		if _, err := admin.DeleteTopics(context.WithoutCancel(ctx), topics...); err != nil {
			fmt.Fprintln(os.Stderr, "delete topics:", err)
		}
		client.Close()
	})
	c.publish = func(video int) error {
		l := c.record(video)
		client.Produce(ctx, &kgo.Record{Topic: topics[0], Key: []byte(l.Video), Value: l.Append(nil)}, nil)
		return nil
	}
	command := exec.Command(o.gateway)
	command.Env, command.Stderr = env, os.Stderr
	return c.run(command)
}

// startReference starts the reference, which reads records from a pipe.
func (c *contestant) startReference(o options, addr string) error {
	_, port, _ := net.SplitHostPort(addr) // from freeAddr
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
	c.close = append(c.close, func() { close(lines) })
	c.publish = func(video int) error {
		l := c.record(video)
		lines <- append(l.Append(nil), '\n')
		return nil
	}
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

// record is the next running count of a video.
func (c *contestant) record(video int) likes.Live {
	c.totals[video]++
	now := time.Now().UTC()
	l := likes.Live{Video: videoID(video), Total: c.totals[video], AsOf: now}
	for i, w := range likes.Windows {
		length := time.Duration(w.Panes) * time.Minute
		s := now.Truncate(length)
		l.Windows[i] = likes.Running{Start: s, End: s.Add(length), Count: c.totals[video]}
	}
	return l
}

func videoID(i int) likes.VideoID {
	return likes.VideoID(fmt.Sprintf("93f98662-8907-4f43-bb4c-%012d", i))
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
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
