package kafkatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"time"
)

// identity is a key with its certificate.
type identity struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// writeCertificates makes a CA and what it signs, all valid for a day around now.
func (s *Security) writeCertificates(now time.Time) error {
	var err error
	if s.ca, err = issue(template("kafkatest CA", now, x509.KeyUsageCertSign), nil); err != nil {
		return err
	}
	client, err := issue(template(s.User, now, x509.KeyUsageDigitalSignature, x509.ExtKeyUsageClientAuth), s.ca)
	if err != nil {
		return err
	}
	clientKey, err := client.keyPEM()
	if err != nil {
		return err
	}
	files := map[string][]byte{s.CAFile: s.ca.certPEM(), s.ClientCertFile: client.certPEM(), s.ClientKeyFile: clientKey}
	for name, content := range files {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	return s.ReplaceServerCertificate(now)
}

// ReplaceServerCertificate gives the broker a new key and a certificate that is valid for twelve hours before and after around, so
// that one around yesterday has expired. The broker reads it when it starts: Cluster.Restart.
func (s *Security) ReplaceServerCertificate(around time.Time) error {
	t := template("localhost", around, x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth)
	t.DNSNames, t.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	broker, err := issue(t, s.ca)
	if err != nil {
		return err
	}
	key, err := broker.keyPEM()
	if err != nil {
		return err
	}
	return os.WriteFile(s.serverFile, append(key, broker.certPEM()...), 0o600)
}

func template(name string, now time.Time, usage x509.KeyUsage, ext ...x509.ExtKeyUsage) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-12 * time.Hour),
		NotAfter:              now.Add(12 * time.Hour),
		KeyUsage:              usage,
		ExtKeyUsage:           ext,
		IsCA:                  usage&x509.KeyUsageCertSign != 0,
		BasicConstraintsValid: true,
	}
}

// issue makes a key and has by sign the certificate; nil means itself.
func issue(t *x509.Certificate, by *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	parent, signer := t, crypto.Signer(key)
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &identity{key: key, cert: cert}, err
}

func (i *identity) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
}

// keyPEM is in PKCS #8, the one form that Kafka reads.
func (i *identity) keyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}
