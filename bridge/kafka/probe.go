package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// What Login and Handshake find out about a broker that does not let the bridge in.
var (
	ErrCredentials = errors.New("the broker refused the login")                       // a wrong user, password or token
	ErrMechanism   = errors.New("the broker does not offer this SASL mechanism")      // the error says which it offers
	ErrNoLogin     = errors.New("the broker takes no login on this port")             // SASL is configured here and not there
	ErrWantsLogin  = errors.New("the broker hangs up on who does not log in")         // SASL is configured there and not here
	ErrHungUp      = errors.New("the broker hung up at the login")                    // some answer a wrong password so
	ErrWantsTLS    = errors.New("the broker speaks TLS on this port")                 // and kafka.tls.enabled is false
	ErrPlainText   = errors.New("the broker speaks plain text on this port, not TLS") // and kafka.tls.enabled is true
	ErrNoWelcome   = errors.New("the broker refuses the TLS connection")              // it wants another client certificate, or one at all
)

// Resolve returns the addresses of a broker's host, until ctx ends.
func Resolve(ctx context.Context, broker string) ([]string, error) {
	host, _, err := net.SplitHostPort(broker)
	if err != nil {
		return nil, err
	}
	return net.DefaultResolver.LookupHost(ctx, host)
}

// Reach opens a connection to a broker and closes it, until ctx or kafka.dial_timeout ends; it returns the address that answered.
func (c Config) Reach(ctx context.Context, broker string) (string, error) {
	conn, err := c.plain().DialContext(ctx, "tcp", broker)
	if err != nil {
		return "", err
	}
	return conn.RemoteAddr().String(), conn.Close()
}

// Login does to one broker what every connection of the bridge does first: TLS and SASL as configured, and a request that needs both. Of the
// errors above it returns those that it could make sure of; any other is the connection's.
func (c Config) Login(ctx context.Context, broker string) error {
	err := c.greet(ctx, broker)
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var op *net.OpError
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Errorf("%w: %w", ErrCredentials, err)
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return fmt.Errorf("%w: it offers %s", ErrMechanism, c.mechanisms(ctx, broker))
	case errors.Is(err, kerr.IllegalSaslState):
		return ErrNoLogin
	case c.TLS.Enabled && errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		return fmt.Errorf("%w: %w", ErrNoWelcome, err)
	}
	return c.hungUp(ctx, broker, err)
}

// hungUp finds out why a connection ended without a word, by what the broker says to others: one answers to plain text or to TLS, and some
// only to who logs in.
func (c Config) hungUp(ctx context.Context, broker string, err error) error {
	if !c.TLS.Enabled && c.answersTLS(ctx, broker) {
		return ErrWantsTLS
	}
	if !errors.Is(err, io.EOF) || !c.answers(ctx, broker) {
		return err
	}
	if c.SASL.Mechanism == "" {
		return ErrWantsLogin
	}
	c.SASL = SASLConfig{}
	if c.greet(ctx, broker) == nil {
		return ErrNoLogin
	}
	return ErrHungUp
}

// greet asks this very broker for the cluster's brokers, which only a client that is let in may.
func (c Config) greet(ctx context.Context, broker string) error {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{}
	_, err := c.ask(ctx, broker, request)
	return err
}

// answers reports whether a broker speaks Kafka to a client that has not logged in.
func (c Config) answers(ctx context.Context, broker string) bool {
	_, err := c.offered(ctx, broker)
	return err == nil
}

// mechanisms are those that a broker offers, for a sentence.
func (c Config) mechanisms(ctx context.Context, broker string) string {
	offered, err := c.offered(ctx, broker)
	if err != nil {
		return "others"
	}
	slices.Sort(offered)
	return strings.Join(offered, ", ")
}

// offered are the mechanisms that a broker offers. It is the one question that every port of a broker answers to everybody, whether a
// login is wanted there or not; after franz-go's own for the versions of requests, a second of those would be refused.
func (c Config) offered(ctx context.Context, broker string) ([]string, error) {
	request := kmsg.NewPtrSASLHandshakeRequest()
	request.Mechanism = c.SASL.Mechanism
	c.SASL = SASLConfig{}
	response, err := c.ask(ctx, broker, request)
	if err != nil {
		return nil, err
	}
	return response.(*kmsg.SASLHandshakeResponse).SupportedMechanisms, nil
}

// ask sends one request over a connection of its own, to this broker and no other, and does not try again.
func (c Config) ask(ctx context.Context, broker string, request kmsg.Request) (kmsg.Response, error) {
	c.Brokers = []string{broker}
	client, err := kgo.NewClient(c.options(slog.New(slog.DiscardHandler))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.SeedBrokers()[0].Request(ctx, request)
}
