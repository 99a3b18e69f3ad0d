package kafka_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

const rightPassword = "right"

// fakeWithLogin starts a Kafka that wants a login by this mechanism, of the user bridge.
func fakeWithLogin(t *testing.T, mechanism string) *harness {
	t.Helper()
	k := startFake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "test", "test"), kfake.Superuser(mechanism, "bridge", rightPassword))
	return newHarness(t, k.Brokers(), kgo.SASL(plain.Auth{User: "test", Pass: "test"}.AsMechanism()))
}

// login is the configuration of a login as the user bridge, with the password in a file.
func login(t *testing.T, mechanism, password string) kafka.SASLConfig {
	t.Helper()
	return kafka.SASLConfig{Mechanism: mechanism, Username: "bridge", PasswordFile: file(t, "password", password+"\n")}
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, "write "+name, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// works asserts that a configuration publishes and reads.
func works(t *testing.T, h *harness, c kafka.Config, topic string) {
	t.Helper()
	began := time.Now()
	publish(within(t, patience), connect(t, c), record(topic, "key", "value")).acked(t)
	secured := *h
	secured.config = c
	readAll(t, &secured, topic, began.Add(-time.Minute), 1)
}

// TestLogin asserts that each mechanism that kfake knows publishes and reads with the right password, is refused with a wrong one, and takes
// a password that was changed in its file at the next login. To a wrong one kfake does not answer, it hangs up.
func TestLogin(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			h := fakeWithLogin(t, mechanism)
			passwords(t, h, h.config, login(t, mechanism, rightPassword), h.topic(t, 1), io.EOF)
		})
	}
}

// passwords goes through what can happen to the password of a login that is right; refusal is how the broker names a wrong one.
func passwords(t *testing.T, h *harness, c kafka.Config, right kafka.SASLConfig, topic string, refusal error) {
	t.Helper()
	c.SASL = right
	works(t, h, c, topic)
	password, err := os.ReadFile(right.PasswordFile)
	must(t, "read the password", err)
	c.SASL.PasswordFile = file(t, "changing", "wrong")
	client := connect(t, c)
	if err := client.Ping(within(t, 5*time.Second)); !errors.Is(err, refusal) {
		t.Errorf("ping with a wrong password: got %v, want %v", err, refusal)
	}
	publish(within(t, time.Second), client, record(topic, "key", "value")).refused(t, bridge.AckTimeout, 3*time.Second) // why, only a ping says
	must(t, "remove the password", os.Remove(c.SASL.PasswordFile))
	if err := client.Ping(within(t, 5*time.Second)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ping without a password: got %v, want %v", err, os.ErrNotExist)
	}
	must(t, "write the password", os.WriteFile(c.SASL.PasswordFile, password, 0o600))
	must(t, "ping with the password that is right now", client.Ping(within(t, patience)))
	publish(within(t, patience), client, record(topic, "key", "value")).acked(t)
}

// TestTLS asserts that
//   - a client that trusts the CA publishes and reads, by host name and with server_name by another
//   - one that does not, or expects another name, names the reason
//   - a client certificate that is replaced is shown at the next connection
func TestTLS(t *testing.T) {
	ca := issue(t, "CA", nil)
	shown := make(chan string, 1000)
	server := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{issue(t, "localhost", ca).pair()},
		ClientAuth: tls.RequestClientCert,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) > 0 {
				shown <- s.PeerCertificates[0].Subject.CommonName
			}
			return nil
		},
	}
	k := startFake(t, kfake.TLS(server))
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	h, cluster := newHarness(t, k.Brokers(), kgo.DialTLSConfig(&tls.Config{RootCAs: roots})), k.Cluster()
	topic := h.topic(t, 1)
	trusting := h.config
	trusting.TLS = kafka.TLSConfig{Enabled: true, CAFile: file(t, "ca.pem", ca.pem())}
	works(t, h, trusting, topic)

	trusting.TLS.ServerName = "localhost"
	works(t, h, trusting, topic)

	wrongName := trusting
	wrongName.TLS.ServerName = "kafka.example.com"
	var hostname x509.HostnameError
	if err := connect(t, wrongName).Ping(within(t, 2*time.Second)); !errors.As(err, &hostname) {
		t.Errorf("ping under another name: got %v, want an x509.HostnameError", err)
	}
	distrusting := h.config
	distrusting.TLS = kafka.TLSConfig{Enabled: true, CAFile: file(t, "other.pem", issue(t, "another CA", nil).pem())}
	var unknown x509.UnknownAuthorityError
	if err := connect(t, distrusting).Ping(within(t, 2*time.Second)); !errors.As(err, &unknown) {
		t.Errorf("ping with another CA: got %v, want an x509.UnknownAuthorityError", err)
	}

	first, second := issue(t, "first", ca), issue(t, "second", ca)
	trusting.TLS.CertFile, trusting.TLS.KeyFile = file(t, "client.pem", first.pem()), file(t, "client-key.pem", first.keyPEM(t))
	client := connect(t, trusting)
	must(t, "ping with the first certificate", client.Ping(within(t, patience)))
	expect(t, shown, "first")
	must(t, "replace the certificate", errors.Join(
		os.WriteFile(trusting.TLS.CertFile, []byte(second.pem()), 0o600), os.WriteFile(trusting.TLS.KeyFile, []byte(second.keyPEM(t)), 0o600)))
	cluster.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) { return nil, errors.New("hang up"), true })
	eventually(t, func() error { return client.Ping(within(t, patience)) })
	publish(t.Context(), client, record(topic, "key", "value")).acked(t)
	expect(t, shown, "second")
}

// expect waits for a name among those that were shown.
func expect(t *testing.T, shown <-chan string, want string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case got := <-shown:
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("no client showed the certificate %s", want)
		}
	}
}

// TestAWS asserts that AWS_MSK_IAM is what the client asks for, and that its first message is signed with the credentials and for the region
// of the environment. No broker here can check the signature.
func TestAWS(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session", "AWS_REGION": "eu-central-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	h, cluster := fake(t)
	mechanisms, messages := make(chan string, 100), make(chan []byte, 100)
	cluster.ControlKey(int16(kmsg.SASLHandshake), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		mechanisms <- r.(*kmsg.SASLHandshakeRequest).Mechanism
		return r.ResponseKind(), nil, true
	})
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		messages <- r.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes
		answer := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		answer.SASLAuthBytes = []byte(`{"version":"2020_10_22","request-id":"1"}`)
		return answer, nil, true
	})
	c := h.client(t, func(c *kafka.Config) { c.SASL.Mechanism = "AWS_MSK_IAM" })
	must(t, "ping", c.Ping(within(t, patience)))
	if got := <-mechanisms; got != "AWS_MSK_IAM" {
		t.Errorf("got the mechanism %q, want AWS_MSK_IAM", got)
	}
	message := map[string]string{}
	must(t, "read the first message", json.Unmarshal(<-messages, &message))
	for member, want := range map[string]string{
		"version": "2020_10_22", "action": "kafka-cluster:Connect", "host": "127.0.0.1",
		"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-security-token": "session",
	} {
		if message[member] != want {
			t.Errorf("%s: got %q, want %q", member, message[member], want)
		}
	}
	credential := strings.Split(message["x-amz-credential"], "/")
	if len(credential) != 5 || credential[0] != "AKIDEXAMPLE" || credential[2] != "eu-central-1" || len(message["x-amz-signature"]) != 64 {
		t.Errorf("got the credential %q with the signature %q", message["x-amz-credential"], message["x-amz-signature"])
	}
}

// identity is a certificate with its key.
type identity struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// issue makes a certificate that by signs, for this machine's own names; nil makes a CA.
func issue(t *testing.T, name string, by *identity) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, "make a key", err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: by == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	must(t, "make a certificate", err)
	cert, err := x509.ParseCertificate(der)
	must(t, "read the certificate", err)
	return &identity{key, cert}
}

func (i *identity) pair() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func (i *identity) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
}

func (i *identity) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	must(t, "write the key", err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
