package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate and key are those of the mail server, trusted by this process like any of the system's.
var certificate, key string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "consumer-welcome-")
	if err != nil {
		panic(err)
	}
	certificate, key = filepath.Join(dir, "certificate"), filepath.Join(dir, "key")
	if err := writeCertificate(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// writeCertificate takes that of httptest, which is for 127.0.0.1, and has this process trust it. Go reads SSL_CERT_FILE when it verifies
// a certificate for the first time.
func writeCertificate() error {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	private, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		return err
	}
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: s.Certificate().Raw}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return os.Setenv("SSL_CERT_FILE", certificate)
}

// mailServer is a real one, in a process of its own.
type mailServer struct {
	address string
	reports chan report
	seen    []report
}

// report is a line of testdata/server.py.
type report struct {
	Refused string // the user whose login was
	Rcpt    []string
	Headers map[string]string
	Text    string
	Answer  int
}

// startMailServer skips the test where there is no aiosmtpd; REQUIRE_SMTP=1 makes that a failure.
func startMailServer(t *testing.T) *mailServer {
	t.Helper()
	cmd := exec.Command(python(t), "testdata/server.py", certificate, key)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // it ends when this end is closed, also by the death of this process
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &mailServer{reports: make(chan report, 1000)}
	lines := bufio.NewScanner(out)
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if !lines.Scan() {
		t.Fatal("the mail server has ended")
	}
	s.address = "127.0.0.1:" + lines.Text()
	go s.read(lines)
	return s
}

// python finds one that has aiosmtpd: a virtual environment's, or Debian's.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import aiosmtpd").Run() == nil {
			return name
		}
	}
	const why = "no mail server: apt-get install python3-aiosmtpd, or pip install aiosmtpd"
	if os.Getenv("REQUIRE_SMTP") == "1" {
		t.Fatal(why)
	}
	t.Skip("SKIP: " + why)
	return ""
}

func (s *mailServer) read(lines *bufio.Scanner) {
	defer close(s.reports)
	for lines.Scan() {
		var r report
		if err := json.NewDecoder(strings.NewReader(lines.Text())).Decode(&r); err != nil {
			r.Text = lines.Text()
		}
		s.reports <- r
	}
}

// await waits until the server has reported count times in all, a minute at most.
func (s *mailServer) await(t *testing.T, count int) []report {
	t.Helper()
	for deadline := time.After(time.Minute); len(s.seen) < count; {
		select {
		case r, ok := <-s.reports:
			if !ok {
				t.Fatal("the mail server has ended")
			}
			s.seen = append(s.seen, r)
		case <-deadline:
			t.Fatalf("got %d reports in a minute, want %d: %+v", len(s.seen), count, s.seen)
		}
	}
	return s.seen
}
