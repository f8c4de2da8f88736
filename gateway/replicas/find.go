package replicas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// Run looks at the peers when somebody waits for it, until ctx is done; then it
// ends all tunnels, waits for them, and returns nil. It is called once.
func (r *Replicas) Run(ctx context.Context) error {
	defer r.running.Wait()
	defer r.transport.CloseIdleConnections()
	defer r.end()
	for {
		select {
		case <-r.wanted:
		case <-ctx.Done():
			return nil
		}
		r.look(ctx)
		select {
		case <-time.After(lookPause): // however many names are made up by whomever
		case <-ctx.Done():
			return nil
		}
	}
}

// end has tunnels and requests end, and no more begin.
func (r *Replicas) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop()
}

// find returns where a replica is, "" where no peer has this name. One that is
// not known is looked for, by a look that begins after the question: the
// replica may have come a moment ago.
func (r *Replicas) find(ctx context.Context, name string) string {
	r.mu.Lock()
	addr, next := r.known[name], r.next
	r.mu.Unlock()
	if addr != "" || len(r.cfg.Peers) == 0 {
		return addr
	}
	select {
	case r.wanted <- struct{}{}:
	default: // it is wanted already
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-next:
	case <-limit.C:
	case <-ctx.Done():
	case <-r.stopping.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[name]
}

func (r *Replicas) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, name)
}

// look asks all peers for their names. One that does not answer keeps its name:
// what is passed on to it will tell.
func (r *Replicas) look(ctx context.Context) {
	r.mu.Lock()
	ended, before := r.next, maps.Clone(r.known)
	r.next = make(chan struct{})
	r.mu.Unlock()
	defer close(ended)

	answers := make(map[string]string) // name by address
	var mu sync.Mutex
	var asking sync.WaitGroup
	for _, addr := range r.addresses(ctx) {
		asking.Go(func() {
			name, err := r.ask(ctx, addr)
			if err != nil {
				r.cfg.Log.Debug("a peer does not say its name", "addr", addr, "reason", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answers[addr] = name
		})
	}
	asking.Wait()

	known := make(map[string]string)
	for name, addr := range before {
		if answers[addr] == "" {
			known[name] = addr
		}
	}
	for addr, name := range answers {
		known[name] = addr
	}
	for name := range known {
		if len(known) > 2*maxPeers && answers[known[name]] == "" { // addresses that came and went
			delete(known, name)
		}
	}
	r.mu.Lock()
	r.known = known
	r.mu.Unlock()
}

// addresses are those of all peers now.
func (r *Replicas) addresses(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var all []string
	for _, peer := range r.cfg.Peers {
		host, port, _ := net.SplitHostPort(peer) // New has seen to it
		hosts, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			r.cfg.Log.Debug("a peer's name is not known", "peer", peer, "reason", err)
		}
		for _, h := range hosts {
			all = append(all, net.JoinHostPort(h, port))
		}
	}
	return all[:min(len(all), maxPeers)]
}

// ask asks who serves at an address.
func (r *Replicas) ask(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/replica", nil)
	if err != nil {
		return "", err
	}
	resp, err := r.transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	name, err := io.ReadAll(io.LimitReader(resp.Body, nameLength+1))
	switch {
	case err != nil:
		return "", err
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("status %d", resp.StatusCode)
	case len(name) != nameLength:
		return "", errors.New("it is no gateway")
	}
	return string(name), nil
}
