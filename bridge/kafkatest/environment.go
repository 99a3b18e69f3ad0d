package kafkatest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// startEnv uses the Kafka that KAFKA_BROKERS names. What cannot be known of it, or done to it, is refused.
func startEnv(ctx context.Context, opts Options) (*Cluster, error) {
	brokers := strings.FieldsFunc(os.Getenv(envBrokers), func(r rune) bool { return r == ',' || r == ' ' })
	if len(brokers) == 0 {
		return nil, fmt.Errorf("%w: %s is empty", ErrUnavailable, envBrokers)
	}
	if err := fitsEnv(opts); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := waitReady(ctx, brokers, 1, alive); err != nil {
		return nil, fmt.Errorf("asking %s=%s: %w", envBrokers, strings.Join(brokers, ","), err)
	}
	c := &Cluster{brokers: brokers, stop: func() error { return nil }}
	c.provider = "the running kafka at " + strings.Join(brokers, ",")
	return c, nil
}

// fitsEnv refuses what a Kafka of somebody else's cannot be asked for.
func fitsEnv(opts Options) error {
	var what string
	switch {
	case opts.Nodes > 1:
		what = "a cluster of its own with three nodes"
	case opts.Security:
		what = "listeners with known certificates and passwords"
	case opts.Host != loopback:
		what = "an address of its own"
	case opts.DataDirs != nil:
		what = "its data in given directories"
	case len(opts.Properties) > 0:
		what = "broker properties of its own"
	default:
		return nil
	}
	return fmt.Errorf("%w: this wants %s, which the kafka of %s cannot promise; %s=%s starts one",
		ErrUnavailable, what, envBrokers, envProvider, ProviderProcesses)
}

// alive is for a Kafka that is not ours to watch.
func alive() error { return nil }
