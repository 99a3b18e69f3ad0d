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
	{"github.com/twmb/franz-go", []string{"bridge/kafka", "bridge/consumer", "bridge/sandbox", "bridge/kafkatest", "bridge/apptest", "bridge/proof", "cmd/bench", "cmd/bench-baseline",
		"cmd/chaos"}, "what Kafka's protocol is about stays reviewable in few packages"},
	{"github.com/labstack/echo", []string{"bridge/ingress", "cmd/bench-baseline"}, "one door"},
	{"github.com/knadh/koanf", []string{"bridge/app"}, "one way to be configured"},
	{"github.com/prometheus/prometheus", []string{"bridge/spool"}, "how entries lie on disk is one package's business"},
	{"github.com/testcontainers", []string{"bridge/kafkatest"}, "85 modules that belong to tests alone"},
	{"github.com/fatih/color", []string{"cmd/qlik-bridge"}, "colours are for terminals"},
	{"github.com/IBM/sarama", []string{"cmd/consumer-cloudevents", "examples/go-cloudevents"}, "the bridge has one Kafka client"},
	{"github.com/cloudevents/sdk-go/sql", []string{"bridge/filter"}, "it panics over mistakes; one package guards it"},
	{"github.com/antlr", []string{"bridge/filter"}, "the words of CESQL are bounded before they are parsed"},
	{"github.com/cloudevents/sdk-go", []string{"bridge/filter", "bridge/consumer", "bridge/deliver", "bridge/proof", "cmd/consumer-cloudevents", "cmd/consumer-slack",
		"cmd/consumer-welcome", "cmd/consumer-directory", "cmd/bench", "cmd/chaos", "examples/go", "examples/go-cloudevents"},
		"it refuses what Qlik sends: there it is the judge, and what handlers are given"},
	{"github.com/wneessen/go-mail", []string{"cmd/consumer-welcome"}, "the bridge sends no mail"},
	{"github.com/jackc/pgx", []string{"cmd/consumer-directory"}, "the bridge has no database"},
	{"code.dny.dev/ssrf", []string{"bridge/deliver"}, "one guard before what is configured by URL"},
	{"github.com/standard-webhooks", []string{"bridge/deliver"}, "one way to sign what is posted"},
	{"github.com/valyala/fasttemplate", []string{"bridge/deliver"}, "placeholders, and not text/template, which keeps every method in the binary"},
	{"golang.org/x/net", []string{"bridge/deliver"}, "what a header can hold, as net/http itself judges"},
	// The doctor asks the running bridge over HTTP, as an operator and Qlik do.
	{"net/http", []string{"bridge/ingress", "bridge/admin", "bridge/sse", "bridge/app", "bridge/sandbox", "bridge/kafka", "bridge/deliver", "bridge/doctor", "bridge/proof",
		"cmd/consumer-slack", "cmd/bench", "cmd/bench-baseline", "cmd/chaos", "cmd/k8s-test"}, "the domain has no network"},
	{"os/exec", []string{"bridge/kafkatest", "cmd/bench", "cmd/chaos", "cmd/k8s-test"}, "the bridge starts no process"},
	{"qlikbridge/bridge/sandbox", []string{"cmd/qlik-bridge", "cmd/bench", "bridge/apptest"}, "the sandbox plays; the bridge does not know of it"},
	{"qlikbridge/bridge/kafkatest", []string{"cmd/bench", "cmd/chaos", "cmd/kafka-local", "cmd/k8s-test"}, "a test kit"},
	{"qlikbridge/bridge/apptest", nil, "a test kit"},
	{"qlikbridge/bridge/proof", []string{"cmd/chaos", "cmd/k8s-test"}, "a test kit"},
	{"qlikbridge/bridge/redrive", []string{"cmd/qlik-bridge"}, "it works out what an operator asks for; the bridge moves nobody's offsets"},
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
			if dir == "bridge/redrive" && strings.HasPrefix(path, "qlikbridge/bridge/") && path != "qlikbridge/bridge/marks" {
				t.Errorf("%s imports %s: it is arithmetic, to be tested without a Kafka", dir, path)
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
