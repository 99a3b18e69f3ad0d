package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"

	"qlikbridge/bridge"
)

// Server receives deliveries over HTTP. Its fields but the last are fixed when it begins to serve.
type Server struct {
	config  Config
	sources map[string]*Source // :: name -> source
	ingest  func(context.Context, bridge.Delivery) bridge.Receipt
	now     func() time.Time
	log     *slog.Logger
	metrics *Metrics
	http    *http.Server
	cert    *certificate // nil: plain HTTP
	room    *room
	crowd   *crowd
	clients clients

	retired atomic.Bool
}

// Options are what a Server needs beside its Config; all fields are required.
type Options struct {
	Sources []*Source
	Ingest  func(context.Context, bridge.Delivery) bridge.Receipt // bridge.Ingester.Ingest
	Wait    time.Duration                                         // the longest that Ingest takes
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *Metrics
}

// New makes a server; it fails where the certificate cannot be read.
func New(c Config, o Options) (*Server, error) {
	s := &Server{config: c, sources: map[string]*Source{}, ingest: o.Ingest, now: o.Now, log: o.Log, metrics: o.Metrics,
		room: &room{semaphore.NewWeighted(c.MaxInflightBytes), o.Metrics.inflight}, crowd: newCrowd(c.MaxConnections, o.Metrics)}
	for _, source := range o.Sources {
		s.sources[source.Name] = source
	}
	allow, err := parseAllow(c.Allow)
	if err != nil {
		return nil, err
	}
	s.clients = clients{allow, c.TrustedProxies}
	if c.TLS.CertFile != "" {
		if s.cert, err = loadCertificate(c.TLS, o.Log); err != nil {
			return nil, err
		}
	}
	s.http = s.newHTTP(o)
	return s, nil
}

func (s *Server) newHTTP(o Options) *http.Server {
	c := s.config
	h := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: c.HeaderTimeout,
		ReadTimeout:       c.BodyTimeout,
		WriteTimeout:      c.BodyTimeout + o.Wait + 5*time.Second,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    16 << 10,
		ConnContext:       withConn,
		ConnState:         stateChanged,
		HTTP2:             &http.HTTP2Config{MaxReceiveBufferPerConnection: 256 << 10, MaxReceiveBufferPerStream: 256 << 10}, // before any of it is trusted
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),                                               // broken handshakes of anyone's

		DisableGeneralOptionsHandler: true, // it would answer OPTIONS * with a 2xx of its own
	}
	if s.cert != nil {
		h.TLSConfig = s.cert.config()
	}
	return h
}

// routes goes by the path alone and leaves the choice of the status to us, also where no route fits: with routes by method, echo would
// answer OPTIONS with a 2xx of its own, and take a method that it does not know for a path that it does not know.
func (s *Server) routes() http.Handler {
	e := echo.New()
	e.RouteNotFound("/webhooks/:source", s.receive)
	e.RouteNotFound("/*", s.receive)
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if !c.Response().Committed {
			_ = s.receive(c) // a target without a path: OPTIONS *, CONNECT
		}
	}
	return e
}

// Serve answers requests on l until Shutdown. It blocks; the error is nil after a Shutdown.
func (s *Server) Serve(l net.Listener) error {
	var err error
	l = &listener{l, s.crowd}
	if s.cert != nil {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go s.cert.watch(ctx)
		err = s.http.ServeTLS(l, "", "")
	} else {
		err = s.http.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving webhooks: %w", err)
}

// Retire has every answer from now on ask the sender to come back on another connection, while the server goes on as before: behind a
// load balancer that sees that this instance is not ready, that moves the senders elsewhere without one refused.
func (s *Server) Retire() { s.retired.Store(true) }

// Shutdown stops accepting, waits for the requests in flight until ctx ends, and then cuts off what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Retire()
	err := s.http.Shutdown(ctx)
	return errors.Join(err, s.http.Close())
}
