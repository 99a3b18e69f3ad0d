package app

import (
	"io"
	"net/http"

	"qlikbridge/bridge/admin"
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
