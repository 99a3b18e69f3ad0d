package nesting_test

import (
	"runtime"
	"strings"
	"testing"

	"qlikbridge/bridge/nesting"
)

func TestCheck(t *testing.T) {
	steps := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", i) + line + "\n")
		}
		return b.String()
	}
	tests := []struct {
		name, text string
		want       string // "": taken
	}{
		{name: "nothing"},
		{name: "brackets, 64 of them", text: strings.Repeat("[", 64) + strings.Repeat("]", 64)},
		{name: "brackets, one more", text: strings.Repeat("[", 65), want: "[1:65] nested more than 64 deep"},
		{name: "braces", text: strings.Repeat("{a: ", 65), want: "nested more than 64 deep"},
		{name: "brackets side by side", text: "a: [" + strings.Repeat("[], {}, ", 1000) + "]"},
		{name: "brackets in quotes", text: "a: '" + strings.Repeat("[", 1000) + "'\nb: \"" + strings.Repeat("{", 1000) + "\""},
		{name: "brackets in a comment", text: "a: 1 # " + strings.Repeat("[", 1000)},
		{name: "brackets in a block of text", text: "a: |\n  " + strings.Repeat("[", 1000) + "\nb: 1"},
		{name: "closed in comments", text: strings.Repeat("[ # ]\n", 65), want: "[65:1] nested"},
		{name: "closed in quotes", text: strings.Repeat("[ ']', ", 65), want: "nested"},
		{name: "closed before they open", text: "# " + strings.Repeat("]", 100) + "\n" + strings.Repeat("]", 100) + strings.Repeat("[", 65), want: "nested"},
		{name: "lists on one line, 64 of them", text: strings.Repeat("- ", 64) + "x"},
		{name: "lists on one line, one more", text: strings.Repeat("- ", 65) + "x", want: "[1:129] nested more than 64 deep"},
		{name: "lists on many lines", text: steps(65, "-"), want: "[65:65] nested"},
		{name: "lists of lists, further in line by line", text: "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n" + strings.Repeat(" ", 70) + strings.Repeat("- ", 40), want: "[2:"},
		{name: "objects on many lines", text: steps(65, "a:"), want: "[65:66] nested"},
		{name: "lists of objects", text: strings.Repeat("- a: 1\n  b: 2\n", 500)},
		{name: "brackets in lists", text: strings.Repeat("- ", 33) + strings.Repeat("[", 32), want: "nested"},
		{name: "keys in keys", text: strings.Repeat("? ", 65), want: "nested"},
		{name: "a tag", text: "a: 1\nb: !!binary x", want: "[2:4] a tag of YAML"},
		{name: "a tag of somebody's", text: "sources: !include x", want: "[1:10] a tag of YAML"},
		{name: "a tag in brackets", text: "a: [b, !t {c: d}]", want: "[1:8] a tag of YAML"},
		{name: "a tag of a key", text: "? !t a\n: b", want: "[1:3] a tag of YAML"},
		{name: "a tag behind an anchor", text: "a: &b !t c", want: "[1:7] a tag of YAML"},
		{name: "no tags", text: "a: '!t x'\nb: \"!t\" # !t\nc: x !t\nd: |\n  !t\ne!: x"},
		{name: "wide", text: strings.Repeat("a: 1\n", 20_000), want: "more than 50000 words and signs"},
		{name: "long", text: strings.Repeat("#", 512<<10+1), want: "524289 bytes of YAML; at most 524288"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := nesting.Check(tt.text)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestCheckCost asserts that no text costs much memory until it is refused or taken.
func TestCheckCost(t *testing.T) {
	for _, sign := range []string{"[", "]", "- ", "a: ", "? ", "&a ", "!t ", "'", "x\n", "|\n", "--- ", "\t", "*"} {
		text := strings.Repeat(sign, 512<<10/len(sign))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = nesting.Check(text)
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 150 {
			t.Errorf("%q: got %d MiB taken, want at most 150", sign, took)
		}
	}
}
