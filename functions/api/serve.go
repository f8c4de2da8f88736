package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// readTimeout bounds a request from its first byte to its last.
const readTimeout = 10 * time.Second

// Serve answers requests on a listener until ctx ends. Then it takes no more,
// finishes those that have begun, for as long as the slowest of them may take,
// and returns nil. It closes the listener, not the API.
func (a *API) Serve(ctx context.Context, l net.Listener) error {
	cfg := a.producer.cfg
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + cfg.Deadline + 5*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve likes: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout+cfg.Deadline)
	defer cancel()
	if server.Shutdown(ending) != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve likes: %w", err)
	}
	return nil
}
