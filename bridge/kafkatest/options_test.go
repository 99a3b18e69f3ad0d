package kafkatest_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"qlikbridge/bridge/kafkatest"
)

func TestStartRefuses(t *testing.T) {
	for _, tt := range []struct {
		name        string
		brokers     string // KAFKA_BROKERS
		opts        kafkatest.Options
		unavailable bool
	}{
		{name: "two nodes", opts: kafkatest.Options{Nodes: 2}},
		{name: "an unknown provider", opts: kafkatest.Options{Provider: "cloud"}},
		{name: "three nodes with security", opts: kafkatest.Options{Nodes: 3, Security: true}},
		{name: "three nodes of a named kafka", brokers: "127.0.0.1:1", opts: kafkatest.Options{Nodes: 3}, unavailable: true},
		{name: "security elsewhere than on loopback", opts: kafkatest.Options{Security: true, Host: "192.0.2.1"}},
		{name: "an address of a named kafka", brokers: "127.0.0.1:1", opts: kafkatest.Options{Host: "127.0.0.2"}, unavailable: true},
		{name: "an address of a container", opts: kafkatest.Options{Provider: kafkatest.ProviderDocker, Host: "127.0.0.2"}, unavailable: true},
		{name: "data directories for other nodes", opts: kafkatest.Options{DataDirs: []string{"a", "b"}}},
		{name: "data directories of a named kafka", brokers: "127.0.0.1:1",
			opts: kafkatest.Options{DataDirs: []string{"a"}}, unavailable: true},
		{name: "security of a named kafka", brokers: "127.0.0.1:1", opts: kafkatest.Options{Security: true}, unavailable: true},
		{name: "properties of a named kafka", brokers: "127.0.0.1:1",
			opts: kafkatest.Options{Properties: map[string]string{"a": "b"}}, unavailable: true},
		{name: "a named kafka without a name", opts: kafkatest.Options{Provider: kafkatest.ProviderEnv}, unavailable: true},
		{name: "three nodes in a container", opts: kafkatest.Options{Provider: kafkatest.ProviderDocker, Nodes: 3}, unavailable: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("KAFKATEST_PROVIDER", "")
			t.Setenv("KAFKA_BROKERS", tt.brokers)
			c, err := kafkatest.Start(t.Context(), tt.opts)
			if err == nil {
				t.Fatalf("got %s, want an error", errors.Join(errors.New(c.Provider()), c.Close()))
			}
			if got := errors.Is(err, kafkatest.ErrUnavailable); got != tt.unavailable {
				t.Errorf("got unavailable %v, want %v: %v", got, tt.unavailable, err)
			}
		})
	}
}

// TestWithoutJavaIsUnavailable asserts that a machine without Java makes tests skip, not fail.
func TestWithoutJavaIsUnavailable(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := kafkatest.Start(t.Context(), kafkatest.Options{Provider: kafkatest.ProviderProcesses})
	if !errors.Is(err, kafkatest.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, kafkatest.ErrUnavailable)
	}
}

func TestPomNamesTheVersion(t *testing.T) {
	pom, err := os.ReadFile("pom.xml")
	must(t, "read pom.xml", err)
	want := "<kafka.version>" + kafkatest.Version + "</kafka.version>"
	if !strings.Contains(string(pom), want) {
		t.Errorf("pom.xml does not contain %s", want)
	}
}
