package topics_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/topics"
)

func TestSelect(t *testing.T) {
	tests := []struct {
		name            string
		types, families []string
		want            []string // families
		has, hasNot     []string // types
	}{
		{name: "exact", types: []string{"com.qlik.app.created"}, want: []string{"apps", "other"},
			has: []string{"com.qlik.app.created", "com.qlik.v1.app.created"}, hasNot: []string{"com.qlik.app.deleted", "com.qlik.app", "com.qlik.app.created.x", ""}},
		{name: "an older name", types: []string{"com.qlik.v1.app.created"}, want: []string{"apps", "other"},
			has: []string{"com.qlik.v1.app.created"}, hasNot: []string{"com.qlik.app.created"}},
		{name: "a prefix", types: []string{"com.qlik.app.*"}, want: []string{"apps", "other"},
			has: []string{"com.qlik.app.created", "com.qlik.v1.app.deleted", "com.qlik.app.new.one"}, hasNot: []string{"com.qlik.apps", "com.qlik.core.user.created"}},
		{name: "two", types: []string{"com.qlik.app.created", "com.qlik.core.user.*"}, want: []string{"apps", "users", "other"},
			has: []string{"com.qlik.app.created", "com.qlik.core.user.deleted"}, hasNot: []string{"com.qlik.app.deleted"}},
		{name: "a family", families: []string{"users"}, want: []string{"users"}, has: []string{"com.qlik.core.user.created", "never.heard.of"}},
		{name: "a type and its family", types: []string{"com.qlik.core.user.created"}, families: []string{"users"}, want: []string{"users"}},
		{name: "a type that is not known", types: []string{"com.example.x"}, want: []string{"other"}, has: []string{"com.example.x"}, hasNot: []string{"com.example.y"}},
		{name: "a very long type", types: []string{strings.Repeat("x", 300)}, want: []string{"other"}, has: []string{strings.Repeat("x", 300)}, hasNot: []string{strings.Repeat("x", 299), strings.Repeat("y", 300)}},
		{name: "a very long prefix", types: []string{strings.Repeat("x", 300) + "*"}, want: []string{"other"}, has: []string{strings.Repeat("x", 300), strings.Repeat("x", 301)}, hasNot: []string{strings.Repeat("x", 299)}},
		{name: "a star alone", types: []string{"*"}, families: []string{"apps"}, want: []string{"apps"}, has: []string{"com.qlik.app.created", "x", ""}},
		{name: "dead letters, asked for", families: []string{"dead-letter"}, want: []string{"dead-letter"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := topics.Default().Select(tt.types, tt.families)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Families() {
				got = append(got, f.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("families: -want +got\n%s", diff)
			}
			for _, name := range tt.has {
				if !s.Has([]byte(name)) {
					t.Errorf("%q is not chosen", name)
				}
			}
			for _, name := range tt.hasNot {
				if s.Has([]byte(name)) {
					t.Errorf("%q is chosen", name)
				}
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	tests := []struct {
		name        string
		types, want []string
	}{
		{name: "none"},
		{name: "names of the catalogue", types: []string{"com.qlik.app.created", "com.qlik.v1.app.created", "com.qlik.app.*", "*"}},
		{name: "misspelt", types: []string{"com.qlik.app.created", "com.qlik.app.create", "com.qlick.*"}, want: []string{"com.qlik.app.create", "com.qlick.*"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := topics.Default().Select(tt.types, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.Unknown()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			lines := s.Warnings(topics.Config{Prefix: "p."})
			if len(lines) != len(tt.want) {
				t.Fatalf("got the lines %q, want one for each of %q", lines, tt.want)
			}
			for i, line := range lines {
				if !strings.Contains(line, tt.want[i]) || !strings.Contains(line, "only p.other") {
					t.Errorf("got %q, want %q and p.other in it", line, tt.want[i])
				}
			}
		})
	}
}

func TestSelectEverything(t *testing.T) {
	s, err := topics.Default().Select(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Families()) != len(topics.Default().Families)-1 || slices.ContainsFunc(s.Families(), func(f *topics.Family) bool { return f.Name == topics.DeadLetter }) {
		t.Errorf("got %d families, want all but dead letters", len(s.Families()))
	}
}

func TestSelectNothing(t *testing.T) {
	tests := []struct {
		name            string
		types, families []string
		want            string
	}{
		{"an unknown family", nil, []string{"app"}, `family "app"`},
		{"a star in the middle", []string{"com.*.created"}, nil, "one * at its end"},
		{"two stars", []string{"com.qlik.**"}, nil, "one * at its end"},
		{"an empty type", []string{""}, nil, `type ""`},
		{"a type of another family", []string{"com.qlik.app.created"}, []string{"users"}, "no event"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := topics.Default().Select(tt.types, tt.families)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSelectionAllocatesNothing(t *testing.T) {
	s, err := topics.Default().Select([]string{"com.qlik.app.*"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"com.qlik.app.created", "com.qlik.core.user.created", "not.known"} {
		b := []byte(name)
		if n := testing.AllocsPerRun(100, func() { s.Has(b) }); n > 0 {
			t.Errorf("%s: got %v allocations", name, n)
		}
	}
}
