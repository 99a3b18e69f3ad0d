package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
)

// files checks what the configuration names; that it is valid was a condition for coming here. Kafka is asked on as long as its files are
// good, whatever is wrong with others.
func (x *examination) files(context.Context) ([]Finding, bool) {
	found := []Finding{ok(configuration, "", "valid; sources: %d, brokers: %s", len(x.Config.AllSources()), strings.Join(x.Config.Kafka.Brokers, ", "))}
	for _, line := range joined(x.Config.CheckFiles()) {
		found = append(found, fail(configuration, "", line, "correct the file, or the key that names it; `qlik-bridge config check` looks at them alone"))
	}
	found = append(found, x.secrets()...)
	found = append(found, x.modes()...)
	found = append(found, x.certificates()...)
	for _, name := range app.UnknownVariables(x.Environ) {
		found = append(found, warn(configuration, name, "this variable is no setting of the bridge and is ignored", "correct its name (docs/configuration.md has them all), or remove it"))
	}
	client, err := kafka.New(x.Config.Kafka, nil, slog.New(slog.DiscardHandler))
	if err == nil {
		x.client = client
	}
	return found, err == nil && x.Config.Kafka.SASL.Check() == nil
}

// secrets counts; a file that cannot be read has been named by CheckFiles.
func (x *examination) secrets() []Finding {
	var found []Finding
	for _, s := range x.Config.AllSources() {
		keyring, err := bridge.LoadKeyring(s.SecretsFile)
		if err != nil {
			continue
		}
		found = append(found, ok(configuration, "source "+s.Name, "signing secrets: 1 active, %d retiring, in %s", keyring.Len()-1, s.SecretsFile))
	}
	return found
}

// tooOpen are the permissions that a file with a secret should not give: any to all users of the machine, and writing to a group.
const tooOpen fs.FileMode = 0o027

func (x *examination) modes() []Finding {
	var found []Finding
	k := x.Config.Kafka
	paths := []string{k.SASL.PasswordFile, k.SASL.ClientSecretFile, k.TLS.KeyFile, x.Config.Ingress.TLS.KeyFile}
	for _, s := range x.Config.AllSources() {
		paths = append(paths, s.SecretsFile)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if path == "" || err != nil || info.Mode().Perm()&tooOpen == 0 {
			continue
		}
		found = append(found, warn(configuration, path, fmt.Sprintf("a secret that other users of the machine may read or write (mode %#o)", info.Mode().Perm()),
			"chmod 600 (in Kubernetes: defaultMode 0440 with fsGroup), owned by the user of the bridge"))
	}
	return found
}

// joined are the errors in one of errors.Join, which puts each on a line.
func joined(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}
