package filter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/filter"
)

// sample is an event as a consumer reads it from a topic, with one extension of each kind.
func sample(t testing.TB) event.Event {
	t.Helper()
	e := event.New()
	must(t, e.UnmarshalJSON([]byte(`{"specversion":"1.0","id":"a-1","source":"com.qlik/engine","type":"com.qlik.app.created","subject":"Sales \"2026\"",
		"time":"2026-11-25T10:00:00.500Z","datacontenttype":"application/json","dataschema":"https://example.com/app","tenantid":"acme","level":42,"urgent":true,"data":{"type":"x"}}`)))
	return e
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name, filter string
		want         bool
	}{
		{"nothing", ``, true},
		{"an empty list", `[]`, true},
		{"exact", `exact: {type: com.qlik.app.created}`, true},
		{"exact, case counts", `exact: {type: com.qlik.App.created}`, false},
		{"exact, a part", `exact: {type: com.qlik.app}`, false},
		{"exact, all of them", `exact: {type: com.qlik.app.created, tenantid: acme}`, true},
		{"exact, not all of them", `exact: {type: com.qlik.app.created, tenantid: other}`, false},
		{"exact, absent", `exact: {spaceid: acme}`, false},
		{"exact, id, source and version", `exact: {id: a-1, source: com.qlik/engine, specversion: "1.0"}`, true},
		{"exact, optional attributes", `exact: {datacontenttype: application/json, dataschema: "https://example.com/app", subject: 'Sales "2026"'}`, true},
		{"exact, an integer in its canonical form", `exact: {level: "42"}`, true},
		{"exact, a boolean in its canonical form", `exact: {urgent: "true"}`, true},
		{"exact, a time in its canonical form", `exact: {time: "2026-11-25T10:00:00.5Z"}`, true},
		{"exact, a time as it was sent", `exact: {time: "2026-11-25T10:00:00.500Z"}`, true},
		{"exact, a time elsewhere", `exact: {time: "2026-11-25T11:00:00.5+01:00"}`, true},
		{"exact, another time", `exact: {time: "2026-11-25T10:00:00Z"}`, false},
		{"prefix", `prefix: {type: com.qlik.}`, true},
		{"prefix, all of them", `prefix: {type: com.qlik., subject: Sales}`, true},
		{"prefix, not all of them", `prefix: {type: com.qlik., subject: sales}`, false},
		{"prefix, of a time", `prefix: {time: "2026-11-25T10:"}`, true},
		{"prefix, longer than the value", `prefix: {id: a-1-and-more}`, false},
		{"prefix, absent", `prefix: {spaceid: a}`, false},
		{"suffix", `suffix: {type: .created, source: /engine}`, true},
		{"suffix, not all of them", `suffix: {type: .created, source: /other}`, false},
		{"all", `all: [{prefix: {type: com.qlik.}}, {suffix: {type: .created}}]`, true},
		{"all, but one", `all: [{prefix: {type: com.qlik.}}, {suffix: {type: .deleted}}]`, false},
		{"any", `any: [{exact: {type: x}}, {exact: {tenantid: acme}}]`, true},
		{"any, of none", `any: [{exact: {type: x}}, {exact: {tenantid: x}}]`, false},
		{"not", `not: {exact: {type: x}}`, true},
		{"not, of one that matches", `not: {exact: {tenantid: acme}}`, false},
		{"not, of one that is absent", `not: {exact: {spaceid: acme}}`, true},
		{"a list is all", `[{prefix: {type: com.qlik.}}, {suffix: {type: .created}}]`, true},
		{"a list is all, but one", `[{prefix: {type: com.qlik.}}, {suffix: {type: .deleted}}]`, false},
		{"JSON", `{"any":[{"not":{"prefix":{"id":"a"}}},{"sql":"tenantid = 'acme'"}]}`, true},
		{"data is not looked at", `exact: {type: x}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := filter.ParseText(tt.filter)
			must(t, err)
			if got := f.Match(sample(t)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if n := filter.Failures(f); n != 0 {
				t.Errorf("got %d failures", n)
			}
		})
	}
}

// TestMatchURI holds what docs/filters.md says of URIs: the SDK keeps them parsed, and writes them in its own way.
func TestMatchURI(t *testing.T) {
	for sent, compared := range map[string]string{
		"com.qlik/engine": "com.qlik/engine", "com.qlik/a%2fb": "com.qlik/a%2fb", "http://EXAMPLE.com/a": "http://EXAMPLE.com/a",
		"URN:qlik:App": "urn:qlik:App", "com.qlik/x#": "com.qlik/x", "http://u:p%41@h/": "http://u:pA@h/",
	} {
		for _, name := range []string{"source", "dataschema"} {
			e := event.New()
			must(t, e.UnmarshalJSON(fmt.Appendf(nil, `{"specversion":"1.0","id":"1","type":"t","source":"s",%q:%q}`, name, sent)))
			f, err := filter.Parse(map[string]any{"exact": map[string]any{name: compared}})
			must(t, err)
			if !f.Match(e) {
				t.Errorf("%s %s: got no match of %s", name, sent, compared)
			}
		}
	}
}

func TestMatchSQL(t *testing.T) {
	tests := []struct {
		name, sql string
		want      bool
		failures  uint64
	}{
		{"a comparison", `type = 'com.qlik.app.created'`, true, 0},
		{"of what is not so", `type = 'x'`, false, 0},
		{"like and in", `source LIKE 'com.qlik/%' AND tenantid IN ('acme', 'other')`, true, 0},
		{"names and words in any case", `TENANTID = 'acme' and Exists subject`, true, 0},
		{"what exists", `EXISTS spaceid`, false, 0},
		{"guarded by what exists", `EXISTS spaceid AND spaceid = 'x'`, false, 0},
		{"numbers", `level >= 42 AND LENGTH(id) = 3`, true, 0},
		{"one AND behind another", `TRUE AND TRUE AND FALSE`, false, 0},
		{"AND in brackets before OR", `(FALSE AND FALSE) OR TRUE`, true, 0},
		{"OR in brackets behind AND", `FALSE AND (FALSE OR TRUE)`, false, 0},
		{"a boolean", `urgent`, true, 0},
		{"a number is true", `1`, true, 0},
		{"zero is false", `0`, false, 0},
		{"a string that is true", `'TRUE'`, true, 0},
		{"a string that is no boolean", `type`, false, 1},
		{"an attribute that is absent", `spaceid = 'x'`, false, 1},
		{"NOT of an attribute that is compared", `NOT subject = 'x'`, false, 1},
		{"NOT of a comparison", `NOT (subject = 'x')`, true, 0},
		{"division by zero", `1 / 0 = 1`, false, 1},
		{"where the library panics", `SUBSTRING('abc', 2, -1) = 'a'`, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := filter.Parse(map[string]any{"sql": tt.sql})
			must(t, err)
			if got := f.Match(sample(t)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if n := filter.Failures(f); n != tt.failures {
				t.Errorf("got %d failures, want %d", n, tt.failures)
			}
		})
	}
}

// TestLibrary holds what docs/filters.md says of the library where it differs from the specification. What turns red after an upgrade is mended, or changed:
// the page says so then.
func TestLibrary(t *testing.T) {
	tests := []struct {
		subject, sql string
		want         bool
	}{
		{`%abc`, `subject LIKE '%c'`, false},
		{`a%xb`, `subject LIKE 'a%b'`, false},
		{`50%%x`, `subject LIKE '50%x'`, false},
		{`50% x`, `subject LIKE '5%x'`, true},
		{`%abc`, `'%abc' LIKE '%c'`, false},
		{`\x`, `subject LIKE '\%'`, true},
		{`a\x`, `subject LIKE 'a\_'`, true},
		{`a_`, `subject LIKE 'a\_'`, true},
		{`über`, `subject LIKE '_ber'`, false},
		{`über`, `subject LIKE '__ber'`, true},
		{`über`, `LENGTH(subject) = 5`, true},
		{`über`, `LEFT(subject, 2) = 'ü'`, true},
		{`über`, `LEFT(subject, 1) = 'ü'`, false},
		{`zoë`, `RIGHT(subject, 2) = 'ë'`, true},
		{`über`, `SUBSTRING(subject, 3) = 'ber'`, true},
		{`über`, `SUBSTRING(subject, 3, 2) = 'be'`, true},
	}
	for _, tt := range tests {
		t.Run(tt.sql, func(t *testing.T) {
			f, err := filter.Parse(map[string]any{"sql": tt.sql})
			must(t, err)
			e := sample(t)
			e.SetSubject(tt.subject)
			if got := f.Match(e); got != tt.want || filter.Failures(f) != 0 {
				t.Errorf("%s: got %v and %d failures, want %v", tt.subject, got, filter.Failures(f), tt.want)
			}
		})
	}
}

// TestFailedSQLUnderNot asserts what the specification says: a failure is no match, and not makes a match of that.
func TestFailedSQLUnderNot(t *testing.T) {
	f, err := filter.ParseText(`[{not: {sql: spaceid = 'x'}}, {not: {sql: 1 / 0}}]`)
	must(t, err)
	for range 3 {
		if !f.Match(sample(t)) {
			t.Error("got no match")
		}
	}
	if n := filter.Failures(f); n != 6 {
		t.Errorf("got %d failures, want 6", n)
	}
}

// TestMatchOddEvents asserts that what is no event of version 1.0 matches nothing that is asked for, and panics nowhere.
func TestMatchOddEvents(t *testing.T) {
	older := event.New("0.3")
	older.SetType("com.qlik.app.created")
	events := map[string]struct {
		event.Event
		want bool
	}{"none at all": {event.Event{}, false}, "an empty one": {event.New(), false}, "an older version": {older, true}}
	for name, e := range events {
		for _, text := range []string{`exact: {type: com.qlik.app.created}`, `suffix: {type: created}`, `sql: type LIKE '%created'`} {
			f, err := filter.ParseText(text)
			must(t, err)
			if got := f.Match(e.Event); got != e.want {
				t.Errorf("%s, %s: got %v, want %v", name, text, got, e.want)
			}
		}
		for _, attribute := range []string{"id", "subject", "time", "dataschema", "datacontenttype", "tenantid"} {
			f, err := filter.Parse(map[string]any{"prefix": map[string]any{attribute: "x"}})
			must(t, err)
			if f.Match(e.Event) {
				t.Errorf("%s: %s matches", name, attribute)
			}
		}
	}
}

// TestTogether asserts that filters are put together, with the sum of what failed.
func TestTogether(t *testing.T) {
	e := sample(t)
	failing, err := filter.ParseText(`not: {sql: spaceid}`)
	must(t, err)
	acme, err := filter.OneOf("tenantid", []string{"other", "acme"})
	must(t, err)
	other, err := filter.OneOf("tenantid", []string{"other"})
	must(t, err)
	if both := filter.All(failing, acme, failing); !both.Match(e) || filter.Failures(both) != 4 {
		t.Errorf("got no match, or %d failures, want 4: 2 of the same filter twice", filter.Failures(both))
	}
	if filter.All(acme, other).Match(e) || !filter.All().Match(e) {
		t.Error("got a match where one filter has none, or none where there is no filter")
	}
	for _, values := range [][]string{nil, {""}} {
		if _, err := filter.OneOf("tenantid", values); err == nil {
			t.Errorf("%q: got no error", values)
		}
	}
}

// TestMatchJSON asserts that a value is read as an event, and that one that is none matches nothing, be it under not.
func TestMatchJSON(t *testing.T) {
	f, err := filter.ParseText(`not: {exact: {type: com.qlik.app.deleted}}`)
	must(t, err)
	tests := []struct {
		name, value string
		want        bool
	}{
		{"wanted", `{"specversion":"1.0","id":"1","source":"s","type":"com.qlik.app.created","data":{"a":1.50}}`, true},
		{"not wanted", `{"specversion":"1.0","id":"1","source":"s","type":"com.qlik.app.deleted"}`, false},
		{"no event", `{"id":"1"}`, false},
		{"no JSON", `{no`, false},
		{"nothing", ``, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := filter.MatchJSON(f, []byte(tt.value)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	f, err := filter.ParseText(`any: [{sql: spaceid = 'x'}, {all: [{prefix: {type: com.}}, {not: {exact: {id: b}}}, {sql: level > 1}]}]`)
	must(t, err)
	e, done := sample(t), make(chan bool)
	const routines, times = 8, 100
	for range routines {
		go func() {
			ok := true
			for range times {
				ok = ok && f.Match(e)
				_, err := filter.ParseText(`sql: type LIKE 'com.%' AND NOT (tenantid IN ('a', 'b'))`)
				ok = ok && err == nil
			}
			done <- ok
		}()
	}
	for range routines {
		if !<-done {
			t.Error("got no match, or an error")
		}
	}
	if n := filter.Failures(f); n != routines*times {
		t.Errorf("got %d failures, want %d", n, routines*times)
	}
}

// TestAllocations asserts that attributes are compared without work for the garbage collector; source, time and the two of data apart, which the SDK
// writes anew each time.
func TestAllocations(t *testing.T) {
	f, err := filter.ParseText(`[{exact: {type: com.qlik.app.created, tenantid: acme}}, {not: {any: [{prefix: {id: b}}, {suffix: {subject: x}}]}}]`)
	must(t, err)
	e := sample(t)
	if n := testing.AllocsPerRun(100, func() { f.Match(e) }); n > 0 {
		t.Errorf("got %v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	for name, text := range map[string]string{"exact": `exact: {type: com.qlik.app.created, tenantid: acme}`, "sql": `sql: type = 'com.qlik.app.created' AND tenantid = 'acme'`} {
		f, err := filter.ParseText(text)
		must(b, err)
		e := sample(b)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f.Match(e)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// slow is how long a text may take to be refused, on a machine that is busy.
const slow = 10 * time.Second

func repeated(begin, s string, n int, end string) string { return begin + strings.Repeat(s, n) + end }
