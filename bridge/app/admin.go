package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// admin is the port for operators: metrics, health and the status page.
type admin struct {
	app  *App
	http *http.Server
}

func newAdmin(a *App) *admin {
	ad := &admin{app: a}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", ad.livez)
	mux.HandleFunc("GET /readyz", ad.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.reg, promhttp.HandlerOpts{Registry: a.reg}))
	mux.HandleFunc("GET /{$}", ad.status)
	if a.config.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	}
	// A profile takes 30 s by default and more on request; all else is short.
	ad.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute}
	return ad
}

func (ad *admin) serve(l net.Listener) error {
	if err := ad.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the admin port: %w", err)
	}
	return nil
}

func (ad *admin) shutdown(context.Context) error {
	if err := ad.http.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// livez says that the process runs; whether it can do its work is readyz's to say.
func (ad *admin) livez(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

func (ad *admin) readyz(w http.ResponseWriter, _ *http.Request) {
	ready, why := ad.app.Ready()
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, map[string]any{"ready": ready, "reasons": why})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (ad *admin) status(w http.ResponseWriter, _ *http.Request) {
	view, err := ad.app.view()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = io.WriteString(w, string(view.page()))
}
