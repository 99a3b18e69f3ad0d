package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// The providers, in the order in which Start tries them.
const (
	ProviderEnv       = "env"       // the Kafka that KAFKA_BROKERS names; never stopped, never changed
	ProviderDocker    = "docker"    // one container of KAFKA_IMAGE, by testcontainers-go
	ProviderProcesses = "processes" // Apache Kafka from its Maven jars, one Java process per node
)

// The environment that Start reads.
const (
	envBrokers  = "KAFKA_BROKERS"      // comma-separated addresses of a Kafka that runs already
	envProvider = "KAFKATEST_PROVIDER" // forces a provider, unless Options does
	envImage    = "KAFKA_IMAGE"        // the image of the docker provider
)

var (
	// ErrUnavailable is wrapped by every error that says this machine cannot offer what was asked: no Java, no jars, no
	// Docker, or a KAFKA_BROKERS that does not fit. A test skips on it; any other error of Start is a failure.
	ErrUnavailable = errors.New("no such kafka here")
	// ErrNoFaults is wrapped by the errors of Kill, Pause, Resume and Restart where the provider is not processes.
	ErrNoFaults = errors.New("this provider cannot break a broker")
)

// Options says what Kafka is wanted. The zero value is one plain node from whichever provider is there.
type Options struct {
	// Nodes is 1 or 3; 0 means 1. With 3, topics default to three replicas and min.insync.replicas=2.
	Nodes int
	// Properties are broker properties, of every node; they win over those of this package.
	Properties map[string]string
	// Security adds listeners with TLS, SASL and client certificates, see Cluster.Security. One node only.
	Security bool
	// Bench gives the broker the whole JIT compiler. It starts slower and then runs faster: for measurements.
	Bench bool
	// HeapMiB bounds the heap of each broker's JVM; 0 means 512.
	HeapMiB int
	// DataDirs are existing, empty directories that the nodes keep their data in, one per node, for instance on a small file
	// system; the caller removes them. nil means below the cluster's own directory. Processes only.
	DataDirs []string
	// Host is the address of this machine that the brokers listen on and tell their clients; "" means 127.0.0.1. For clients that are not on
	// loopback, as in a pod. Processes only, and without Security, whose certificate is for loopback.
	Host string
	// Provider forces one; "" means what KAFKATEST_PROVIDER says, else the first that fits.
	Provider string
}

// Cluster is a running Kafka. Its methods are safe for concurrent use.
type Cluster struct {
	// Fixed after construction.
	brokers  []string
	provider string
	nodes    []*node   // of processes only
	security *Security // nil without Options.Security
	stop     func() error

	closing  sync.Once
	closeErr error
}

// Start blocks until the Kafka answers as a whole: every node is asked, and a topic with as many replicas as there are
// nodes would be created. It has deadlines of its own beside ctx, which matters only until Start returns. An error
// that wraps ErrUnavailable means that the machine cannot do it; after any error nothing is left running.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	switch opts.Provider {
	case ProviderEnv:
		return startEnv(ctx, opts)
	case ProviderDocker:
		return startDocker(ctx, opts)
	case ProviderProcesses:
		return startProcesses(ctx, opts)
	}
	return startFirst(ctx, opts)
}

// startFirst takes Docker where it fits and is there, otherwise the processes.
func startFirst(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Nodes > 1 || opts.Security || opts.DataDirs != nil || opts.Host != loopback {
		return startProcesses(ctx, opts)
	}
	c, noDocker := startDocker(ctx, opts)
	if !errors.Is(noDocker, ErrUnavailable) {
		return c, noDocker
	}
	c, err := startProcesses(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("%w; nor docker: %w", err, noDocker)
	}
	return c, nil
}

// complete fills in the defaults and the environment, and refuses what no provider does.
func (o Options) complete() (Options, error) {
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	if o.HeapMiB == 0 {
		o.HeapMiB = 512
	}
	if o.Host == "" {
		o.Host = loopback
	}
	if o.Provider == "" {
		o.Provider = os.Getenv(envProvider)
	}
	if o.Provider == "" && os.Getenv(envBrokers) != "" {
		o.Provider = ProviderEnv
	}
	known := []string{"", ProviderEnv, ProviderDocker, ProviderProcesses}
	switch {
	case !slices.Contains(known, o.Provider):
		return o, fmt.Errorf("kafkatest: provider %q is none of %q", o.Provider, known[1:])
	case o.Nodes != 1 && o.Nodes != 3:
		return o, fmt.Errorf("kafkatest: %d nodes, want 1 or 3", o.Nodes)
	case o.Nodes != 1 && o.Security:
		return o, errors.New("kafkatest: security comes with one node only")
	case o.Security && o.Host != loopback:
		return o, fmt.Errorf("kafkatest: security on %s; its certificate is for %s", o.Host, loopback)
	case o.DataDirs != nil && len(o.DataDirs) != o.Nodes:
		return o, fmt.Errorf("kafkatest: %d data directories for %d nodes", len(o.DataDirs), o.Nodes)
	}
	return o, nil
}

// Brokers returns the addresses of the plain listeners, one per node, by node.
func (c *Cluster) Brokers() []string { return slices.Clone(c.brokers) }

// Provider says which Kafka this is, for a line of the test's log.
func (c *Cluster) Provider() string { return c.provider }

// Security returns the secured listeners and what is needed to log in, nil without Options.Security.
func (c *Cluster) Security() *Security { return c.security }

// Close stops what Start started and removes its data, without giving the brokers time for farewells. Further calls
// return what the first did.
func (c *Cluster) Close() error {
	c.closing.Do(func() { c.closeErr = c.stop() })
	return c.closeErr
}
