package topics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/topics"
)

func specOf(t *testing.T, c topics.Config, brokers int, family string) topics.Spec {
	t.Helper()
	for _, s := range c.Specs(topics.Default(), brokers, 2<<20) {
		if s.Family == family {
			return s
		}
	}
	t.Fatalf("no topic of family %s", family)
	return topics.Spec{}
}

func TestSpecs(t *testing.T) {
	tests := []struct {
		name    string
		config  topics.Config
		brokers int
		family  string
		want    topics.Spec
	}{
		{"defaults", topics.DefaultConfig(), 3, "apps", topics.Spec{Name: "qlik.apps", Family: "apps", Partitions: 6, Replication: 3, Config: settings()}},
		{"many brokers", topics.DefaultConfig(), 9, "apps", topics.Spec{Name: "qlik.apps", Family: "apps", Partitions: 6, Replication: 3, Config: settings()}},
		{"two brokers", topics.DefaultConfig(), 2, "apps", topics.Spec{Name: "qlik.apps", Family: "apps", Partitions: 6, Replication: 2, Config: settings()}},
		{"one broker", topics.DefaultConfig(), 1, "apps",
			topics.Spec{Name: "qlik.apps", Family: "apps", Partitions: 6, Replication: 1, Config: settings("min.insync.replicas", "1")}},
		{"own prefix and replication", topics.Config{Prefix: "acme_", Replication: 5}, 3, "dead-letter",
			topics.Spec{Name: "acme_dead-letter", Family: "dead-letter", Partitions: 1, Replication: 5, Config: settings("retention.ms", "2592000000")}},
		{"no prefix", topics.Config{}, 3, "other",
			topics.Spec{Name: "other", Family: "other", Partitions: 3, Replication: 3, Config: settings("retention.ms", "1209600000")}},
		{"overridden", topics.Config{Families: map[string]topics.Override{"apps": {
			Partitions: 12, Retention: topics.Retention(36 * time.Hour), Config: map[string]string{"compression.type": "zstd", "max.message.bytes": "5000000"}}}}, 3, "apps",
			topics.Spec{Name: "apps", Family: "apps", Partitions: 12, Replication: 3,
				Config: settings("retention.ms", "129600000", "compression.type", "zstd", "max.message.bytes", "5000000")}},
		{"another family overridden", topics.Config{Families: map[string]topics.Override{"users": {Partitions: 12}}}, 3, "apps",
			topics.Spec{Name: "apps", Family: "apps", Partitions: 6, Replication: 3, Config: settings()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, specOf(t, tt.config, tt.brokers, tt.family)); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSpecsNameEveryFamily asserts the names of the topics, which are the outside contract.
func TestSpecsNameEveryFamily(t *testing.T) {
	got := map[string]bool{}
	for _, s := range topics.DefaultConfig().Specs(topics.Default(), 3, 2<<20) {
		got[s.Name] = true
	}
	for _, family := range wantFamilies {
		if !got["qlik."+family] {
			t.Errorf("got no topic qlik.%s", family)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		name   string
		config topics.Config
		want   string // part of the error; "": none
	}{
		{"defaults", topics.DefaultConfig(), ""},
		{"zero", topics.Config{}, ""},
		{"every legal character", topics.Config{Prefix: "aZ09._-"}, ""},
		{"prefix with a space", topics.Config{Prefix: "qlik "}, "topics.prefix"},
		{"prefix with a slash", topics.Config{Prefix: "qlik/"}, "topics.prefix"},
		{"prefix with an umlaut", topics.Config{Prefix: "qlík."}, "topics.prefix"},
		{"longest prefix", topics.Config{Prefix: strings.Repeat("a", 200)}, ""},
		{"too long a prefix", topics.Config{Prefix: strings.Repeat("a", 201)}, "topics.prefix"},
		{"negative replication", topics.Config{Replication: -1}, "topics.replication"},
		{"unknown family", topics.Config{Families: map[string]topics.Override{"app": {}}}, "topics.families.app"},
		{"negative partitions", topics.Config{Families: map[string]topics.Override{"apps": {Partitions: -1}}}, "topics.families.apps"},
		{"negative retention", topics.Config{Families: map[string]topics.Override{"apps": {Retention: -1}}}, "topics.families.apps"},
		{"first by name of two", topics.Config{Families: map[string]topics.Override{"zzz": {}, "aaa": {}}}, "topics.families.aaa"},
		{"good override", topics.Config{Families: map[string]topics.Override{"dead-letter": {Partitions: 3, Retention: topics.Retention(time.Hour)}}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.config.Validate(topics.Default())
			if tt.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestCheckName(t *testing.T) {
	for name, legal := range map[string]bool{"qlik.apps": true, "A_b-9": true, "...": true, ".a": true, strings.Repeat("x", 249): true,
		strings.Repeat("x", 250): false, "": false, ".": false, "..": false, "a b": false, "../x": false, "ä": false, "a\n": false} {
		if err := topics.CheckName(name); (err == nil) != legal {
			t.Errorf("%q: got %v, want legal: %t", name, err, legal)
		}
	}
}
