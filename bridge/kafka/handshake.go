package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"
)

// Handshake is what TLS with one broker shows.
type Handshake struct {
	ServerName string            // that the certificate must be for
	Version    string            // of TLS
	Broker     *x509.Certificate // the broker's own
	Distrust   error             // why the bridge would not go on, of package x509; nil: it would
}

// probeShare is the part of the time left that the first of two tries may take: a broker that speaks plain text may wait for the rest of
// what it takes for a long request.
const probeShare = 2

// Handshake shakes hands with one broker, until ctx ends, and looks at its certificate also where it is not to be trusted. ErrPlainText
// where the broker answers to plain text instead.
func (c Config) Handshake(ctx context.Context, broker string) (Handshake, error) {
	config, err := c.TLS.load()
	if err != nil {
		return Handshake{}, err
	}
	host, _, _ := net.SplitHostPort(broker)
	if config.ServerName == "" {
		config.ServerName = host
	}
	state, err := c.shakeHands(ctx, broker, config)
	if err != nil {
		open := c
		open.TLS = TLSConfig{}
		if open.answers(ctx, broker) {
			return Handshake{}, ErrPlainText
		}
		return Handshake{}, err
	}
	return Handshake{config.ServerName, tls.VersionName(state.Version), state.PeerCertificates[0], distrust(state, config)}, nil
}

// shakeHands ends the connection at once: nothing is ever sent over it, so that it need not be trusted to be looked at.
func (c Config) shakeHands(ctx context.Context, broker string, config *tls.Config) (tls.ConnectionState, error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/probeShare)
		defer cancel()
	}
	config = config.Clone()
	config.InsecureSkipVerify = true
	conn, err := (&tls.Dialer{NetDialer: c.plain(), Config: config}).DialContext(ctx, "tcp", broker)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState(), nil
}

// distrust verifies as package tls does.
func distrust(state tls.ConnectionState, config *tls.Config) error {
	options := x509.VerifyOptions{Roots: config.RootCAs, DNSName: config.ServerName, Intermediates: x509.NewCertPool()}
	for _, certificate := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}

// answersTLS reports whether a broker shakes hands at all, whatever its certificate.
func (c Config) answersTLS(ctx context.Context, broker string) bool {
	host, _, _ := net.SplitHostPort(broker)
	_, err := c.shakeHands(ctx, broker, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host})
	return err == nil
}

// ClientCertificate returns the certificate that the bridge shows to brokers, nil where it has none.
func (c TLSConfig) ClientCertificate() (*x509.Certificate, error) {
	config, err := c.load()
	if err != nil || len(config.Certificates) == 0 {
		return nil, err
	}
	return x509.ParseCertificate(config.Certificates[0].Certificate[0])
}
