package topics

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Names of the topic settings that the guarantee rests on.
const (
	minInsync      = "min.insync.replicas"
	unclean        = "unclean.leader.election.enable"
	maxMessage     = "max.message.bytes"
	retentionMS    = "retention.ms"
	retentionBytes = "retention.bytes"
	cleanupPolicy  = "cleanup.policy"
	wantedReplicas = 3
)

// longestName is how long Kafka lets the name of a topic be.
const longestName = 249

// Config says how the topics are named and laid out; it is part of the bridge's configuration.
type Config struct {
	Prefix      string              `yaml:"prefix" doc:"what the name of every topic begins with; the family's name follows"`
	Replication int16               `yaml:"replication" doc:"copies of each partition; 0: 3, or the number of brokers where there are fewer"`
	Manage      bool                `yaml:"manage" doc:"create and adjust the topics at start; otherwise they are only checked"`
	Families    map[string]Override `yaml:"families" doc:"per family: partitions, retention (30d, 36h) and further topic settings (config)"`
}

// Override replaces what the catalogue says of one family's topic; zero values keep it.
type Override struct {
	Partitions int32             `yaml:"partitions"`
	Retention  Retention         `yaml:"retention"`
	Config     map[string]string `yaml:"config"`
}

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config { return Config{Prefix: "qlik.", Manage: true} }

// Validate names the first key that cannot be used. The prefix must be legal in a topic's name (Kafka: letters, digits, ".", "_", "-").
func (c Config) Validate(catalog *Catalog) error {
	if i := slices.IndexFunc([]byte(c.Prefix), func(b byte) bool { return !legalInTopic(b) }); i >= 0 || len(c.Prefix) > 200 {
		return fmt.Errorf("topics.prefix %q: at most 200 letters, digits, dots, underscores and dashes", c.Prefix)
	}
	if c.Replication < 0 {
		return fmt.Errorf("topics.replication %d: 0 (automatic) or more", c.Replication)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Families)) {
		if _, ok := catalog.Family(name); !ok {
			return fmt.Errorf("topics.families.%s: no such family; `qlik-bridge topics list --offline` lists them", name)
		}
		if o := c.Families[name]; o.Partitions < 0 || o.Retention < 0 {
			return fmt.Errorf("topics.families.%s: partitions and retention cannot be negative", name)
		}
	}
	return nil
}

// CheckName refuses what Kafka does not take as the name of a topic, which is also the name of a folder on a broker.
func CheckName(topic string) error {
	illegal := slices.ContainsFunc([]byte(topic), func(b byte) bool { return !legalInTopic(b) })
	if illegal || topic == "" || len(topic) > longestName || topic == "." || topic == ".." {
		return fmt.Errorf("%q is no name of a topic: 1 to %d letters, digits, dots, underscores and dashes, but not \".\" or \"..\" alone", topic, longestName)
	}
	return nil
}

func legalInTopic(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '.' || b == '_' || b == '-'
}

// Topic is the name of the topic that carries a family.
func (c Config) Topic(family string) string { return c.Prefix + family }

// Spec is what a topic is to be.
type Spec struct {
	Name        string
	Family      string
	Partitions  int32
	Replication int16
	Config      map[string]string // :: topic setting -> value
}

// Specs lays the catalogue out for a cluster of so many brokers; maxMessageBytes is the largest record batch that the topics take.
func (c Config) Specs(catalog *Catalog, brokers int, maxMessageBytes int32) []Spec {
	specs := make([]Spec, 0, len(catalog.Families))
	for _, f := range catalog.Families {
		specs = append(specs, c.spec(f, brokers, maxMessageBytes))
	}
	return specs
}

func (c Config) spec(f *Family, brokers int, maxMessageBytes int32) Spec {
	o := c.Families[f.Name]
	replication := c.Replication
	if replication == 0 {
		replication = int16(min(wantedReplicas, brokers))
	}
	config := map[string]string{
		minInsync:     strconv.Itoa(min(2, int(replication))),
		unclean:       "false",
		maxMessage:    strconv.Itoa(int(maxMessageBytes)),
		retentionMS:   strconv.FormatInt(first(o.Retention, f.Retention).Milliseconds(), 10),
		cleanupPolicy: "delete",
	}
	maps.Copy(config, o.Config)
	return Spec{Name: c.Topic(f.Name), Family: f.Name, Partitions: first(o.Partitions, f.Partitions), Replication: replication, Config: config}
}

// first returns a unless it is zero.
func first[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}
