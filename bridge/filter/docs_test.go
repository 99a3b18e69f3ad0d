package filter_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/filter"
)

var (
	fence   = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	caption = regexp.MustCompile(`^# (matches|does not match|refused)(?:: (.+))?\n`)
)

// TestDocs runs the examples of docs/filters.md: each filter says what becomes of the page's event, each expression what its value is.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/filters.md")
	must(t, err)
	var e event.Event
	ran := 0
	for _, block := range fence.FindAllStringSubmatch(string(page), -1) {
		switch language, text := block[1], block[2]; language {
		case "json":
			must(t, e.UnmarshalJSON([]byte(text)))
		case "yaml":
			ran++
			runFilter(t, e, text)
		case "sql":
			for line := range strings.Lines(text) {
				ran++
				runExpression(t, e, line)
			}
		}
	}
	if ran < 25 {
		t.Errorf("got %d examples, want the page's", ran)
	}
}

func runFilter(t *testing.T, e event.Event, text string) {
	t.Helper()
	said := caption.FindStringSubmatch(text)
	if said == nil {
		t.Errorf("got %q, want a first line that says what becomes of it", text)
		return
	}
	f, err := filter.ParseText(text)
	switch {
	case said[1] == "refused":
		if err == nil || !strings.HasPrefix(err.Error(), said[2]) {
			t.Errorf("%s\ngot %v", text, err)
		}
	case err != nil:
		t.Errorf("%s\ngot %v", text, err)
	case f.Match(e) != (said[1] == "matches") || filter.Failures(f) > 0:
		t.Errorf("%s\ngot %v and %d failures", text, f.Match(e), filter.Failures(f))
	}
}

func runExpression(t *testing.T, e event.Event, line string) {
	t.Helper()
	expression, want, _ := strings.Cut(strings.TrimSpace(line), "-- ")
	f, err := filter.Parse(map[string]any{"sql": strings.TrimSpace(expression)})
	if err != nil {
		t.Errorf("%s: %v", expression, err)
		return
	}
	got := map[bool]string{true: "true", false: "false"}[f.Match(e)]
	if filter.Failures(f) > 0 {
		got = "fails"
	}
	if got != want {
		t.Errorf("%s: got %s, want %s", expression, got, want)
	}
}
