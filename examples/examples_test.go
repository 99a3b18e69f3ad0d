// Package examples_test keeps docs/consumers.md to the programs in these folders: what is read there is what `make interop` runs.
package examples_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/consumers.md instead of comparing it")

const page = "../docs/consumers.md"

// block is a comment that names a file, and the code block below it that shows the file.
var block = regexp.MustCompile("(?ms)^<!-- (examples/[^ ]+) -->\n```([a-z]+)\n(.*?)^```$")

// TestConsumersPage asserts that each block of the page is the file that it names, and that each program is on the page.
func TestConsumersPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	want := block.ReplaceAllStringFunc(string(text), func(found string) string {
		parts := block.FindStringSubmatch(found)
		code, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(parts[1])))
		if err != nil {
			t.Error(err)
		}
		shown[parts[1]] = true
		return fmt.Sprintf("<!-- %s -->\n```%s\n%s```", parts[1], parts[2], code)
	})
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("docs/consumers.md is behind; `make generate` mends that (-want +got):\n%s", diff)
	}
	for _, program := range programs(t) {
		if !shown[program] {
			t.Errorf("%s is not on the page", program)
		}
	}
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
