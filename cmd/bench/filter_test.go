package main

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"qlikbridge/topics"
)

func TestFilterRecord(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, name := range typesOf() {
		r := filterRecord(random, i, name)
		size := len(r.Key) + len(r.Value)
		for _, h := range r.Headers {
			size += len(h.Key) + len(h.Value)
		}
		if size < 1000 || size > 1400 || !json.Valid(r.Value) {
			t.Errorf("%s: got %d bytes of %s, want valid JSON of 1,000 to 1,400", name, size, r.Value)
		}
	}
}

// TestTypesOf asserts that choosing the first of the types chooses no other.
func TestTypesOf(t *testing.T) {
	names := typesOf()
	selection, err := topics.Default().Select(names[:1], nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if got := selection.Has([]byte(name)); got != (i == 0) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestFilterReport(t *testing.T) {
	rate := func(reader string, round int, perSecond float64, wanted int) reading {
		return reading{Reader: reader, Round: round, PerSecond: perSecond, Wanted: wanted}
	}
	f := filterReport{Records: 100, Readings: []reading{rate(bareReader, 1, 100, 0), rate(libraryReader, 1, 95, 2), rate(libraryReader, 2, 80, 2), rate(bareReader, 2, 100, 0),
		rate(bareReader, 3, 200, 0), rate(libraryReader, 3, 180, 2)}}
	if f.Ratio = f.ratio(); f.Ratio != 0.9 {
		t.Errorf("got the ratio %v, want 0.9", f.Ratio)
	}
	if err := f.judge(0.9); err != nil {
		t.Errorf("got %v, want no complaint", err)
	}
	if err := f.judge(0.91); err == nil || !strings.Contains(err.Error(), "0.90") {
		t.Errorf("got %v, want a complaint of 0.90", err)
	}
	f.Readings[1].Wanted = 3
	if err := f.judge(0); err == nil || !strings.Contains(err.Error(), "3 events") {
		t.Errorf("got %v, want a complaint of 3 events", err)
	}
}
