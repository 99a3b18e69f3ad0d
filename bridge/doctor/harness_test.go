package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/doctor"
	"qlikbridge/bridge/sandbox"
)

const (
	patience = 30 * time.Second
	secret   = "secret-secret-secret-secret-secret-1"
)

func startFake(t *testing.T, more ...kfake.Opt) *sandbox.Kafka {
	t.Helper()
	k, err := sandbox.StartKafka(sandbox.KafkaOptions{}, more...)
	must(t, err)
	t.Cleanup(k.Close)
	return k
}

// configure is a configuration for a Kafka, good in itself, of a bridge that does not run.
func configure(t *testing.T, k *sandbox.Kafka) app.Config {
	t.Helper()
	c := app.DefaultConfig()
	c.Spool.Dir = t.TempDir()
	c.Listen, c.AdminListen, c.SecretsFile = "127.0.0.1:0", "127.0.0.1:0", file(t, "secrets", secret+"\n")
	c.Kafka.Brokers, c.Kafka.DialTimeout = k.Brokers(), 2*time.Second
	return c
}

// serve runs a bridge and returns the configuration that finds it.
func serve(t *testing.T, c app.Config) app.Config {
	t.Helper()
	a, err := app.New(c, slog.New(slog.DiscardHandler))
	must(t, err)
	a.Start()
	t.Cleanup(func() { _ = a.Stop() })
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		ready, why := a.Ready()
		if ready {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the bridge does not become ready: %v", why)
		}
	}
	c.Listen, c.AdminListen = a.Addr(), a.AdminAddr()
	return c
}

// examine returns all findings, each with a remedy where there has to be one.
func examine(t *testing.T, c app.Config, changes ...func(*doctor.Doctor)) []doctor.Finding {
	t.Helper()
	d := &doctor.Doctor{Config: c, RoundTrip: true, Now: time.Now}
	for _, change := range changes {
		change(d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var found []doctor.Finding
	d.Examine(ctx, func(f doctor.Finding) { found = append(found, f) })
	for _, f := range found {
		if bad := f.Status == doctor.Failed || f.Status == doctor.Warning; bad != (f.Remedy != "") {
			t.Errorf("%+v: a remedy belongs to failures and warnings, and to them alone", f)
		}
		if strings.Contains(f.Found+f.Remedy, secret) || strings.Contains(f.Found+f.Remedy, rightPassword) {
			t.Errorf("%+v: shows a secret", f)
		}
	}
	return found
}

// want is a finding as far as a test names it.
type want struct {
	check, subject string
	status         doctor.Status
	found, remedy  string // parts
}

func (w want) fits(f doctor.Finding) bool {
	return f.Check == w.check && f.Status == w.status && strings.Contains(f.Subject, w.subject) &&
		strings.Contains(f.Found, w.found) && strings.Contains(f.Remedy, w.remedy)
}

// expect asserts that each is among the findings.
func expect(t *testing.T, found []doctor.Finding, all ...want) {
	t.Helper()
	for _, w := range all {
		there := false
		for _, f := range found {
			there = there || w.fits(f)
		}
		if !there {
			t.Errorf("no finding %+v among\n%s", w, lines(found))
		}
	}
}

func lines(found []doctor.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(strings.Join([]string{string(f.Status), f.Check, f.Subject, f.Found, "->", f.Remedy}, " | ") + "\n")
	}
	return b.String()
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// certificate is one with its key, from a CA or for itself.
type certificate struct {
	pair tls.Certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate for localhost that by signs (nil: itself, as a CA), valid so long from now on; a time below zero has
// passed.
func issue(t *testing.T, by *certificate, from, until time.Duration) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until), IsCA: by == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &certificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, cert, key}
}

// files writes the certificate and its key.
func (c *certificate) files(t *testing.T) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	must(t, err)
	return file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw}))),
		file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}
