package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"distributed-counter/admin"
	"distributed-counter/functions/api"
)

// warm opens the connections to Kafka, so that no like waits for that, and says
// so where there is no Kafka: nobody has to wait for a like to learn it.
func warm(ctx context.Context, a *api.API, log *slog.Logger) {
	if err := a.Warm(ctx); err != nil {
		log.Warn("Kafka does not answer: likes are refused until it does, the list is served", "error", err)
	}
}

// serve answers requests until ctx ends; then it says that it is not ready,
// takes no more and finishes those that have begun. Each is bounded by the
// server's write timeout, and so is this.
func serve(ctx context.Context, server *http.Server, listener net.Listener, check *admin.Check) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve likes: %w", err)
	case <-ctx.Done():
	}
	check.NotReady("shutting down")
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), server.WriteTimeout)
	defer cancel()
	if server.Shutdown(ending) != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve likes: %w", err)
	}
	return nil
}
