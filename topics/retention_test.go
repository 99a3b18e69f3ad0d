package topics_test

import (
	"testing"
	"time"

	"qlikbridge/topics"
)

func TestRetentionText(t *testing.T) {
	tests := []struct {
		name  string
		text  string
		want  time.Duration
		again string // how it is written back
	}{
		{"days", "30d", 30 * 24 * time.Hour, "30d"},
		{"hours", "36h", 36 * time.Hour, "36h0m0s"},
		{"hours that are days", "48h", 48 * time.Hour, "2d"},
		{"minutes", "90m", 90 * time.Minute, "1h30m0s"},
		{"mixed", "1h30m", 90 * time.Minute, "1h30m0s"},
		{"most days", "65535d", 65535 * 24 * time.Hour, "65535d"},
		{"nothing", "0s", 0, "0s"},
		{"no days", "0d", 0, "0s"},
		{"negative", "-36h", -36 * time.Hour, "-36h0m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got topics.Retention
			if err := got.UnmarshalText([]byte(tt.text)); err != nil {
				t.Fatalf("got %v, want no error", err)
			}
			if time.Duration(got) != tt.want || got.Milliseconds() != tt.want.Milliseconds() {
				t.Errorf("got %v, %d ms, want %v", time.Duration(got), got.Milliseconds(), tt.want)
			}
			if again, err := got.MarshalText(); err != nil || string(again) != tt.again {
				t.Errorf("got %q, %v, want %q", again, err, tt.again)
			}
		})
	}
}

func TestRetentionTextRefuses(t *testing.T) {
	for _, text := range []string{"", "d", "30", "1.5d", "-1d", "30 d", "+1d", "65536d", "for ever", "2w", "99999999h"} {
		t.Run(text, func(t *testing.T) {
			got := topics.Retention(time.Hour)
			if err := got.UnmarshalText([]byte(text)); err == nil {
				t.Errorf("got %v, want an error", got)
			}
			if got != topics.Retention(time.Hour) {
				t.Errorf("got %v, want the value left as it was", got)
			}
		})
	}
}
