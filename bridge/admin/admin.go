// Package admin is the port for operators that every server of the bridge has: metrics, health, and whatever else a server shows there.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Ready reports whether a server can do its work now, and which conditions do not hold. It is called concurrently.
type Ready func() (bool, []string)

// Server answers GET /livez, /readyz and /metrics, and what Handle adds.
type Server struct {
	mux   *http.ServeMux
	http  *http.Server
	ready Ready
}

// New makes a server of the metrics of reg; further pages are added by Handle, before Serve.
func New(reg *prometheus.Registry, ready Ready) *Server {
	s := &Server{mux: http.NewServeMux(), ready: ready}
	s.mux.HandleFunc("GET /livez", livez)
	s.mux.HandleFunc("GET /readyz", s.readyz)
	s.mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{Registry: reg}))
	// A profile takes 30 s by default and more on request; all else is short.
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute}
	return s
}

// Handle adds a page; the pattern is one of http.ServeMux.
func (s *Server) Handle(pattern string, page http.HandlerFunc) { s.mux.HandleFunc(pattern, page) }

// HandlePprof adds /debug/pprof/.
func (s *Server) HandlePprof() {
	s.Handle("GET /debug/pprof/", pprof.Index)
	s.Handle("GET /debug/pprof/profile", pprof.Profile)
	s.Handle("GET /debug/pprof/trace", pprof.Trace)
	s.Handle("GET /debug/pprof/symbol", pprof.Symbol)
}

// Serve blocks until Shutdown, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the admin port: %w", err)
	}
	return nil
}

// Shutdown closes the listener and every connection at once: nothing here is worth waiting for.
func (s *Server) Shutdown(context.Context) error {
	if err := s.http.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// livez says that the process runs; whether it can do its work is readyz's to say.
func livez(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, map[string]bool{"live": true})
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	ready, why := s.ready()
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	WriteJSON(w, status, map[string]any{"ready": ready, "reasons": why})
}

// WriteJSON answers with a value; one that cannot be encoded is a bug, and ends the answer where it stands.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
