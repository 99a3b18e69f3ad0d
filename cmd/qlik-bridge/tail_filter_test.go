package main_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// told are events with what filters look at.
var told = []string{
	`{"specversion":"1.0","type":"com.qlik.app.created","id":"a-1","source":"com.qlik/engine","subject":"Sales","tenantid":"acme","data":{"n":1.50}}`,
	`{"specversion":"1.0","type":"com.qlik.app.deleted","id":"a-2","source":"com.qlik/engine","subject":"Stock","tenantid":"acme"}`,
	`{"specversion":"1.0","type":"com.qlik.space.created","id":"s-1","source":"com.qlik/spaces","tenantid":"other"}`,
}

func (g target) tell(t *testing.T, events ...string) {
	t.Helper()
	for _, e := range events {
		g.send(t, "--file", file(t, "event", e)).expect(t, 0)
	}
}

// TestTailFilter asserts which events the flags choose together, and that dead letters are none of them.
func TestTailFilter(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	g.tell(t, told...)
	g.tell(t, "{no <event>")
	tests := []struct {
		name string
		args []string
		want string // ids, sorted as printed or not
	}{
		{"filter in YAML", []string{"--filter", "prefix: {type: com.qlik.app.}"}, "a-1 a-2"},
		{"filter in JSON", []string{"--filter", `{"any":[{"exact":{"id":"a-2"}},{"suffix":{"source":"/spaces"}}]}`}, "a-2 s-1"},
		{"not", []string{"--filter", "not: {exact: {tenantid: acme}}"}, "s-1"},
		{"two filters", []string{"--filter", "exact: {tenantid: acme}", "--filter", "suffix: {type: .created}"}, "a-1"},
		{"sql", []string{"--sql", "EXISTS subject AND subject LIKE 'S%'"}, "a-1 a-2"},
		{"sql and a type", []string{"--type", "com.qlik.app.*", "--sql", "subject = 'Sales'"}, "a-1"},
		{"a subject", []string{"--subject", "Sales"}, "a-1"},
		{"one of two subjects", []string{"--subject", "Sales", "--subject", "Stock"}, "a-1 a-2"},
		{"a tenant", []string{"--tenant", "other"}, "s-1"},
		{"a tenant, a subject and a family", []string{"--tenant", "acme", "--subject", "Stock", "--family", "apps"}, "a-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, append([]string{"tail", "--kafka-brokers", g.brokers, "--since", "1h", "--count", strconv.Itoa(len(strings.Fields(tt.want)))}, tt.args...)...)
			got.expect(t, 0)
			for _, id := range strings.Fields(tt.want) {
				if !strings.Contains(got.out, "  "+id+"\n") {
					t.Errorf("got %s, want %s in it", got.out, id)
				}
			}
		})
	}
}

// TestTailFailures asserts that tail says how often CESQL failed, which would look like silence.
func TestTailFailures(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	g.tell(t, told...)
	got := run(t, "tail", "--kafka-brokers", g.brokers, "--since", "1h", "--count", "2", "--sql", "NOT (type = 'x') AND subject LIKE 'S%'", "--type", "com.qlik.app.*")
	got.expect(t, 0, "a-1", "a-2")
	if strings.Contains(got.err, "CESQL") {
		t.Errorf("got %s, want nothing about failures", got.err)
	}
	g.tell(t, `{"type":"com.qlik.space.created","id":"s-2","subject":"Sales"}`)
	got = run(t, "tail", "--kafka-brokers", g.brokers, "--since", "1h", "--count", "1", "--sql", "subject = 'Sales'", "--family", "spaces")
	got.expect(t, 0, "s-2")
	if n := strings.Count(got.err, "CESQL failed 1 times"); n > 1 { // s-1 has no subject; s-2 may stand in another partition, and come first
		t.Errorf("got %s, want it once at most", got.err)
	}
}

// TestTailUsage asserts that flags that cannot be used are wrong usage, and named.
func TestTailUsage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--type", "com.*.created"}, "one * at its end"},
		{[]string{"--family", "app"}, `family "app" is not in the catalogue`},
		{[]string{"--filter", "exact: {type: 1}"}, "--filter: filter.exact.type: a string is wanted, got a number"},
		{[]string{"--filter", "regex: {type: a}"}, `--filter: filter: dialect "regex" is not known`},
		{[]string{"--sql", "type ="}, "--sql: filter.sql: CESQL, line 1, column 7"},
		{[]string{"--subject", ""}, "--subject: filter.any[0].exact.subject: the string is empty"},
		{[]string{"--tenant", ""}, "--tenant: "},
		{[]string{"--since", "yesterday"}, `--since "yesterday": a duration`},
		{[]string{"--count", "-1"}, "--count -1"},
		{[]string{"--kafka-tls-enabled", "--kafka-tls-ca-file", "none.pem"}, "qlik-bridge: kafka.tls.ca_file: "},
	} {
		run(t, append([]string{"tail"}, tt.args...)...).expect(t, 2, tt.want)
	}
}

// TestTailFromEvent asserts that the event comes first, then what its partition holds behind it and all others from its time on, and nothing from before;
// that flags choose among these, and not which event it is; and that an id that is not there is said.
func TestTailFromEvent(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	g.tell(t, `{"type":"com.qlik.space.created","id":"before","source":"x"}`, `{"type":"com.qlik.app.created","id":"before-too","source":"x","data":{"id":"app"}}`)
	time.Sleep(5 * time.Millisecond) // records are stamped by the millisecond
	g.tell(t, `{"type":"com.qlik.app.created","id":"it","source":"x","data":{"id":"app"}}`)
	time.Sleep(5 * time.Millisecond)
	g.tell(t, `{"type":"com.qlik.app.deleted","id":"after","source":"x","data":{"id":"app"}}`, `{"type":"com.qlik.space.created","id":"after-too","source":"x"}`)
	tail := []string{"tail", "--kafka-brokers", g.brokers, "--from-event", "it"}

	got := run(t, append(tail, "--count", "3")...)
	got.expect(t, 0, "event it is at qlik.apps/", "  it\n", "  after\n", "  after-too\n")
	if first, _, _ := strings.Cut(got.out, "\n"); !strings.HasSuffix(first, "  it") || strings.Contains(got.out, "before") {
		t.Errorf("got %s, want the event first, and nothing from before it", got.out)
	}
	got = run(t, append(tail, "--count", "1", "--family", "spaces", "--output", "json")...)
	got.expect(t, 0, `"id":"after-too"`)
	run(t, append(tail, "--count", "1", "--since", "1h")...).expect(t, 0, "  it\n")
	run(t, "tail", "--kafka-brokers", g.brokers, "--from-event", "nowhere").expect(t, 1, "no event nowhere among 5 records of ")
}
