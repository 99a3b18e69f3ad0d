package bridge_test

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// homes says where a library may be imported, and why only there. Test files are free.
var homes = []struct {
	library string
	dirs    []string
	reason  string
}{
	{"github.com/twmb/franz-go", []string{"bridge/kafka", "bridge/sandbox", "bridge/kafkatest", "cmd/bench", "cmd/bench-baseline", "cmd/chaos"},
		"what Kafka's protocol is about stays reviewable in one package"},
	{"github.com/labstack/echo", []string{"bridge/ingress", "cmd/bench-baseline"}, "one door"},
	{"github.com/knadh/koanf", []string{"bridge/app"}, "one way to be configured"},
	{"github.com/prometheus/prometheus", []string{"bridge/spool"}, "how entries lie on disk is one package's business"},
	{"github.com/testcontainers", []string{"bridge/kafkatest"}, "85 modules that belong to tests alone"},
	{"github.com/IBM/sarama", []string{"cmd/consumer-cloudevents"}, "the bridge has one Kafka client"},
	{"github.com/cloudevents/sdk-go", []string{"cmd/consumer-cloudevents", "cmd/chaos"}, "it refuses what Qlik sends; in tests it is the judge"},
	// The doctor asks the running bridge over HTTP, as an operator and Qlik do.
	{"net/http", []string{"bridge/ingress", "bridge/app", "bridge/sandbox", "bridge/kafka", "bridge/doctor", "cmd/bench", "cmd/bench-baseline", "cmd/chaos"}, "the domain has no network"},
	{"os/exec", []string{"bridge/kafkatest", "cmd/bench", "cmd/chaos"}, "the bridge starts no process"},
	{"qlikbridge/bridge/sandbox", []string{"cmd/qlik-bridge", "cmd/bench"}, "the sandbox plays; the bridge does not know of it"},
	{"qlikbridge/bridge/kafkatest", []string{"cmd/bench", "cmd/chaos", "cmd/kafka-local"}, "a test kit"},
	{"qlikbridge/bridge/doctor", []string{"cmd/qlik-bridge"}, "it looks at the bridge from outside; the bridge does not know of it"},
}

// adapters do not know one another; package app and the commands bring them together.
var adapters = []string{"bridge/ingress", "bridge/kafka", "bridge/spool", "bridge/sandbox"}

func TestImportRules(t *testing.T) {
	for dir, imports := range productImports(t) {
		for _, path := range imports {
			for _, rule := range homes {
				if strings.HasPrefix(path, rule.library) && !slices.Contains(rule.dirs, dir) {
					t.Errorf("%s imports %s, whose home is %v: %s", dir, path, rule.dirs, rule.reason)
				}
			}
			other := strings.TrimPrefix(path, "qlikbridge/")
			if slices.Contains(adapters, dir) && slices.Contains(adapters, other) {
				t.Errorf("%s imports %s: adapters never import each other", dir, path)
			}
			if pure := dir == "topics" || dir == "bridge"; pure && strings.HasPrefix(path, "qlikbridge/bridge") && path != "qlikbridge/bridge/file" {
				t.Errorf("%s imports %s: the domain knows no adapter", dir, path)
			}
		}
	}
}

// productImports are the imports of every package but its tests, by folder.
func productImports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); path != ".." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
			return filepath.SkipDir
		}
		if pkg, err := build.ImportDir(path, 0); err == nil {
			dir, _ := filepath.Rel("..", path)
			found[filepath.ToSlash(dir)] = pkg.Imports
		}
		return nil
	})
	if err != nil || len(found) < 8 {
		t.Fatalf("found only %d packages: %v", len(found), err)
	}
	return found
}
