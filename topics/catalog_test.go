package topics_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/topics"
)

// typesTable is the list of Qlik's types that the catalogue was written from; it is not part of the project.
var typesTable = filepath.Join("..", "..", "shared", "qlik", "types.csv")

// wantFamilies is the outside contract: a topic's name ends in one of these.
var wantFamilies = strings.Fields(`
	mcps ip-policies tasks alerting-tasks api-key-configs api-keys app-usages apps automations data-integration-projects
	environments group-settings groups hub-dashboards large-app-quotas licenses notification-digests oauth-clients oauth-tokens
	rate-limits reloads reporting-tasks roles spaces tenants user-identities user-sessions users web-integrations
	other dead-letter`)

func TestDefaultHasTheFamilies(t *testing.T) {
	var got []string
	for _, f := range topics.Default().Families {
		got = append(got, f.Name)
	}
	if len(got) != 31 {
		t.Errorf("got %d families, want 29, other and dead-letter", len(got))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(wantFamilies)), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
}

func TestDefaultIsComplete(t *testing.T) {
	for _, f := range topics.Default().Families {
		if found, ok := topics.Default().Family(f.Name); !ok || found != f {
			t.Errorf("family %s: got %v, want the one of the list", f.Name, found)
		}
		if f.Title == "" || f.Partitions < 1 || f.Retention <= 0 {
			t.Errorf("family %s: got title %q, %d partitions, retention %v; want all set", f.Name, f.Title, f.Partitions, f.Retention)
		}
		if len(f.Types) == 0 && f.Name != topics.DeadLetter {
			t.Errorf("family %s: got no types", f.Name)
		}
		for _, each := range f.Types {
			checkType(t, f, each)
		}
	}
}

func checkType(t *testing.T, f *topics.Family, each *topics.Type) {
	t.Helper()
	if each.Family != f {
		t.Errorf("%s: got family %v, want %s", each.Name, each.Family, f.Name)
	}
	if !slices.Contains([]string{"webhook", "audits", "both", "unknown"}, each.Channels) {
		t.Errorf("%s: got channels %q, want a word that catalog.yaml explains", each.Name, each.Channels)
	}
	if !slices.Contains([]string{"current", "deprecated"}, each.Status) {
		t.Errorf("%s: got status %q, want current or deprecated", each.Name, each.Status)
	}
	if len(each.Key) == 0 {
		t.Errorf("%s: got no key rule", each.Name)
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name    string
		typ     string
		family  string // "": not in the catalogue
		today   string
		current bool
	}{
		{"today's name", "com.qlik.app.created", "apps", "com.qlik.app.created", true},
		{"alias with v1", "com.qlik.v1.app.created", "apps", "com.qlik.app.created", false},
		{"v1 that stays", "com.qlik.v1.app.reload.finished", "apps", "com.qlik.v1.app.reload.finished", true},
		{"reload as a whole", "com.qlik.v1.reload.finished", "reloads", "com.qlik.v1.reload.finished", true},
		{"words changed", "com.qlik.user-session.begin", "user-sessions", "com.qlik.core.user-session.begun", false},
		{"plural of tasks", "com.qlik.scheduling.tasks.created", "tasks", "com.qlik.scheduling.task.created", false},
		{"keys with s", "com.qlik.core.api-keys-config.updated", "api-key-configs", "com.qlik.core.api-keys-config.updated", true},
		{"licences with s", "com.qlik.v1.licenses.purged", "licenses", "com.qlik.v1.licenses.purged", true},
		{"known, of no page", "com.qlik.core.auth-settings.updated", "other", "com.qlik.core.auth-settings.updated", true},
		{"by no prefix rule", "com.qlik.core.app.created", "", "", false},
		{"by no case rule", "com.qlik.App.created", "", "", false},
		{"empty", "", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := topics.Default().IsCurrent(tt.typ); got != tt.current {
				t.Errorf("IsCurrent: got %v, want %v", got, tt.current)
			}
			got, ok := topics.Default().Lookup(tt.typ)
			if !ok {
				if tt.family != "" {
					t.Errorf("got no type, want one of %s", tt.family)
				}
				return
			}
			if got.Family.Name != tt.family || got.Name != tt.today {
				t.Errorf("got %s of %s, want %s of %q", got.Name, got.Family.Name, tt.today, tt.family)
			}
		})
	}
}

// row is what the table and the catalogue say of one name.
type row struct{ Family, Today, Source, Channels, Status string }

// TestDefaultAgainstQliksTypes asserts that every type and alias of the table is in the catalogue with its family, today's name, source,
// channels and status, and that the catalogue has no others.
func TestDefaultAgainstQliksTypes(t *testing.T) {
	got := map[string]row{}
	for _, f := range topics.Default().Families {
		for _, each := range f.Types {
			for _, name := range append([]string{each.Name}, each.Aliases...) {
				got[name] = row{f.Name, each.Name, each.Source, each.Channels, each.Status}
			}
		}
	}
	want := readTypes(t)
	if len(want) < 150 {
		t.Errorf("got %d names in the table, want 150 or more", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-table +catalogue):\n%s", diff)
	}
}

func readTypes(t *testing.T) map[string]row {
	t.Helper()
	file, err := os.Open(typesTable)
	if err != nil {
		t.Skipf("the table of Qlik's types is not here: %v", err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("reading %s: %v", typesTable, err)
	}
	rows := map[string]row{}
	for _, r := range records[1:] {
		names := strings.FieldsFunc(r[2]+";"+r[3], func(c rune) bool { return strings.ContainsRune("; ,|", c) })
		for _, name := range names {
			rows[name] = row{Family: r[0], Today: r[2], Source: r[4], Channels: r[5], Status: r[6]}
		}
	}
	return rows
}

func TestParseRefuses(t *testing.T) {
	const rest = `
  - {name: other, title: Other}
  - {name: dead-letter, title: Dead letters}`
	tests := []struct {
		name string
		text string
		want string // part of the error
	}{
		{"no YAML", "families: [", "reading the catalogue"},
		{"unknown key", "families:\n  - {name: apps, colour: red}" + rest, "colour"},
		{"family twice", "families:\n  - {name: apps}\n  - {name: apps}" + rest, "family apps is in the catalogue twice"},
		{"type twice", "families:\n  - {name: apps, types: [{type: a}, {type: a}]}" + rest, "type a is in the catalogue twice"},
		{"alias is a type", "families:\n  - {name: apps, types: [{type: a}, {type: b, aliases: [a]}]}" + rest, "type a is in the catalogue twice"},
		{"no dead-letter", "families:\n  - {name: other}", "lacks the family"},
		{"no other", "families:\n  - {name: dead-letter}", "lacks the family"},
		{"half a condition", "families:\n  - {name: apps, key: [userid when data.kind]}" + rest, "path=value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := topics.Parse([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}
