package filter_test

import (
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/filter"
)

// TestJoin asserts that every part of a wish has to match, and one of several subjects or tenants.
func TestJoin(t *testing.T) {
	e := event.New()
	e.SetType("com.qlik.app.created")
	e.SetSubject("s-1")
	e.SetExtension("tenantid", "t-1")
	tests := []struct {
		name string
		wish filter.Wish
		want bool
	}{
		{"a text", filter.Wish{Texts: []string{"prefix: {type: com.qlik}"}}, true},
		{"texts", filter.Wish{Texts: []string{"prefix: {type: com.qlik}", "exact: {subject: s-2}"}}, false},
		{"queries", filter.Wish{Queries: []string{"type LIKE 'com.%'", "subject = 's-1'"}}, true},
		{"one query of two", filter.Wish{Queries: []string{"type LIKE 'com.%'", "subject = 's-2'"}}, false},
		{"subjects", filter.Wish{Subjects: []string{"s-2", "s-1"}}, true},
		{"another subject", filter.Wish{Subjects: []string{"s-2"}}, false},
		{"tenants", filter.Wish{Tenants: []string{"t-2", "t-1"}}, true},
		{"a subject, and another tenant", filter.Wish{Subjects: []string{"s-1"}, Tenants: []string{"t-2"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := tt.wish.Join("")
			if err != nil || f.Match(e) != tt.want {
				t.Errorf("got %v, %v, want a match: %t", f, err, tt.want)
			}
		})
	}
	if f, err := (filter.Wish{}).Join(""); f != nil || err != nil {
		t.Errorf("got %v, %v of no wish, want no filter", f, err)
	}
}

// TestJoinErrors asserts that every part that is wrong is named as it was written.
func TestJoinErrors(t *testing.T) {
	wrong := filter.Wish{Texts: []string{"7"}, Queries: []string{"type ="}, Subjects: []string{""}, Tenants: []string{""}}
	f, err := wrong.Join("--")
	if f != nil || err == nil {
		t.Fatalf("got %v, %v, want an error", f, err)
	}
	for _, want := range []string{"--filter: filter: an object", "--sql: filter.sql: CESQL", "--subject: filter.any[0].exact.subject", "--tenant: filter.any[0].exact.tenantid"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}
