package redrive_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/redrive"
)

func TestParseDateTime(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want time.Time // zero: refused
	}{
		{"2026-11-23T12:00:00.000", noon},
		{"2026-11-23T12:00:00", noon},
		{"2026-11-23T12:00:00Z", noon},
		{"2026-11-23T12:00:00.250Z", noon.Add(250 * time.Millisecond)},
		{"2026-11-23T12:00:00.000+01:00", noon.Add(-time.Hour)},
		{"2026-11-23T12:00:00.000+0100", noon.Add(-time.Hour)},
		{"2026-11-23T12:00:00.000-01", noon.Add(time.Hour)},
		{"2026-11-23 12:00:00", time.Time{}},
		{"2026-11-23", time.Time{}},
		{"2026-13-23T12:00:00.000", time.Time{}},
		{"noon", time.Time{}},
		{"", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := redrive.ParseDateTime(tt.text)
			if (err != nil) != tt.want.IsZero() || !got.Equal(tt.want) {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration // -1: refused
	}{
		{"PT1H30M", 90 * time.Minute},
		{"pt1h30m", 90 * time.Minute},
		{"P2D", 48 * time.Hour},
		{"P1DT2H3M4.5S", 26*time.Hour + 3*time.Minute + 4500*time.Millisecond},
		{"PT0,25S", 250 * time.Millisecond},
		{"PT90M", 90 * time.Minute},
		{"PT36H", 36 * time.Hour},
		{"PT1.S", time.Second},
		{"90m", 90 * time.Minute},
		{"1h30m", 90 * time.Minute},
		{"0s", 0},
		{"PT0S", 0},
		{"P", -1},
		{"PT", -1},
		{"P1DT", -1},
		{"P1Y", -1},
		{"P1W", -1},
		{"PT-1H", -1},
		{"-PT1H", -1},
		{"-1h", -1},
		{"P999999999D", -1},
		{"PT99999999999999999999H", -1},
		{"1d", -1},
		{"", -1},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := redrive.ParseDuration(tt.text)
			if (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestParseNamed(t *testing.T) {
	tests := []struct {
		text string
		want redrive.Named // empty: refused
	}{
		{"qlik.apps", redrive.Named{Topic: "qlik.apps"}},
		{"qlik.apps:0", redrive.Named{Topic: "qlik.apps", Partitions: []int32{0}}},
		{"qlik.apps:0,11", redrive.Named{Topic: "qlik.apps", Partitions: []int32{0, 11}}},
		{"qlik.apps:", redrive.Named{}},
		{"qlik.apps:0,", redrive.Named{}},
		{"qlik.apps:-1", redrive.Named{}},
		{"qlik.apps:0:1", redrive.Named{}},
		{":0", redrive.Named{}},
		{"", redrive.Named{}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := redrive.ParseNamed(tt.text)
			if (err != nil) != (tt.want.Topic == "") {
				t.Fatalf("got %v, %v, want %v", got, err, tt.want)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNear(t *testing.T) {
	names := []string{"billing", "billing-eu", "Reporting", "audit", "a", "slack", "consumer-slack"}
	tests := []struct {
		name string
		want []string
	}{
		{"biling", []string{"billing"}},
		{"BILLING", []string{"billing", "billing-eu"}},
		{"reporting-eu", []string{"Reporting"}},
		{"slack", []string{"slack", "consumer-slack"}},
		{"warehouse", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := redrive.Near(tt.name, names, 2)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	if got, want := redrive.FileName("team/billing eu", now), "redrive-team_billing_eu-20261125T120000.000Z.json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
