package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"qlikbridge/bridge/kafka"
)

// correct says where the address of a broker is set, and so can be corrected.
func (t target) correct() string {
	if t.advertised {
		return "correct advertised.listeners of this broker: every client is sent to that address, so it must work from here"
	}
	return "correct kafka.brokers"
}

func (x *examination) resolve(ctx context.Context, t target) Finding {
	addresses, err := kafka.Resolve(ctx, t.address)
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return fail(dns, t.subject, "there is no such host: "+unknown.Name, t.correct()+"; or add the name to the DNS that this machine asks")
	case err != nil:
		return fail(dns, t.subject, err, "check that the DNS server of this machine answers (/etc/resolv.conf)")
	}
	return ok(dns, t.subject, "%s", strings.Join(addresses, ", "))
}

func (x *examination) reach(ctx context.Context, t target) Finding {
	address, err := x.Config.Kafka.Reach(ctx, t.address)
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(connect, t.subject, "nothing listens there: "+err.Error(), "start the broker; or "+t.correct())
	case errors.As(err, &network) && network.Timeout():
		return fail(connect, t.subject, "no answer: "+err.Error(), "open the way from here in firewalls and network policies; or "+t.correct())
	case err != nil:
		return fail(connect, t.subject, err, t.correct())
	}
	return ok(connect, t.subject, "%s", address)
}

// refusals are the remedies for what a broker refuses, by what package kafka found.
var refusals = []struct {
	err    error
	remedy string
}{
	{kafka.ErrCredentials, "correct kafka.sasl.username and the password in kafka.sasl.password_file (for OAUTHBEARER: token_url, client_id, client_secret_file)"},
	{kafka.ErrHungUp, "most likely the password: correct kafka.sasl.username and kafka.sasl.password_file; or the user is not known for this kafka.sasl.mechanism"},
	{kafka.ErrMechanism, "set kafka.sasl.mechanism to one that it offers, or enable this one on the broker (sasl.enabled.mechanisms)"},
	{kafka.ErrNoLogin, "leave kafka.sasl.mechanism empty, or name the broker's SASL port"},
	{kafka.ErrWantsLogin, "set kafka.sasl.mechanism, username and password_file, or name a port without SASL"},
	{kafka.ErrWantsTLS, "set kafka.tls.enabled to true (and kafka.tls.ca_file, where the CA is your own), or name the broker's plain port"},
	{kafka.ErrPlainText, "set kafka.tls.enabled to false, or name the broker's TLS port"},
	{kafka.ErrNoWelcome, "the broker does not take the client certificate: set kafka.tls.cert_file and key_file to one that its CA signed and that has not expired"},
}

func (x *examination) logIn(ctx context.Context, t target) Finding {
	err := x.Config.Kafka.Login(ctx, t.address)
	if err == nil {
		return ok(login, t.subject, "%s", x.identity())
	}
	return refusal(login, t, err)
}

func refusal(check string, t target, err error) Finding {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return fail(check, t.subject, err, r.remedy)
		}
	}
	return fail(check, t.subject, err, "see what the broker's own log says about this connection")
}

// identity is as whom the bridge is let in.
func (x *examination) identity() string {
	k := x.Config.Kafka
	switch {
	case k.SASL.Username != "":
		return fmt.Sprintf("%s as %s", k.SASL.Mechanism, k.SASL.Username)
	case k.SASL.Mechanism != "":
		return k.SASL.Mechanism
	case k.TLS.CertFile != "":
		return "by the client certificate"
	}
	return "none needed"
}
