package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
	"gzip":   kgo.GzipCompression(),
}

// brokerWait is how long a broker may take to gather its acknowledgements, and how long beyond that its answer may stay away. franz-go's
// own are 10 s each, in which every delivery for that broker would run into ack_timeout.
const brokerWait = 5 * time.Second

// Client is the bridge's side of one cluster. It is safe for concurrent use.
type Client struct {
	config   Config
	kgo      *kgo.Client // for all that is not produced
	admin    *kadm.Client
	producer *producer
	insync   sync.Map // :: topic -> min.insync.replicas (int), where State has seen it or Apply has set it
}

// New makes a client. It reads the certificate files once, to refuse broken ones, but talks to no broker: a cluster that is away is
// found out by Ping or by the first record. A nil registerer registers no metrics.
func New(c Config, reg prometheus.Registerer, log *slog.Logger, more ...kgo.Opt) (*Client, error) {
	if _, err := c.TLS.load(); err != nil {
		return nil, err
	}
	opts := append(c.options(log), more...)
	if reg != nil {
		opts = append(opts, kgo.WithHooks(newMetrics(reg)))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("setting up the Kafka client: %w", err)
	}
	producer, err := newProducer(c, log, opts)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("setting up the Kafka producer: %w", err)
	}
	k := &Client{config: c, kgo: client, admin: kadm.NewClient(client), producer: producer}
	if reg != nil {
		k.gauges(reg)
	}
	return k, nil
}

// options are what every connection to the cluster has, whatever it is for. A broker that stands still is given up after twice
// brokerWait, so that its partitions move on when they have a new leader.
func (c Config) options(log *slog.Logger) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ClientID),
		kgo.SoftwareNameAndVersion("qlik-bridge", softwareVersion()),
		kgo.Dialer(c.dialer()),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.RequestTimeoutOverhead(brokerWait),
		kgo.WithLogger(logger{log}),
	}
	if mechanism := c.SASL.login(); mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	return opts
}

// Ping asks any broker for an answer, until ctx ends.
func (c *Client) Ping(ctx context.Context) error { return c.kgo.Ping(ctx) }

// Flush waits until every record has settled, or ctx ends.
func (c *Client) Flush(ctx context.Context) error { return c.producer.flush(ctx) }

// Close ends the connections; records that wait settle with an error.
func (c *Client) Close() {
	c.producer.close()
	c.kgo.Close()
}

// softwareVersion is the version in the characters that Kafka takes (KIP-511): letters, digits, dots and dashes.
func softwareVersion() string {
	return strings.Trim(regexp.MustCompile(`[^a-zA-Z0-9.-]+`).ReplaceAllString(bridge.Version(), "-"), "-.")
}

// logger hands franz-go's log lines on. Its info level is chatter about connections, so it goes a level down.
type logger struct{ log *slog.Logger }

func (l logger) Level() kgo.LogLevel {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		return kgo.LogLevelInfo
	}
	return kgo.LogLevelWarn
}

func (l logger) Log(level kgo.LogLevel, text string, keyvals ...any) {
	at := slog.LevelWarn
	if level >= kgo.LogLevelInfo {
		at = slog.LevelDebug
	}
	l.log.Log(context.Background(), at, text, keyvals...)
}
