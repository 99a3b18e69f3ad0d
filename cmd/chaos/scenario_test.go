package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every scenario says what it is and why there may be duplicates, under a name that topics and -run can carry.
func TestScenariosAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, sc := range scenarios {
		if !regexp.MustCompile(`^[a-z0-9-]{3,24}$`).MatchString(sc.name) || seen[sc.name] {
			t.Errorf("got the name %q, want a new one of small letters, digits and dashes", sc.name)
		}
		seen[sc.name] = true
		if sc.about == "" || sc.duplicates == "" || sc.run == nil {
			t.Errorf("%s: about, duplicates or run is missing", sc.name)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		names string
		short bool
		want  int // -1: an error
	}{
		{"", false, len(scenarios)},
		{"packet-loss", false, 1},
		{"packet-loss,leader-killed", true, 2},
		{"packet-loss,nothing", false, -1},
	} {
		got, err := choose(tt.names, tt.short)
		if err != nil && tt.want >= 0 || err == nil && len(got) != tt.want {
			t.Errorf("%q, %t: got %d scenarios and %v, want %d", tt.names, tt.short, len(got), err, tt.want)
		}
	}
	short, err := choose("", true)
	if err != nil || len(short) < 5 || len(short) >= len(scenarios) {
		t.Errorf("short: got %d of %d scenarios and %v, want some", len(short), len(scenarios), err)
	}
}

// The page names the scenarios that there are, in their order, and none that failed.
func TestReliabilityPageIsOfTheseScenarios(t *testing.T) {
	const path = "../../docs/reliability.md"
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("SKIP: %s is not there: make chaos CHAOS='-out docs/reliability.md' writes it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, found := range regexp.MustCompile(`(?m)^\| ([a-z0-9-]+) \|.*\| (\w+) \|$`).FindAllStringSubmatch(string(text), -1) {
		if got = append(got, found[1]); found[2] == "FAIL" {
			t.Errorf("%s: the page says FAIL", found[1])
		}
	}
	for _, sc := range scenarios {
		want = append(want, sc.name)
	}
	got = slices.DeleteFunc(got, func(name string) bool { return name == "scenario" })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the scenarios differ from those of %s (-code +page):\n%s", path, diff)
	}
}

// A page carries every cell and explanation, and nothing of the machine but its processor.
func TestPage(t *testing.T) {
	passed := row{Name: "leader-killed", About: "a leader is killed", Duplicates: "because", Notes: []string{"a note"}}
	passed.Acknowledged, passed.Duplicate = 1000, 3
	failed := row{Name: "spool-cut", Failures: []string{"7 lost"}}
	skipped := row{Name: "packet-loss", Skipped: "no namespace"}
	text := page(options{short: true, rate: 500, bridge: "/somewhere/else"}, []row{passed, failed, skipped})
	for _, want := range []string{"| leader-killed |", "| pass |", "3 duplicates, 0 of events that were posted once: because", "a note", "| FAIL |", "FAIL: 7 lost", "| SKIP |",
		"SKIPPED: no namespace", "-short -rate 500"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "/somewhere") {
		t.Error("the page names a path of the machine")
	}
	columns := map[int]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			columns[strings.Count(line, "|")] = true
		}
	}
	if len(columns) != 1 {
		t.Errorf("got rows of %v separators, want one number", columns)
	}
}
