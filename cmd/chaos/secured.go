package main

import (
	"os"
	"path/filepath"
)

// startSecuredBridge starts a bridge that logs in with SCRAM over TLS. The file of its password is the scenario's to change.
func (s *stage) startSecuredBridge() (b *bridge, passwordFile string) {
	security := s.cluster.Security()
	passwordFile = filepath.Join(s.dir, "password")
	s.must("write the password", os.WriteFile(passwordFile, []byte(security.Scram512Password+"\n"), 0o600))
	return s.startBridge(
		"QLIK_BRIDGE_KAFKA_BROKERS="+security.SASLSSL,
		"QLIK_BRIDGE_KAFKA_TLS_ENABLED=true",
		"QLIK_BRIDGE_KAFKA_TLS_CA_FILE="+security.CAFile,
		"QLIK_BRIDGE_KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
		"QLIK_BRIDGE_KAFKA_SASL_USERNAME="+security.User,
		"QLIK_BRIDGE_KAFKA_SASL_PASSWORD_FILE="+passwordFile,
	), passwordFile
}
