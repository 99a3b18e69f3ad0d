package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"

	"qlikbridge/bridge/file"
)

// dialer returns how a broker is connected to. Certificates are read at every connection, so that renewed ones are used from the next on.
func (c Config) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	plain := c.plain()
	if !c.TLS.Enabled {
		return plain.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		config, err := c.TLS.load()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, c.DialTimeout)
		defer cancel()
		return (&tls.Dialer{NetDialer: plain, Config: config}).DialContext(ctx, network, address)
	}
}

// plain connects without TLS.
func (c Config) plain() *net.Dialer { return &net.Dialer{Timeout: c.DialTimeout} }

// load reads the files.
func (c TLSConfig) load() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := file.Read(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kafka.tls.ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kafka.tls.ca_file %s holds no PEM certificate", c.CAFile)
		}
	}
	if c.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("kafka.tls.cert_file and key_file: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}
