package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// renewal is how long before its end a certificate should have been renewed.
const renewal = 30 * 24 * time.Hour

// certificates checks those that the bridge shows to others; broken files have been named by CheckFiles.
func (x *examination) certificates() []Finding {
	var found []Finding
	if c, err := x.Config.Kafka.TLS.ClientCertificate(); err == nil && c != nil {
		found = append(found, x.certificate(configuration, "kafka.tls.cert_file", c, renewOwn))
	}
	if c := x.ingressCertificate(); c != nil {
		found = append(found, x.certificate(configuration, "ingress.tls.cert_file", c, renewOwn))
	}
	return found
}

// ingressCertificate is nil where there is none, or none that can be read.
func (x *examination) ingressCertificate() *x509.Certificate {
	files := x.Config.Ingress.TLS
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		return nil
	}
	c, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil
	}
	return c
}

// The remedies for a certificate that ends.
const (
	renewOwn    = "renew it; the bridge reads new files without a restart"
	renewBroker = "renew it on the broker"
)

// certificate compares a certificate's time with now.
func (x *examination) certificate(check, subject string, c *x509.Certificate, renew string) Finding {
	now := x.Now()
	until := fmt.Sprintf("%d days left, until %s", int(c.NotAfter.Sub(now).Hours()/24), c.NotAfter.UTC().Format(time.DateOnly))
	switch {
	case now.After(c.NotAfter):
		return fail(check, subject, fmt.Sprintf("the certificate of %s expired at %s", name(c), c.NotAfter.UTC().Format(time.RFC3339)), renew)
	case now.Before(c.NotBefore):
		return fail(check, subject, fmt.Sprintf("the certificate of %s is not valid before %s", name(c), c.NotBefore.UTC().Format(time.RFC3339)),
			"check the clock of this machine, and of the one that issued it")
	case c.NotAfter.Sub(now) < renewal:
		return warn(check, subject, "the certificate of "+name(c)+" ends soon: "+until, renew)
	}
	return ok(check, subject, "certificate of %s, %s", name(c), until)
}

func name(c *x509.Certificate) string {
	if text := c.Subject.String(); text != "" {
		return text
	}
	return fmt.Sprint(c.DNSNames, c.IPAddresses)
}
