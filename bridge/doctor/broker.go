package doctor

import (
	"context"
	"sync"
	"time"
)

// Of the steps to a broker beside kafka.dial_timeout.
const (
	dnsTimeout   = 5 * time.Second
	loginTimeout = 10 * time.Second
)

// target is a broker to be reached, and where its address comes from.
type target struct {
	address, subject string
	advertised       bool // by the cluster; else it is in kafka.brokers
}

// seeds goes to each broker of the configuration. With one that lets the bridge in, the cluster can be asked.
func (x *examination) seeds(ctx context.Context) ([]Finding, bool) {
	var targets []target
	for _, address := range x.Config.Kafka.Brokers {
		targets = append(targets, target{address: address, subject: address})
	}
	found, in := x.approach(ctx, targets)
	if x.Config.Kafka.ClearText() {
		found = append(found, warn(login, "", "kafka.sasl.mechanism "+x.Config.Kafka.SASL.Mechanism+" without TLS: the password can be read on the network",
			"set kafka.tls.enabled to true and name the brokers' TLS port, or use SCRAM-SHA-512"))
	}
	return found, in > 0
}

// approach goes to brokers side by side, tells their findings in order, and counts those that let the bridge in.
func (x *examination) approach(ctx context.Context, targets []target) (found []Finding, in int) {
	each := make([][]Finding, len(targets))
	var done sync.WaitGroup
	for i, t := range targets {
		done.Go(func() { each[i] = x.steps(ctx, t) })
	}
	done.Wait()
	for _, f := range each {
		found = append(found, f...)
		if last := f[len(f)-1]; last.Status == OK {
			in++
		}
	}
	return found, in
}

// steps goes to one broker step by step until one fails; the last finding is the login's.
func (x *examination) steps(ctx context.Context, t target) []Finding {
	var found []Finding
	failed := ""
	for _, step := range []struct {
		name   string
		within time.Duration
		run    func(context.Context, target) Finding
	}{
		{dns, dnsTimeout, x.resolve},
		{connect, x.Config.Kafka.DialTimeout, x.reach},
		{handshake, 2 * x.Config.Kafka.DialTimeout, x.shakeHands},
		{login, loginTimeout, x.logIn},
	} {
		if failed != "" {
			found = append(found, needs(step.name, t.subject, failed))
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, step.within)
		f := step.run(ctx, t)
		cancel()
		if f.Status == Failed {
			failed = step.name
		}
		found = append(found, f)
	}
	return found
}
