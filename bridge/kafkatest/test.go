package kafkatest

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
)

// With one of these set to 1, a Kafka or a Docker that cannot be had fails the test instead of skipping it: CI sets
// them, since a skip prints ok and nobody would notice that nothing ran.
const (
	envRequireKafka  = "REQUIRE_KAFKA"
	envRequireDocker = "REQUIRE_DOCKER"
)

// New starts a cluster for one test and closes it at its end. It skips under -short, and where the machine cannot do it;
// REQUIRE_KAFKA=1, and REQUIRE_DOCKER=1 where the docker provider is forced, make the latter fail.
func New(tb testing.TB, opts Options) *Cluster {
	tb.Helper()
	skipShort(tb)
	c, err := Start(context.Background(), opts)
	giveUp(tb, opts, err)
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Errorf("closing kafka: %v", err)
		}
	})
	tb.Logf("kafka: %s, %v", c.Provider(), c.Brokers())
	return c
}

// shared is the one cluster of a test binary.
var shared struct {
	once sync.Once
	c    *Cluster
	err  error
}

// Shared returns the plain single node of this test binary, started by the first call: starting one takes 3 to 10 s.
// Tests that share it keep to topics and groups of their own names and leave it as it was. It skips and fails like New.
// The package's TestMain must call Run, which closes it.
func Shared(tb testing.TB) *Cluster {
	tb.Helper()
	skipShort(tb)
	shared.once.Do(func() { shared.c, shared.err = Start(context.Background(), Options{}) })
	giveUp(tb, Options{}, shared.err)
	tb.Logf("kafka, shared: %s, %v", shared.c.Provider(), shared.c.Brokers())
	return shared.c
}

// Run runs the tests and closes the shared cluster; func TestMain(m *testing.M) { os.Exit(kafkatest.Run(m)) }.
func Run(m *testing.M) int {
	defer func() {
		if shared.c != nil {
			_ = shared.c.Close() // the tests have their verdict
		}
	}()
	return m.Run()
}

func skipShort(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("a real kafka takes seconds to start: not under -short")
	}
}

// giveUp ends the test where err is not nil, as a skip only where that may be.
func giveUp(tb testing.TB, opts Options, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	opts, _ = opts.complete()
	required := os.Getenv(envRequireKafka) == "1" ||
		opts.Provider == ProviderDocker && os.Getenv(envRequireDocker) == "1"
	if required || !errors.Is(err, ErrUnavailable) {
		tb.Fatalf("starting kafka: %v", err)
	}
	tb.Skipf("starting kafka: %v", err)
}
