package deliver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	newSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"         // 24 bytes
	oldSecret = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk" // 30 bytes
)

// TestSignature has the library of Standard Webhooks verify what is signed, with each of the secrets that are accepted, and with no other.
func TestSignature(t *testing.T) {
	s, err := loadSigner(write(t, "secrets", "# new\n"+newSecret+"\n"+oldSecret+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	body, header := []byte(`{"a":1}`), http.Header{}
	if err := s.sign(header, "e-1", time.Now(), body); err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"new": newSecret, "old": oldSecret} {
		if err := verifier(t, secret).Verify(body, header); err != nil {
			t.Errorf("%s secret: got %v, want a signature that verifies; header %v", name, err, header)
		}
	}
	if err := verifier(t, "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg==").Verify(body, header); err == nil {
		t.Error("got a signature that another secret verifies, want none")
	}
	if err := verifier(t, newSecret).Verify([]byte(`{"a":2}`), header); err == nil {
		t.Error("got a signature of another body that verifies, want none")
	}
}

func verifier(t *testing.T, secret string) *webhooks.Webhook {
	t.Helper()
	w, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestUnsigned asserts that a request without secrets still says which event it is, and when it was sent.
func TestUnsigned(t *testing.T) {
	header := http.Header{}
	if err := signer(nil).sign(header, "e-1", time.Unix(1700000000, 0), nil); err != nil {
		t.Fatal(err)
	}
	if header.Get("webhook-id") != "e-1" || header.Get("webhook-timestamp") != "1700000000" || header.Get("webhook-signature") != "" {
		t.Errorf("got %v, want id and timestamp alone", header)
	}
}

func TestLoadSigner(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{name: "empty", content: "\n# nothing\n", want: "0 secrets"},
		{name: "too many", content: strings.Repeat(newSecret+"\n", 5), want: "5 secrets"},
		{name: "without prefix", content: strings.TrimPrefix(newSecret, "whsec_"), want: "secret 1"},
		{name: "no base64", content: newSecret + "\nwhsec_!!!!", want: "secret 2"},
		{name: "an asymmetric key", content: "whsk_" + strings.TrimPrefix(newSecret, "whsec_"), want: "secret 1"},
		{name: "too short", content: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=", want: "24 to 64 bytes"},
		{name: "too long", content: "whsec_" + strings.Repeat("MDEy", 22), want: "24 to 64 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadSigner(write(t, "secrets", tt.content))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q in it", err, tt.want)
			}
			if strings.Contains(err.Error(), "MDEy") {
				t.Errorf("got %v, want no secret in it", err)
			}
		})
	}
}

func TestWebhookID(t *testing.T) {
	e := sample(t, "")
	tests := []struct{ name, id, want string }{
		{name: "as it is", id: "5e1c9b7a-2f04_A", want: "5e1c9b7a-2f04_A"},
		{name: "a dot", id: "a.b", want: "sha256_"},
		{name: "a space", id: "a b", want: "sha256_"},
		{name: "long", id: strings.Repeat("a", 129), want: "sha256_"},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e.SetID(tt.id)
			got := webhookID(e)
			if !strings.HasPrefix(got, tt.want) || got != webhookID(e) || seen[got] {
				t.Errorf("got %q, want %s, the same each time and no other's", got, tt.want)
			}
			seen[got] = true
		})
	}
}
