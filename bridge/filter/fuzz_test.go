package filter_test

import (
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/filter"
)

// FuzzFilter takes any text for a filter, and any text for a CESQL expression: either is refused or matches events, and nothing panics.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`{"any":[{"exact":{"type":"com.qlik.app.created"}},{"not":{"prefix":{"id":"a"}}},{"suffix":{"source":"e"}}]}`,
		"- all:\n  - sql: type LIKE 'com.%'\n- exact: {time: '2026-11-25T10:00:00Z'}\n",
		`EXISTS tenantid AND (LOWER(type) LIKE '%\_x' OR (level IN (1, -2) XOR NOT urgent))`,
		`SUBSTRING(subject, -2, 1) = RIGHT(id, 1 + 2 * 3 / 4 % 5)`, `CONCAT_WS(',', type, "it\"s") <> ''`, `1-1`, `type =`, "&a [*a]", "'\xff",
	} {
		f.Add(text)
	}
	events := []event.Event{sample(f), event.New(), {}}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func() (filter.Filter, error){
			func() (filter.Filter, error) { return filter.ParseText(text) },
			func() (filter.Filter, error) { return filter.Parse(map[string]any{"sql": text}) },
		} {
			wanted, err := parse()
			if (err == nil) == (wanted == nil) {
				t.Fatalf("got %v and %v, want a filter or an error", wanted, err)
			}
			for i := range events {
				if err == nil {
					wanted.Match(events[i])
				}
			}
		}
	})
}
