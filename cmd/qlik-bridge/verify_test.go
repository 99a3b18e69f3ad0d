package main_test

import (
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge"
)

const legacyEvent = `{"cloudEventsVersion":"0.1","source":"com.qlik/engine","eventId":"e-1","eventTime":"2026-11-20T10:00:00Z","eventType":"com.qlik.v1.app.created","data":{"id":"app-1"}}`

func TestVerify(t *testing.T) {
	t.Parallel()
	good, secrets := file(t, "event.json", legacyEvent), file(t, "secrets", "another-another-another-another-1\n"+secret+"\n")
	keyring, err := bridge.NewKeyring(secret)
	must(t, err)
	signature := keyring.Sign([]byte(legacyEvent))
	tests := []struct {
		name string
		args []string
		in   string
		code int
		want []string
	}{
		{name: "event", args: []string{good}, want: []string{"legacy", "e-1", "com.qlik.v1.app.created", "com.qlik.app.created", "apps", "app-1", "14 bytes"}},
		{name: "standard input", args: []string{"-"}, in: legacyEvent, want: []string{"apps"}},
		{name: "good signature", args: []string{good, "--signature", signature, "--secrets-file", secrets}, want: []string{"signature good, by the retiring secret", "apps"}},
		{name: "upper case", args: []string{good, "--signature", strings.ToUpper(signature), "--secrets-file", secrets}, want: []string{"signature good"}},
		{name: "wrong signature", args: []string{good, "--signature", strings.Repeat("0", 64), "--secrets-file", secrets}, code: 1, want: []string{"signature_wrong"}},
		{name: "no signature", args: []string{good, "--signature", "", "--secrets-file", secrets}, code: 1, want: []string{"signature_missing"}},
		{name: "malformed signature", args: []string{good, "--signature", "sha256=" + signature, "--secrets-file", secrets}, code: 1, want: []string{"signature_malformed"}},
		{name: "other bytes", args: []string{"-", "--signature", signature, "--secrets-file", secrets}, in: legacyEvent + "\n", code: 1, want: []string{"signature_wrong"}},
		{name: "signature without secrets", args: []string{good, "--signature", signature}, code: 2, want: []string{"--secrets-file"}},
		{name: "dead letter", args: []string{"-"}, in: `{"type":"a","type":"b"}`, code: 1, want: []string{"would be a dead letter", "duplicate_key"}},
		{name: "empty", args: []string{"-"}, code: 1, want: []string{"empty_body"}},
		{name: "repairs", args: []string{"-"}, in: `{"type":"com.qlik.unheard.of"}`, want: []string{"other", "id_missing", "time_missing", "none"}},
		{name: "a key that a terminal would obey", args: []string{"-"}, in: `{"type":"com.qlik.app.created","data":{"id":"\u001b[31mred\u009b"}}`, want: []string{`\x1b[31mred\u009b`}},
		{name: "no such file", args: []string{"/none"}, code: 2, want: []string{"/none"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			runWith(t, tt.in, nil, append([]string{"verify"}, tt.args...)...).expect(t, tt.code, tt.want...)
		})
	}
}

// TestVerifyJSON asserts that the output is the CloudEvent that would be published.
func TestVerifyJSON(t *testing.T) {
	t.Parallel()
	got := runWith(t, legacyEvent, nil, "verify", "-", "--output", "json")
	got.expect(t, 0)
	var e event.Event
	must(t, e.UnmarshalJSON([]byte(got.out)))
	if err := e.Validate(); err != nil || e.ID() != "e-1" || e.Extensions()["qliktype"] != "com.qlik.app.created" || string(e.Data()) != `{"id":"app-1"}` {
		t.Errorf("got %s (%v), want the event", got.out, err)
	}
}
