package ingress

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"

	"qlikbridge/bridge/file"
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
	cert, certErr := file.Read(c.files.CertFile)
	key, keyErr := file.Read(c.files.KeyFile)
	pair, err := tls.X509KeyPair(cert, key)
	if err := cmp.Or(certErr, keyErr, err); err != nil {
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

// watch reloads until ctx ends. A pair that does not fit is left alone and tried again: between the writing of its two files that is no fault.
func (c *certificate) watch(ctx context.Context) {
	c.watched.Run(ctx, c.load, func(err error) {
		if err != nil {
			c.log.Warn("the certificate changed but cannot be used; the one before stays", "error", err)
			return
		}
		c.log.Info("certificate reloaded", "file", c.files.CertFile)
	})
}
