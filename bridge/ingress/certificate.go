package ingress

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"

	"qlikbridge/bridge/watch"
)

// certificate is the one that the ingress shows; a renewed one is used from the next connection on.
type certificate struct {
	files   TLSConfig
	log     *slog.Logger
	watched *watch.Watch
	current atomic.Pointer[tls.Certificate]
}

func loadCertificate(files TLSConfig, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, log: log, watched: watch.New(files.CertFile, files.KeyFile)}
	return c, c.load()
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return fmt.Errorf("ingress.tls.cert_file and key_file: %w", err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// watch reloads until ctx ends. A pair that does not fit is left alone: between the writing of its two files that is no fault.
func (c *certificate) watch(ctx context.Context) {
	c.watched.Run(ctx, func() {
		if err := c.load(); err != nil {
			c.log.Warn("the certificate changed but cannot be used; the one before stays", "error", err)
			return
		}
		c.log.Info("certificate reloaded", "file", c.files.CertFile)
	})
}
