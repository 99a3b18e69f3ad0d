package app

import (
	"io"
	"net/http"
	"time"

	"qlikbridge/bridge/admin"
	"qlikbridge/bridge/sse"
)

// newAdmin makes the port for operators: metrics, health and the status page.
func newAdmin(a *App) *admin.Server {
	s := admin.New(a.reg, a.Ready)
	s.Handle("GET /{$}", a.status)
	if a.config.Pprof {
		s.HandlePprof()
	}
	return s
}

// addEvents lets people follow the events on the admin port.
func (a *App) addEvents() {
	events := sse.New(a.config.Events, sse.Options{
		Client: a.kafka, Kafka: a.config.Kafka, Topics: a.config.Topics, Now: time.Now, Log: a.log.With("part", "events"), Registerer: a.reg, Stop: a.ctx,
	})
	a.admin.Handle("GET /events", events.ServeHTTP)
	a.onStop("events", events.Shutdown)
}

func (a *App) status(w http.ResponseWriter, _ *http.Request) {
	view, err := a.view()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = io.WriteString(w, string(view.page()))
}
