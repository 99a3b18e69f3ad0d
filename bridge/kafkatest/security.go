package kafkatest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"
)

// securePorts is the number of listeners that Options.Security adds.
const securePorts = 2

// Security is what a client needs for the secured listeners of a cluster. Beside them, the plain listener of
// Cluster.Brokers stays, as a super user: for the test's own set-up. An authorizer is on, which allows everybody
// everything that no ACL says something about.
type Security struct {
	// SASLSSL is the address of the listener with TLS and PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER. Its
	// certificate is for 127.0.0.1 and localhost.
	SASLSSL string
	// MTLS is the address of the listener with TLS that demands a client certificate.
	MTLS string

	// CAFile, in PEM, signed the certificate of the server and that of the client.
	CAFile string
	// ClientCertFile and ClientKeyFile, in PEM, name User in their common name.
	ClientCertFile, ClientKeyFile string

	// User is the principal of every way to log in.
	User string
	// One password per mechanism, made anew for each cluster, so that one taken for another does not pass.
	PlainPassword, Scram256Password, Scram512Password string

	serverFile string    // key and certificate, as Kafka wants them
	ca         *identity // signs what is issued later
}

// newSecurity makes passwords, and the certificates in dir.
func newSecurity(dir, saslSSL, mtls string) (*Security, error) {
	s := &Security{
		SASLSSL: saslSSL, MTLS: mtls,
		CAFile:         filepath.Join(dir, "ca.pem"),
		ClientCertFile: filepath.Join(dir, "client.pem"),
		ClientKeyFile:  filepath.Join(dir, "client-key.pem"),
		serverFile:     filepath.Join(dir, "server.pem"),
		User:           "bridge",
		PlainPassword:  rand.Text(), Scram256Password: rand.Text(), Scram512Password: rand.Text(),
	}
	return s, s.writeCertificates(time.Now())
}

// OAuthToken returns an unsecured JWT (algorithm none) for a principal, valid from now on for so long; a lifetime below
// zero makes one that has expired, which the broker refuses.
func (s *Security) OAuthToken(principal string, lifetime time.Duration) string {
	now := time.Now()
	return jwtPart(map[string]any{"alg": "none"}) + "." + jwtPart(map[string]any{
		"sub": principal,
		"iat": now.Add(min(lifetime, 0) - time.Minute).Unix(),
		"exp": now.Add(lifetime).Unix(),
	}) + "."
}

func jwtPart(claims map[string]any) string {
	b, _ := json.Marshal(claims) // strings and numbers only
	return base64.RawURLEncoding.EncodeToString(b)
}

// properties add the two listeners to those of a node at plain and control.
func (s *Security) properties(plain, control string) map[string]string {
	p := map[string]string{
		"listeners":                      fmt.Sprintf("PLAINTEXT://%s,CONTROLLER://%s,SASL_SSL://%s,MTLS://%s", plain, control, s.SASLSSL, s.MTLS),
		"advertised.listeners":           fmt.Sprintf("PLAINTEXT://%s,SASL_SSL://%s,MTLS://%s", plain, s.SASLSSL, s.MTLS),
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,MTLS:SSL",

		"ssl.keystore.type": "PEM", "ssl.keystore.location": s.serverFile,
		"ssl.truststore.type": "PEM", "ssl.truststore.location": s.CAFile,
		"listener.name.mtls.ssl.client.auth": "required",
		"ssl.principal.mapping.rules":        "RULE:^CN=([^,]+).*$/$1/,DEFAULT",

		"authorizer.class.name":          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"allow.everyone.if.no.acl.found": "true",
		"super.users":                    "User:ANONYMOUS",
		"sasl.enabled.mechanisms":        strings.Join([]string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"}, ","),
		"listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class": unsecuredValidator,
	}
	maps.Copy(p, s.loginModules())
	return p
}

// unsecuredValidator takes tokens that nobody has signed: no identity provider runs here.
const unsecuredValidator = "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"

func (s *Security) loginModules() map[string]string {
	const security = "org.apache.kafka.common.security."
	scram := security + "scram.ScramLoginModule required;"
	modules := map[string]string{
		"plain":         fmt.Sprintf("%splain.PlainLoginModule required user_%s=%q;", security, s.User, s.PlainPassword),
		"scram-sha-256": scram,
		"scram-sha-512": scram,
		// Without any option: with one, even for the validator, the broker wants a token of its own to log in with.
		"oauthbearer": security + "oauthbearer.OAuthBearerLoginModule required;",
	}
	p := map[string]string{}
	for mechanism, module := range modules {
		p["listener.name.sasl_ssl."+mechanism+".sasl.jaas.config"] = module
	}
	return p
}

// formatArgs put the SCRAM users into the metadata before the first start, so that they are there at once.
func (s *Security) formatArgs() []string {
	add := func(mechanism, password string) string {
		return fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, s.User, password)
	}
	return []string{
		"--add-scram", add("SCRAM-SHA-256", s.Scram256Password),
		"--add-scram", add("SCRAM-SHA-512", s.Scram512Password),
	}
}
