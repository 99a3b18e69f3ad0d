// Package examples_test keeps docs/consumers.md to the programs in these folders: what is read there is what `make interop` runs.
package examples_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/consumers.md instead of comparing it")

const page = "../docs/consumers.md"

// block is a comment that names a file, and the code block below it that shows the file.
var block = regexp.MustCompile("(?ms)^<!-- (examples/[^ ]+) -->\n```([a-z]+)\n(.*?)^```$")

// TestConsumersPage asserts that each block of the page is the file that it names, and that each program is on the page.
func TestConsumersPage(t *testing.T) {
	text, shown := read(t, page), map[string]bool{}
	want := block.ReplaceAllStringFunc(text, func(found string) string {
		parts := block.FindStringSubmatch(found)
		shown[parts[1]] = true
		return fmt.Sprintf("<!-- %s -->\n```%s\n%s```", parts[1], parts[2], read(t, filepath.Join("..", parts[1])))
	})
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("docs/consumers.md is behind; `make generate` mends that (-want +got):\n%s", diff)
	}
	for _, program := range programs(t) {
		if !shown[program] {
			t.Errorf("%s is not on the page", program)
		}
	}
}

// The versions on the page are those that the programs are built with.
func TestVersionsOnThePage(t *testing.T) {
	tests := []struct{ file, pattern, want string }{
		{"../go.mod", `IBM/sarama v(\S+)`, "sarama %s |"},
		{"../go.mod", `cloudevents/sdk-go/v2 v(\S+)`, "| CloudEvents %s |"},
		{"../go.mod", `cloudevents/sdk-go/protocol/kafka_sarama/v2 v(\S+)`, "CloudEvents %s over `kafka_sarama`"},
		{"python/requirements.txt", `confluent-kafka==(\S+)`, "confluent-kafka %s |"},
		{"python/requirements.txt", `cloudevents==(\S+)`, "cloudevents %s | |"},
		{"java/pom.xml", `<kafka.version>([^<]+)`, "kafka-clients %s |"},
		{"java/pom.xml", `<cloudevents.version>([^<]+)`, "cloudevents %s | Java"},
		{"java/pom.xml", `<maven.compiler.release>([^<]+)`, "Java %s and later"},
		{"node/package.json", `"@platformatic/kafka": "([^"]+)`, "@platformatic/kafka %s |"},
		{"node/package.json", `"cloudevents": "([^"]+)`, "cloudevents %s | Node"},
		{"node/package.json", `"node": ">=([^"]+)`, "Node %s and later"},
	}
	text := read(t, page)
	for _, tt := range tests {
		version := regexp.MustCompile(tt.pattern).FindStringSubmatch(read(t, tt.file))
		if version == nil {
			t.Errorf("%s has no %s", tt.file, tt.pattern)
		} else if want := fmt.Sprintf(tt.want, version[1]); !strings.Contains(text, want) {
			t.Errorf("the page does not say %q, as %s does", want, tt.file)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// programs are the sources beside this test.
func programs(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*/*.go", "*/*.py", "*/*.js", "java/src/main/java/*.java"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: nothing found: %v", pattern, err)
		}
		for _, name := range names {
			found = append(found, "examples/"+filepath.ToSlash(name))
		}
	}
	return found
}
