package topics_test

import (
	"os"
	"regexp"
	"testing"

	"qlikbridge/topics"
)

var documented = regexp.MustCompile("subscribe by a pattern that leaves them out: `([^`]+)`")

// TestDocumentedPattern asserts that the pattern of docs/consume.md finds the topic of every family, and no dead letters.
func TestDocumentedPattern(t *testing.T) {
	page, err := os.ReadFile("../docs/consume.md")
	if err != nil {
		t.Fatal(err)
	}
	found := documented.FindSubmatch(page)
	if found == nil {
		t.Fatalf("got no pattern in docs/consume.md, want one like %s", documented)
	}
	pattern := regexp.MustCompile(string(found[1]))
	for _, f := range topics.Default().Families {
		if got, want := pattern.MatchString("qlik."+f.Name), f.Name != topics.DeadLetter; got != want {
			t.Errorf("qlik.%s: got %t, want %t", f.Name, got, want)
		}
	}
	if name := "qlik.dead-letter.qlik.deliver.crm"; pattern.MatchString(name) {
		t.Errorf("%s: got true, want the dead letters of a group left out", name)
	}
}
