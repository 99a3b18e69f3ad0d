package sandbox_test

import (
	"bytes"
	"encoding/csv"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/sandbox"
)

var start = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

func clock() time.Time { return start }

// identifying lists the members without which an envelope is not what it says; a
// name that Qlik spells in two ways is compared without regard to case.
var identifying = map[string][]string{
	"legacy":      {"cloudeventsversion", "eventid", "eventtime", "eventtypeversion", "eventtype", "contenttype", "source", "extensions", "data"},
	"hybrid":      {"cloudeventsversion", "specversion", "eventid", "id", "eventtype", "type", "source", "extensions", "data"},
	"cloudevents": {"specversion", "id", "type", "time", "source", "datacontenttype", "data"},
	"audit":       {"id", "eventid", "eventtime", "eventtype", "tenantid", "userid", "source", "extensions", "data", "links"},
}

func TestEveryTypeInEveryEnvelope(t *testing.T) {
	s := sandbox.NewSamples(1, clock)
	if got, want := len(sandbox.SampleTypes()), 112; got != want {
		t.Errorf("got %d types, want %d", got, want)
	}
	for _, typ := range sandbox.SampleTypes() {
		for envelope, want := range identifying {
			got := members(t, body(t, s, typ, envelope))
			for _, name := range want {
				if got[name] == nil {
					t.Errorf("%s as %s: no %s", typ, envelope, name)
				}
			}
			if envelope == "legacy" && got["specversion"] != nil || envelope == "cloudevents" && got["eventid"] != nil {
				t.Errorf("%s as %s: members of another envelope", typ, envelope)
			}
		}
	}
}

// Rare variants (a bot user, a failed reload) must be valid too, and no attribute may
// come out empty: that would be a template without a value.
func TestManyBodiesAreValid(t *testing.T) {
	s := sandbox.NewSamples(2, clock)
	for range 60 {
		for _, typ := range sandbox.SampleTypes() {
			for name, value := range members(t, body(t, s, typ, "cloudevents")) {
				if s := string(value); s == `""` || s == "null" || strings.Contains(s, "no value") {
					t.Fatalf("%s: %s is %s", typ, name, s)
				}
			}
		}
	}
}

func TestTypesAreThoseOfQlik(t *testing.T) {
	file, err := os.Open("../../../shared/qlik/types.csv")
	if err != nil {
		t.Skipf("the list of Qlik's types is not beside this working tree: %v", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s, sources := sandbox.NewSamples(3, clock), map[string]string{}
	for _, row := range rows[1:] {
		sources[row[2]] = row[4]
		for _, alias := range strings.Fields(row[3]) {
			if got := text(t, body(t, s, alias, "legacy"), "/eventType"); got != alias {
				t.Errorf("alias %s: got eventType %s", alias, got)
			}
		}
	}
	got := slices.Sorted(slices.Values(sandbox.SampleTypes()))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(sources)), got); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	for typ, want := range sources {
		if got := text(t, body(t, s, typ, "audit"), "/source"); want != "" && got != want {
			t.Errorf("%s: got source %s, want %s", typ, got, want)
		}
	}
}

func TestIdsAreUnique(t *testing.T) {
	s, seen, keys := sandbox.NewSamples(4, clock), map[string]bool{}, map[string]int{}
	for range 10_000 {
		b := body(t, s, "com.qlik.app.created", "cloudevents")
		seen[text(t, b, "/id")] = true
		keys[text(t, b, "/data/id")]++
	}
	if len(seen) != 10_000 {
		t.Errorf("got %d ids, want 10000", len(seen))
	}
	if len(keys) != 20 || slices.Min(slices.Collect(maps.Values(keys))) < 300 {
		t.Errorf("got the apps %v, want 20 about equally often", keys)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	run := func(seed uint64) (all []byte) {
		s := sandbox.NewSamples(seed, clock)
		for _, typ := range sandbox.SampleTypes() {
			all = append(all, body(t, s, typ, "hybrid")...)
		}
		return all
	}
	if !bytes.Equal(run(5), run(5)) {
		t.Error("the same seed gave different bodies")
	}
	if bytes.Equal(run(5), run(6)) {
		t.Error("different seeds gave the same bodies")
	}
}

func TestSafeForConcurrentUse(t *testing.T) {
	s := sandbox.NewSamples(8, clock)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, typ := range sandbox.SampleTypes() {
				if _, err := s.Body(typ, "hybrid"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestUnknownNamesAreRefused(t *testing.T) {
	s := sandbox.NewSamples(7, clock)
	_, err := s.Body("com.qlik.teapot.boiled", "legacy")
	if err == nil || !strings.Contains(err.Error(), "com.qlik.teapot.boiled") || !strings.Contains(err.Error(), "web-integrations") {
		t.Errorf("got %v, want an error that names the type and the families", err)
	}
	_, err = s.Body("com.qlik.app.created", "brown")
	if err == nil || !strings.Contains(err.Error(), `"brown": there are audit, cloudevents, hybrid, legacy`) {
		t.Errorf("got %v, want an error that names the envelopes", err)
	}
}
