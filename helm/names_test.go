package helm_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Of a label's value Kubernetes takes 63 characters. A pod of a StatefulSet has a label of the StatefulSet's name, -, and a hash of up to 10.
const (
	longestLabel       = 63
	longestStatefulSet = longestLabel - 11
)

// TestLongNames asserts that every name and label fits, also with the longest release name that helm takes, and with a name cut off behind a -.
func TestLongNames(t *testing.T) {
	const values = `
networkPolicy: {enabled: true}
spool: {persistence: {enabled: %v}}
deliver: {enabled: true, subscriptions: {subscriptions: [{name: billing}]}}
`
	for _, name := range []string{strings.Repeat("n", 53), strings.Repeat("n", 51) + "-n"} {
		for _, spool := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, spool %v", name, spool), func(t *testing.T) {
				for _, o := range decode(t, as(t, strings.ReplaceAll(name, "-", "n"), fmt.Sprintf(values, spool), "--set", "fullnameOverride="+name)) {
					fits(t, o)
				}
			})
		}
	}
}

// serviceName is what a Service can be called.
var serviceName = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

func fits(t *testing.T, o object) {
	t.Helper()
	name, kind := at[string](t, o, "metadata", "name"), o["kind"]
	if len(name) > longestLabel || kind == "StatefulSet" && len(name) > longestStatefulSet || !serviceName.MatchString(name) {
		t.Errorf("got a %v with a name of %d characters: %s", kind, len(name), name)
	}
	for key, value := range at[object](t, o, "metadata", "labels") {
		if text, _ := value.(string); len(text) > longestLabel {
			t.Errorf("got a %v with a label %s of %d characters: %s", kind, key, len(text), text)
		}
	}
}

// TestReleaseNames asserts that a release whose name would make a Service that Kubernetes refuses is refused before anything is done, unless another name is given.
func TestReleaseNames(t *testing.T) {
	for _, tt := range []struct{ name, release, want string }{
		{"a dot", "events.prod", `the name "events.prod-qlik-bridge"`},
		{"a digit first", "1st", "set fullnameOverride"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := helm(t, "template", tt.release, "."); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			_, err := helm(t, "template", tt.release, ".", "--set", "fullnameOverride=events")
			must(t, err)
		})
	}
}

// TestTextStaysText asserts that names which YAML would read as a number, a truth, nothing or a reference come out as they are.
func TestTextStaysText(t *testing.T) {
	const values = `
nameOverride: "true"
fullnameOverride: "null"
signing: {secretName: "1234"}
kafka: {secretName: "1e3"}
priorityClassName: "on"
serviceAccount: {create: false, name: "off"}
serviceMonitor: {enabled: true, interval: "60"}
spool: {persistence: {enabled: true, storageClassName: "no", size: "1073741824"}}
ingress: {enabled: true, className: "yes", host: "*.example.com", path: "/a: b", tlsSecretName: "5"}
`
	render := as(t, "123", values)
	decode(t, render)
	for _, want := range []string{`app.kubernetes.io/instance: "123"`, `app.kubernetes.io/name: "true"`, `name: "null"`, `secretName: "1234"`, `secretName: "1e3"`,
		`priorityClassName: "on"`, `serviceAccountName: "off"`, `interval: "60"`, `storageClassName: "no"`, `storage: "1073741824"`,
		`ingressClassName: "yes"`, `hosts: ["*.example.com"]`, `host: "*.example.com"`, `path: "/a: b"`, `secretName: "5"`} {
		key, _, _ := strings.Cut(want, ": ")
		if !strings.Contains(string(render), want) {
			t.Errorf("got %q, want %s", regexp.MustCompile(`(?m)^.*\b`+key+`: .*$`).FindAllString(string(render), -1), want)
		}
	}
	for _, line := range strings.Split(string(render), "\n") {
		if regexp.MustCompile(`\b(name|instance|[a-zA-Z]+Name): (null|true|123|on|off|yes|no|1234|1e3|5)([,}]|$)`).MatchString(line) {
			t.Errorf("got %s, want it quoted", line)
		}
	}
}
