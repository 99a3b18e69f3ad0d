package bridge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"qlikbridge/bridge/file"
)

// The length of a signing secret in characters. Qlik takes 32 to 64 (Qlik Help, Creating a webhook); a longer one harms nobody here.
const minSecretLength = 32

// maxSecrets bounds the work that an unsigned delivery can cause.
const maxSecrets = 8

// Standing says which secret of a keyring matched a signature.
type Standing string

// The standings.
const (
	Active   Standing = "active"   // the first line of the file: the secret that the webhook is to have
	Retiring Standing = "retiring" // a further line: still accepted during a rotation
)

// Keyring holds the signing secrets of one source, from NewKeyring or LoadKeyring. It is safe for concurrent use; a reload replaces all secrets at once.
type Keyring struct {
	secrets atomic.Pointer[[]secret]
}

// secret keeps the keyed hashes of one signing secret for reuse: keying costs as much as a kilobyte of body.
type secret struct {
	macs *sync.Pool
}

// NewKeyring makes a keyring of secrets, the active one first.
func NewKeyring(secrets ...string) (*Keyring, error) {
	k := &Keyring{}
	if err := k.replace(secrets); err != nil {
		return nil, err
	}
	return k, nil
}

// LoadKeyring reads a secrets file: one secret per line, the first is active; empty lines and lines that begin with # are skipped.
func LoadKeyring(path string) (*Keyring, error) {
	k := &Keyring{}
	if err := k.Load(path); err != nil {
		return nil, err
	}
	return k, nil
}

// Load replaces the secrets by those of the file. On an error, which never holds a secret, the keyring stays as it was.
func (k *Keyring) Load(path string) error {
	secrets, err := file.Lines(path)
	if err != nil {
		return fmt.Errorf("reading the secrets file: %w", err)
	}
	if err := k.replace(secrets); err != nil {
		return fmt.Errorf("secrets file %s: %w", path, err)
	}
	return nil
}

func (k *Keyring) replace(texts []string) error {
	if len(texts) == 0 || len(texts) > maxSecrets {
		return fmt.Errorf("%d signing secrets; write 1 to %d, one per line", len(texts), maxSecrets)
	}
	secrets := make([]secret, len(texts))
	for i, s := range texts {
		if n := utf8.RuneCountInString(s); n < minSecretLength {
			return fmt.Errorf("signing secret %d is %d characters long; Qlik Cloud needs %d or more", i+1, n, minSecretLength)
		}
		secrets[i] = secret{&sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(s)) }}}
	}
	k.secrets.Store(&secrets)
	return nil
}

// Len is the number of accepted secrets.
func (k *Keyring) Len() int { return len(*k.secrets.Load()) }

// Verify checks a Qlik-Signature header over the raw body: hex HMAC-SHA256, in either case, without a prefix (qlik.dev, Verify webhook
// signatures). The body may come in parts. values are those of the header as received; more than one is refused. Each comparison takes
// constant time. The error is always a *Refusal.
func (k *Keyring) Verify(values []string, body ...[]byte) (Standing, error) {
	sent, err := decodeSignature(values)
	if err != nil {
		return "", err
	}
	for i, s := range *k.secrets.Load() {
		if !s.signed(sent, body...) {
			continue
		}
		if i == 0 {
			return Active, nil
		}
		return Retiring, nil
	}
	return "", Refuse(SignatureWrong, "no accepted signing secret gives this Qlik-Signature")
}

// CheckSignature refuses header values that cannot be a signature of anything; it needs no body.
func CheckSignature(values []string) error {
	_, err := decodeSignature(values)
	return err
}

func decodeSignature(values []string) ([]byte, error) {
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return nil, Refuse(SignatureMissing, "the header Qlik-Signature is missing; give the webhook a signing secret")
	case len(values) > 1:
		return nil, Refuse(SignatureRepeated, "the header Qlik-Signature is there %d times", len(values))
	}
	sent, err := hex.DecodeString(values[0])
	if err != nil || len(sent) != sha256.Size {
		return nil, Refuse(SignatureMalformed, "Qlik-Signature is not %d hexadecimal digits", 2*sha256.Size)
	}
	return sent, nil
}

func (s secret) signed(sent []byte, body ...[]byte) bool {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	for _, part := range body {
		mac.Write(part)
	}
	var sum [sha256.Size]byte
	return hmac.Equal(sent, mac.Sum(sum[:0]))
}

// Sign returns the signature of a body with the active secret, as Qlik writes it.
func (k *Keyring) Sign(body []byte) string {
	mac := (*k.secrets.Load())[0].macs.New().(hash.Hash)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
