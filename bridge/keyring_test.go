package bridge_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"qlikbridge/bridge"
)

const (
	activeSecret   = "active-0123456789abcdef-0123456789"
	retiringSecret = "retiring-0123456789abcdef-01234567"
	foreignSecret  = "foreign-0123456789abcdef-012345678"
)

// hexHMAC is the signature as Qlik's documentation has it, made without the code under test.
func hexHMAC(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func newKeyring(t testing.TB, secrets ...string) *bridge.Keyring {
	t.Helper()
	k, err := bridge.NewKeyring(secrets...)
	if err != nil {
		t.Fatalf("making the keyring: %v", err)
	}
	return k
}

func TestVerify(t *testing.T) {
	body := []byte(`{"type":"com.qlik.app.created"}` + "\n")
	right := hexHMAC(activeSecret, body)
	mixed := strings.ToUpper(right[:32]) + right[32:]
	raw, _ := hex.DecodeString(right)
	tests := []struct {
		name   string
		values []string
		want   bridge.Standing
		reason bridge.Reason // "": accepted
	}{
		{"lower case", []string{right}, bridge.Active, ""},
		{"upper case", []string{strings.ToUpper(right)}, bridge.Active, ""},
		{"mixed case", []string{mixed}, bridge.Active, ""},
		{"retiring secret", []string{hexHMAC(retiringSecret, body)}, bridge.Retiring, ""},
		{"no header", nil, "", bridge.SignatureMissing},
		{"empty header", []string{""}, "", bridge.SignatureMissing},
		{"twice the right one", []string{right, right}, "", bridge.SignatureRepeated},
		{"right and wrong", []string{right, hexHMAC(foreignSecret, body)}, "", bridge.SignatureRepeated},
		{"empty and right", []string{"", right}, "", bridge.SignatureRepeated},
		{"two in one value", []string{right + "," + right}, "", bridge.SignatureMalformed},
		{"truncated", []string{right[:62]}, "", bridge.SignatureMalformed},
		{"half a digit less", []string{right[:63]}, "", bridge.SignatureMalformed},
		{"too long", []string{right + "00"}, "", bridge.SignatureMalformed},
		{"very long", []string{strings.Repeat(right, 1000)}, "", bridge.SignatureMalformed},
		{"prefix sha256=", []string{"sha256=" + right}, "", bridge.SignatureMalformed},
		{"prefix 0x", []string{"0x" + right}, "", bridge.SignatureMalformed},
		{"base64", []string{base64.StdEncoding.EncodeToString(raw)}, "", bridge.SignatureMalformed},
		{"the 32 bytes", []string{string(raw)}, "", bridge.SignatureMalformed},
		{"space before", []string{" " + right}, "", bridge.SignatureMalformed},
		{"space after", []string{right + " "}, "", bridge.SignatureMalformed},
		{"no hex", []string{"g" + right[1:]}, "", bridge.SignatureMalformed},
		{"wrong secret", []string{hexHMAC(foreignSecret, body)}, "", bridge.SignatureWrong},
		{"first digit differs", []string{string(flipDigit([]byte(right), 0))}, "", bridge.SignatureWrong},
		{"last digit differs", []string{string(flipDigit([]byte(right), 63*8))}, "", bridge.SignatureWrong},
		{"zeros", []string{strings.Repeat("0", 64)}, "", bridge.SignatureWrong},
		{"of the body without its line feed", []string{hexHMAC(activeSecret, body[:len(body)-1])}, "", bridge.SignatureWrong},
		{"of other bytes", []string{hexHMAC(activeSecret, []byte(`{"type": "com.qlik.app.created"}`))}, "", bridge.SignatureWrong},
		{"of nothing", []string{hexHMAC(activeSecret, nil)}, "", bridge.SignatureWrong},
	}
	k := newKeyring(t, activeSecret, retiringSecret)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := k.Verify(tt.values, body)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.reason != "" {
				checkReason(t, err, tt.reason)
			} else if err != nil {
				t.Errorf("got %v, want it accepted", err)
			}
		})
	}
}

func TestVerifyEmptyBody(t *testing.T) {
	k := newKeyring(t, activeSecret)
	if got, err := k.Verify([]string{hexHMAC(activeSecret, nil)}, nil); got != bridge.Active || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, bridge.Active)
	}
}

func TestSign(t *testing.T) {
	k := newKeyring(t, activeSecret, retiringSecret)
	for _, body := range []string{"", "a", strings.Repeat("a", 1<<20)} {
		if got, want := k.Sign([]byte(body)), hexHMAC(activeSecret, []byte(body)); got != want {
			t.Errorf("%d bytes: got %s, want %s", len(body), got, want)
		}
	}
}

func TestNewKeyring(t *testing.T) {
	tests := []struct {
		name    string
		secrets []string
		want    string // part of the error; "": none
	}{
		{"none", nil, "0 signing secrets"},
		{"one", []string{activeSecret}, ""},
		{"eight", strings.Fields(strings.Repeat(activeSecret+" ", 8)), ""},
		{"nine", strings.Fields(strings.Repeat(activeSecret+" ", 9)), "9 signing secrets; write 1 to 8"},
		{"32 characters", []string{activeSecret[:32]}, ""},
		{"31 characters", []string{activeSecret[:31]}, "signing secret 1 is 31 characters long"},
		{"second of 31 characters", []string{activeSecret, activeSecret[:31]}, "signing secret 2 is 31 characters long"},
		{"64 characters", []string{strings.Repeat("s", 64)}, ""},
		{"100 characters", []string{strings.Repeat("s", 100)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := bridge.NewKeyring(tt.secrets...)
			checkKeyringError(t, err, tt.want)
			if err == nil && k.Len() != len(tt.secrets) {
				t.Errorf("got %d secrets, want %d", k.Len(), len(tt.secrets))
			}
		})
	}
}

// checkKeyringError asserts the error, and that it holds nothing of a secret.
func checkKeyringError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v, want no error", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want an error with %q", err, want)
	case err != nil && strings.Contains(err.Error(), "0123456789"):
		t.Errorf("got %v, which shows the secret", err)
	}
}

func writeSecrets(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoadKeyring(t *testing.T) {
	tests := []struct {
		name    string
		content string
		secrets int
		want    string // part of the error; "": none
	}{
		{"one without a line feed", activeSecret, 1, ""},
		{"two", activeSecret + "\n" + retiringSecret + "\n", 2, ""},
		{"CRLF", activeSecret + "\r\n" + retiringSecret + "\r\n", 2, ""},
		{"comments and blank lines", "# rotated 2026-11\n\n  \n" + activeSecret + "\n\n  # the old one\n" + retiringSecret + "\n\n", 2, ""},
		{"spaces around", "  " + activeSecret + "\t\n", 1, ""},
		{"byte order mark", "\ufeff" + activeSecret + "\r\n", 1, ""},
		{"empty", "", 0, "0 signing secrets"},
		{"only a comment", "# nothing\n", 0, "0 signing secrets"},
		{"too short", "short\n", 0, "signing secret 1 is 5 characters long"},
		{"nine", strings.Repeat(activeSecret+"\n", 9), 0, "9 signing secrets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secrets")
			writeSecrets(t, path, tt.content)
			k, err := bridge.LoadKeyring(path)
			checkKeyringError(t, err, tt.want)
			if err != nil {
				if !strings.Contains(err.Error(), path) {
					t.Errorf("got %v, want the file named", err)
				}
				return
			}
			if k.Len() != tt.secrets {
				t.Errorf("got %d secrets, want %d", k.Len(), tt.secrets)
			}
			checkAccepts(t, k, activeSecret, bridge.Active)
		})
	}
}

func checkAccepts(t *testing.T, k *bridge.Keyring, secret string, want bridge.Standing) {
	t.Helper()
	body := []byte("body")
	if got, err := k.Verify([]string{hexHMAC(secret, body)}, body); got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestLoadKeyringUnreadable(t *testing.T) {
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked")
	writeSecrets(t, locked, activeSecret)
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"missing": filepath.Join(dir, "missing"), "folder": dir, "no permission": locked} {
		t.Run(name, func(t *testing.T) {
			if file, err := os.Open(path); err == nil && path == locked {
				file.Close()
				t.Skip("this user may read everything")
			}
			_, err := bridge.LoadKeyring(path)
			checkKeyringError(t, err, "reading the secrets file")
			if err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want the file named", err)
			}
		})
	}
}

// TestKeyringRotation asserts the way of a rotation: the new secret goes first, the old one still counts, then it is taken out.
func TestKeyringRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	writeSecrets(t, path, retiringSecret)
	k, err := bridge.LoadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	checkAccepts(t, k, retiringSecret, bridge.Active)
	checkAccepts(t, k, activeSecret, "")

	writeSecrets(t, path, activeSecret+"\n"+retiringSecret)
	if err := k.Load(path); err != nil {
		t.Fatal(err)
	}
	checkAccepts(t, k, activeSecret, bridge.Active)
	checkAccepts(t, k, retiringSecret, bridge.Retiring)

	writeSecrets(t, path, activeSecret)
	if err := k.Load(path); err != nil {
		t.Fatal(err)
	}
	checkAccepts(t, k, activeSecret, bridge.Active)
	checkAccepts(t, k, retiringSecret, "")
}

// TestKeyringKeepsItsSecrets asserts that a reload that fails changes nothing.
func TestKeyringKeepsItsSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	k := newKeyring(t, activeSecret, retiringSecret)
	for _, content := range []string{"", "short", foreignSecret + "\nshort", strings.Repeat(foreignSecret+"\n", 9)} {
		writeSecrets(t, path, content)
		if err := k.Load(path); err == nil {
			t.Errorf("%q: got no error", content)
		}
	}
	if err := k.Load(path + ".missing"); err == nil {
		t.Error("missing file: got no error")
	}
	checkAccepts(t, k, activeSecret, bridge.Active)
	checkAccepts(t, k, retiringSecret, bridge.Retiring)
	checkAccepts(t, k, foreignSecret, "")
}

// TestKeyringConcurrently asserts that deliveries are checked rightly while the secrets change; the race detector looks on.
func TestKeyringConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	writeSecrets(t, path, activeSecret+"\n"+retiringSecret)
	k := newKeyring(t, activeSecret)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				checkAccepts(t, k, activeSecret, bridge.Active)
				checkAccepts(t, k, foreignSecret, "")
			}
		})
	}
	for range 50 {
		if err := k.Load(path); err != nil {
			t.Errorf("loading: %v", err)
		}
	}
	wg.Wait()
}
