package ingress_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge/ingress"
)

// TestCertificate asserts, one after another, that TLS is served, that a renewed certificate is shown from the next connection on without
// a restart, and that a pair that cannot be used changes nothing.
func TestCertificate(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	d := open(t, func(s *setup) { s.config.TLS = files })
	expectShown(t, d, 1)

	writePair(t, files, 2)
	eventually(t, "the renewed certificate", func() bool { return shown(t, d) == 2 })

	must(t, os.WriteFile(files.CertFile, []byte("no certificate"), 0o600))
	unusable := func() int {
		return len(d.log.lines(t, "the certificate changed but cannot be used; the one before stays"))
	}
	eventually(t, "a line on the broken certificate", func() bool { return unusable() == 1 })
	expectShown(t, d, 2)

	must(t, os.Remove(files.KeyFile))
	eventually(t, "a line on the missing key", func() bool { return unusable() == 2 })
	expectShown(t, d, 2)

	writePair(t, files, 3)
	eventually(t, "the certificate after the broken one", func() bool { return shown(t, d) == 3 })
}

// TestTLSVersions asserts what is spoken: 1.2 and 1.3, and nothing older.
func TestTLSVersions(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	d := open(t, func(s *setup) { s.config.TLS = files })
	tests := []struct {
		name    string
		version uint16
		ok      bool
	}{
		{"1.0", tls.VersionTLS10, false},
		{"1.1", tls.VersionTLS11, false},
		{"1.2", tls.VersionTLS12, true},
		{"1.3", tls.VersionTLS13, true},
	}
	for _, tt := range tests {
		c, err := tls.Dial("tcp", d.address, &tls.Config{InsecureSkipVerify: true, MinVersion: tt.version, MaxVersion: tt.version})
		if (err == nil) != tt.ok {
			t.Errorf("TLS %s: got %v, want served %v", tt.name, err, tt.ok)
		}
		if err == nil {
			_ = c.Close()
		}
	}
	if got := d.send(t, wire{body: event, ends: true}); got.status != 400 {
		t.Errorf("without TLS: got %d, want 400", got.status)
	}
	if got := d.calls.Load(); got != 0 {
		t.Errorf("got %d ingested, want none", got)
	}
}

// TestDeliveryOverTLS asserts that a delivery is taken over HTTP/1.1 and HTTP/2, and that a slow body is answered 408 on both.
func TestDeliveryOverTLS(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			files := newPair(t)
			d := open(t, func(s *setup) { s.config.TLS, s.config.BodyTimeout = files, time.Second })
			transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: proto == "HTTP/2.0"}
			defer transport.CloseIdleConnections()
			never, end := io.Pipe()
			defer end.Close()
			tests := []struct {
				name   string
				body   io.Reader
				status int
			}{{"whole", strings.NewReader(event), 200}, {"slow", never, 408}}
			for _, tt := range tests {
				request, err := http.NewRequest(http.MethodPost, "https://"+d.address+"/webhooks/qlik", tt.body)
				must(t, err)
				request.Header.Set("Qlik-Signature", sign(activeSecret, event))
				response, err := (&http.Client{Timeout: patience, Transport: transport}).Do(request)
				must(t, err)
				_ = response.Body.Close()
				if response.StatusCode != tt.status || response.Proto != proto {
					t.Errorf("%s: got %s %d, want %s %d", tt.name, response.Proto, response.StatusCode, proto, tt.status)
				}
			}
		})
	}
}

func TestNewWithoutCertificate(t *testing.T) {
	files := newPair(t)
	must(t, os.WriteFile(files.KeyFile, []byte("no key"), 0o600))
	c := ingress.DefaultConfig()
	c.TLS = files
	_, err := ingress.New(c, ingress.Options{Metrics: ingress.NewMetrics(nil)})
	if err == nil || !strings.Contains(err.Error(), "ingress.tls.cert_file and key_file") {
		t.Errorf("got %v, want an error that names the keys", err)
	}
}

// shown is the serial number of the certificate that the door shows, 0 where there is no handshake.
func shown(t *testing.T, d *door) int64 {
	t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", d.address, &tls.Config{InsecureSkipVerify: true})
	must(t, err)
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func expectShown(t *testing.T, d *door, want int64) {
	t.Helper()
	if got := shown(t, d); got != want {
		t.Errorf("got the certificate %d, want %d", got, want)
	}
}

// newPair makes the certificate 1.
func newPair(t *testing.T) ingress.TLSConfig {
	t.Helper()
	dir := t.TempDir()
	files := ingress.TLSConfig{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	writePair(t, files, 1)
	return files
}

func writePair(t *testing.T, files ingress.TLSConfig, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"bridge"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(files.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	must(t, os.WriteFile(files.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}
