package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Listen takes the port, so that Addr is known before Serve. The error is one line that says what to do.
func (s *Server) Listen(ctx context.Context) error {
	if s.listener != nil {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: another program has the port; choose one with --listen", s.cfg.Listen)
	case err != nil:
		return fmt.Errorf("cannot listen on %s: %w", s.cfg.Listen, err)
	}
	s.listener = l
	return nil
}

// Addr is the address that Listen took, or nil.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Serve answers until ctx ends; then readyz says 503, nothing new is accepted, and what was begun is
// finished. It returns nil when all of it was, and an error if that took longer than ShutdownTimeout.
// A server serves once.
func (s *Server) Serve(ctx context.Context) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	h := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       s.cfg.RequestTimeout + 5*time.Second,
		WriteTimeout:      s.cfg.RequestTimeout + 5*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.parts.Log.Handler(), slog.LevelDebug),
		// The end of ctx asks to stop; it must not break off what is being done.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return s.drain(context.WithoutCancel(ctx), h)
}

func (s *Server) drain(ctx context.Context, h *http.Server) error {
	s.draining.Store(true)
	if s.cfg.ShutdownDelay > 0 {
		<-s.parts.Clock.After(s.cfg.ShutdownDelay)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ShutdownTimeout)
	defer cancel()
	s.streams.drain(ctx) // they would never end by themselves; their clients connect again, elsewhere
	if err := h.Shutdown(ctx); err != nil {
		_ = h.Close()
		return fmt.Errorf("shutdown: requests were still being answered after %s", s.cfg.ShutdownTimeout)
	}
	return nil
}
