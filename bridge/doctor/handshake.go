package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"qlikbridge/bridge/kafka"
)

func (x *examination) shakeHands(ctx context.Context, t target) Finding {
	k := x.Config.Kafka
	if !k.TLS.Enabled {
		return ok(handshake, t.subject, "not used (kafka.tls.enabled is false)")
	}
	shown, err := k.Handshake(ctx, t.address)
	if err != nil {
		return refusal(handshake, t, err)
	}
	f := x.certificate(handshake, t.subject, shown.Broker, renewBroker)
	if f.Status == Failed || shown.Distrust == nil {
		f.Found = fmt.Sprintf("%s, %s, for %s", f.Found, shown.Version, shown.ServerName)
		return f
	}
	return distrusted(t, shown)
}

// distrusted names what to do where the bridge would not go on.
func distrusted(t target, shown kafka.Handshake) Finding {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	remedy := "have the broker's certificate issued anew"
	switch {
	case errors.As(shown.Distrust, &authority):
		remedy = fmt.Sprintf("put the certificate of the CA that signed it (%s) into kafka.tls.ca_file", shown.Broker.Issuer)
	case errors.As(shown.Distrust, &host):
		remedy = fmt.Sprintf("set kafka.tls.server_name to one of its names (%v %v); or %s", shown.Broker.DNSNames, shown.Broker.IPAddresses, t.correct())
	}
	return fail(handshake, t.subject, shown.Distrust, remedy)
}
