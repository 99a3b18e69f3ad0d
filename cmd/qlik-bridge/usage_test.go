package main_test

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestExitCodes are wrong usage (2) and what only failed (1). Wrong usage is said on standard error, with where to look.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	secrets := file(t, "secrets", secret)
	tests := []struct {
		name string
		args []string
		code int
		want []string
	}{
		{name: "nothing", code: 0, want: []string{"qlik-bridge dev", "Available Commands"}},
		{name: "unknown command", args: []string{"bogus"}, code: 2, want: []string{`"bogus"`, "--help"}},
		{name: "unknown flag", args: []string{"--bogus"}, code: 2, want: []string{"--bogus"}},
		{name: "unknown flag of a command", args: []string{"serve", "--bogus"}, code: 2, want: []string{"--bogus"}},
		{name: "flag without its value", args: []string{"serve", "--listen"}, code: 2, want: []string{"--listen"}},
		{name: "a group", args: []string{"topics"}, code: 0, want: []string{"plan", "apply", "list"}},
		{name: "unknown command of a group", args: []string{"topics", "bogus"}, code: 2, want: []string{`"bogus"`}},
		{name: "unknown command of config", args: []string{"config", "bogus"}, code: 2, want: []string{`"bogus"`}},
		{name: "unknown shell", args: []string{"completion", "bogus"}, code: 2, want: []string{`"bogus"`}},
		{name: "a word too many", args: []string{"serve", "now"}, code: 2, want: []string{`"now"`}},
		{name: "a word too few", args: []string{"verify"}, code: 2},
		{name: "unknown output", args: []string{"version", "-o", "xml"}, code: 2, want: []string{"line, json"}},
		{name: "bad configuration", args: []string{"serve", "--config", file(t, "bad.yaml", "listen: \":0\"\nlisten_too: x\n")}, code: 2, want: []string{"bad.yaml", "[2:1]", "listen_too"}},
		{name: "bad value", args: []string{"topics", "plan", "--kafka-brokers", "x"}, code: 2, want: []string{"kafka.brokers", "--kafka-brokers"}},
		{name: "no such configuration", args: []string{"config", "check", "--config", "/none.yaml"}, code: 2, want: []string{"/none.yaml"}},
		{name: "broken file", args: []string{"topics", "list", "--kafka-tls-enabled", "--kafka-tls-ca-file", "/none"}, code: 2, want: []string{"kafka.tls.ca_file", "/none"}},
		{name: "serve without secrets", args: []string{"serve"}, code: 2, want: []string{"secrets_file", "QLIK_BRIDGE_SECRETS_FILE"}},
		{name: "serve with a short secret", args: []string{"serve", "--secrets-file", file(t, "short", secret[:31])}, code: 2, want: []string{"secrets_file", "short", "31 characters"}},
		{name: "send without secrets", args: []string{"send"}, code: 2, want: []string{"--secrets-file"}},
		{name: "send without a secrets file", args: []string{"send", "--secrets-file", "/none"}, code: 2, want: []string{"/none"}},
		{name: "send no number", args: []string{"send", "--count", "x"}, code: 2, want: []string{"--count"}},
		{name: "send none", args: []string{"send", "--secrets-file", secrets, "--count", "0"}, code: 2, want: []string{"--count"}},
		{name: "send backwards", args: []string{"send", "--secrets-file", secrets, "--rate", "-1"}, code: 2, want: []string{"--rate"}},
		{name: "send an unknown envelope", args: []string{"send", "--envelope", "paper"}, code: 2, want: []string{"--envelope", "legacy, hybrid, cloudevents, audit"}},
		{name: "send an unknown type", args: []string{"send", "--secrets-file", secrets, "--type", "x.y"}, code: 2, want: []string{"--type x.y"}},
		{name: "send an unknown family", args: []string{"send", "--secrets-file", secrets, "--family", "app"}, code: 2, want: []string{"--family app"}},
		{name: "send a family without types", args: []string{"send", "--secrets-file", secrets, "--family", "dead-letter"}, code: 2, want: []string{"--family dead-letter"}},
		{name: "send a file that is not there", args: []string{"send", "--secrets-file", secrets, "--file", "/none"}, code: 2, want: []string{"/none"}},
		{name: "send to no URL", args: []string{"send", "--secrets-file", secrets, "--url", "foo"}, code: 2, want: []string{`--url "foo": a URL such as https://`}},
		{name: "send by another protocol", args: []string{"send", "--secrets-file", secrets, "--url", "ftp://x/y"}, code: 2, want: []string{`--url "ftp://x/y"`}},
		{name: "send to a host with a space", args: []string{"send", "--secrets-file", secrets, "--url", "http://exa mple/"}, code: 2, want: []string{`--url "http://exa mple/"`}},
		{name: "send to nowhere", args: []string{"send", "--secrets-file", secrets, "--url", ""}, code: 2, want: []string{`--url ""`}},
		{name: "send to nobody", args: []string{"send", "--secrets-file", secrets, "--url", "http://127.0.0.1:1/webhooks/qlik"}, code: 1, want: []string{"http://127.0.0.1:1/webhooks/qlik"}},
		{name: "doctor without a URL", args: []string{"doctor", "--url", "hooks.example.com"}, code: 2, want: []string{"--url", "https://"}},
		{name: "doctor with a bad admin URL", args: []string{"doctor", "--admin-url", "ftp://x"}, code: 2, want: []string{"--admin-url"}},
		{name: "doctor with a bad value", args: []string{"doctor", "--kafka-brokers", "x"}, code: 2, want: []string{"kafka.brokers"}},
		{name: "tail since when", args: []string{"tail", "--since", "noon"}, code: 2, want: []string{"--since", "90m"}},
		{name: "tail an unknown family", args: []string{"tail", "--family", "app"}, code: 2, want: []string{`--family: family "app"`}},
		{name: "tail what cannot be", args: []string{"tail", "--family", "users", "--type", "com.qlik.app.created"}, code: 2, want: []string{"com.qlik.app.created", "users"}},
		{name: "tail a negative count", args: []string{"tail", "--count", "-1"}, code: 2, want: []string{"--count"}},
		{name: "list dead letters of an unknown reason", args: []string{"dead-letter", "list", "--reason", "bogus"}, code: 2, want: []string{"--reason bogus", "invalid_json"}},
		{name: "list dead letters since when", args: []string{"dead-letter", "list", "--since", "noon"}, code: 2, want: []string{"--since", "90m"}},
		{name: "list dead letters until when", args: []string{"dead-letter", "list", "--until", "noon"}, code: 2, want: []string{"--until", "90m"}},
		{name: "list dead letters backwards", args: []string{"dead-letter", "list", "--since", "1h", "--until", "2h"}, code: 2, want: []string{"--since 1h", "--until 2h"}},
		{name: "list one dead letter", args: []string{"dead-letter", "list", "0/1"}, code: 2, want: []string{"0/1"}},
		{name: "show no dead letter", args: []string{"dead-letter", "show"}, code: 2, want: []string{"PARTITION/OFFSET", "--id"}},
		{name: "show a dead letter twice over", args: []string{"dead-letter", "show", "0/1", "--id", "e"}, code: 2, want: []string{"PARTITION/OFFSET", "--id"}},
		{name: "show no position", args: []string{"dead-letter", "show", "1"}, code: 2, want: []string{`"1"`, "PARTITION/OFFSET"}},
		{name: "requeue nothing", args: []string{"dead-letter", "requeue"}, code: 2, want: []string{"--all", "--reason"}},
		{name: "requeue nothing, really", args: []string{"dead-letter", "requeue", "--execute"}, code: 2, want: []string{"--all"}},
		{name: "requeue all and some", args: []string{"dead-letter", "requeue", "--all", "--id", "e"}, code: 2, want: []string{"--all"}},
		{name: "requeue no position", args: []string{"dead-letter", "requeue", "0-1"}, code: 2, want: []string{`"0-1"`}},
		{name: "requeue without time", args: []string{"dead-letter", "requeue", "--all", "--timeout", "0s"}, code: 2, want: []string{"--timeout 0s"}},
		{name: "redrive no group", args: []string{"redrive", "--to-earliest"}, code: 2, want: []string{"--group"}},
		{name: "redrive to nowhere", args: []string{"redrive", "--group", "g"}, code: 2, want: []string{"where to?", "--to-datetime, --by-duration, --to-event, --to-earliest, --to-latest, --to-offset, --shift-by", "got none"}},
		{name: "redrive to nowhere, in words", args: []string{"redrive", "--group", "g", "--to-earliest=false"}, code: 2, want: []string{"got none"}},
		{name: "redrive to two places", args: []string{"redrive", "--group", "g", "--to-earliest", "--to-offset", "0"}, code: 2, want: []string{"got --to-earliest and --to-offset"}},
		{name: "redrive to no time", args: []string{"redrive", "--group", "g", "--to-datetime", "noon"}, code: 2, want: []string{"--to-datetime", `"noon"`, "2026-11-23T12:00:00.000"}},
		{name: "redrive by no duration", args: []string{"redrive", "--group", "g", "--by-duration", "1d"}, code: 2, want: []string{"--by-duration", `"1d"`, "PT1H30M", "90m"}},
		{name: "redrive to no offset", args: []string{"redrive", "--group", "g", "--to-offset", "x"}, code: 2, want: []string{"--to-offset"}},
		{name: "redrive to a negative offset", args: []string{"redrive", "--group", "g", "--to-offset", "-1"}, code: 2, want: []string{"--to-offset -1"}},
		{name: "redrive by no number", args: []string{"redrive", "--group", "g", "--shift-by", "x"}, code: 2, want: []string{"--shift-by"}},
		{name: "redrive no partition", args: []string{"redrive", "--group", "g", "--to-earliest", "--topic", "qlik.apps:x"}, code: 2, want: []string{"--topic", `"qlik.apps:x"`, "qlik.apps:0,1"}},
		{name: "redrive an unknown family", args: []string{"redrive", "--group", "g", "--to-earliest", "--family", "app"}, code: 2, want: []string{"--family", `"app"`}},
		{name: "redrive a bad type", args: []string{"redrive", "--group", "g", "--to-earliest", "--type", "*.app"}, code: 2, want: []string{"--type", `"*.app"`}},
		{name: "redrive since when", args: []string{"redrive", "--group", "g", "--to-event", "e", "--since", "noon"}, code: 2, want: []string{"--since", "90m"}},
		{name: "redrive since without an event", args: []string{"redrive", "--group", "g", "--to-earliest", "--since", "1h"}, code: 2, want: []string{"--since means nothing without --to-event"}},
		{name: "redrive a partition without an event", args: []string{"redrive", "--group", "g", "--to-earliest", "--only-partition"}, code: 2, want: []string{"--only-partition means nothing without --to-event"}},
		{name: "redrive and read backwards", args: []string{"redrive", "--group", "g", "--to-earliest", "--read", "-1"}, code: 2, want: []string{"--read -1"}},
		{name: "redrive with force", args: []string{"redrive", "--group", "g", "--to-earliest", "--force"}, code: 2, want: []string{"--force means nothing without --undo"}},
		{name: "redrive a tenant", args: []string{"redrive", "--group", "g", "--to-earliest", "--tenant", "t"}, code: 2, want: []string{"--tenant means nothing without --copy-to"}},
		{name: "undo and more", args: []string{"redrive", "--undo", "f", "--to-earliest"}, code: 2, want: []string{"--to-earliest means nothing with --undo"}},
		{name: "undo of a group", args: []string{"redrive", "--undo", "f", "--group", "g"}, code: 2, want: []string{"--group means nothing with --undo"}},
		{name: "undo a copy", args: []string{"redrive", "--undo", "f", "--copy-to", "t"}, code: 2, want: []string{"--copy-to means nothing with --undo"}},
		{name: "copy nothing", args: []string{"redrive", "--copy-to", "t", "--to-latest"}, code: 2, want: []string{"--to-latest", "--to-earliest"}},
		{name: "copy to no name", args: []string{"redrive", "--copy-to", "a b", "--to-earliest"}, code: 2, want: []string{`--copy-to "a b" is no name of a topic`, "1 to 249 letters"}},
		{name: "copy to a path", args: []string{"redrive", "--copy-to", "../x", "--to-earliest"}, code: 2, want: []string{`--copy-to "../x" is no name of a topic`}},
		{name: "copy to a dot", args: []string{"redrive", "--copy-to", ".", "--to-earliest"}, code: 2, want: []string{`--copy-to "." is no name of a topic`}},
		{name: "copy to too long a name", args: []string{"redrive", "--copy-to", strings.Repeat("x", 250), "--to-earliest"}, code: 2, want: []string{"is no name of a topic"}},
		{name: "copy by a shift", args: []string{"redrive", "--copy-to", "t", "--group", "g", "--shift-by", "-1"}, code: 2, want: []string{"--shift-by", "which events"}},
		{name: "copy with an undo file", args: []string{"redrive", "--copy-to", "t", "--to-earliest", "--undo-file", "f"}, code: 2, want: []string{"--undo-file means nothing with --copy-to"}},
		{name: "copy without time", args: []string{"redrive", "--copy-to", "t", "--to-earliest", "--timeout", "0s"}, code: 2, want: []string{"--timeout 0s"}},
		{name: "copy until when", args: []string{"redrive", "--copy-to", "t", "--to-earliest", "--until", "noon"}, code: 2, want: []string{"--until", "90m"}},
		{name: "redrive with an argument", args: []string{"redrive", "billing"}, code: 2, want: []string{`"billing"`}},
		{name: "redrive without Kafka", args: []string{"redrive", "--group", "g", "--to-earliest", "--kafka-brokers", "127.0.0.1:1", "--kafka-dial-timeout", "1s"}, code: 1, want: []string{"kafka [127.0.0.1:1]: "}},
		{name: "no Kafka", args: []string{"topics", "plan", "--kafka-brokers", "127.0.0.1:1"}, code: 1, want: []string{"127.0.0.1:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, tt.args...)
			got.expect(t, tt.code, tt.want...)
			if tt.code != 0 && (got.out != "" || got.err == "") {
				t.Errorf("got %q on standard output and %q on standard error, want the message on standard error alone", got.out, got.err)
			}
		})
	}
}

// TestRedriveEmpty asserts that a flag with an empty value, such as a variable of a script that is not set, is not taken for one that was not given:
// --copy-to would reset the group instead, and --tenant copy the events of all tenants.
func TestRedriveEmpty(t *testing.T) {
	t.Parallel()
	beside := []string{"redrive", "--group", "g", "--to-earliest", "--execute", "--kafka-brokers", "127.0.0.1:1", "--kafka-dial-timeout", "1s"}
	for _, name := range []string{"group", "topic", "type", "family", "to-datetime", "by-duration", "to-event", "to-offset", "shift-by", "since", "read", "undo-file", "undo",
		"copy-to", "subject", "tenant", "source", "until", "timeout"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, append(beside, "--"+name, "")...).expect(t, 2, `invalid argument "" for "--`+name+`" flag: it is empty; give it a value`)
		})
	}
	run(t, append(beside, "--copy-to", "t", "--tenant", "a,")...).expect(t, 2, `"a,"`, "it is empty")
	run(t, append(beside, "--copy-to", "t", "--tenant", "a", "--tenant", "")...).expect(t, 2, "it is empty")
}

// TestHelp asks every command that the help of the one above lists.
func TestHelp(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"dev": true, "serve": true, "send": true, "tail": true, "topics plan": true, "topics apply": true, "topics list": true, "dead-letter list": true,
		"dead-letter show": true, "dead-letter requeue": true, "redrive": true, "verify": true,
		"config check": true, "config show": true, "version": true, "completion bash": true}
	var visit func(path []string)
	visit = func(path []string) {
		got := run(t, append(path, "--help")...)
		got.expect(t, 0, "Usage:")
		if got.err != "" {
			t.Errorf("%v --help: got %q on standard error, want nothing", path, got.err)
		}
		delete(want, strings.Join(path, " "))
		_, list, _ := strings.Cut(got.out, "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for line := range strings.Lines(list) {
			if fields := strings.Fields(line); len(fields) > 0 && fields[0] != "help" {
				visit(append(append([]string(nil), path...), fields[0]))
			}
		}
	}
	visit(nil)
	for name := range want {
		t.Errorf("the help does not lead to %s", name)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	run(t, "version").expect(t, 0, "qlik-bridge v1.2.3, commit 0123abc, "+runtime.Version()+"\n")
	got := map[string]string{}
	must(t, json.Unmarshal([]byte(run(t, "version", "--output", "json").out), &got))
	if got["version"] != "v1.2.3" || got["commit"] != "0123abc" || got["go"] != runtime.Version() {
		t.Errorf("got %v, want version, commit and go", got)
	}
}

// TestCompletion lets bash read the script, and asks what it would offer.
func TestCompletion(t *testing.T) {
	t.Parallel()
	script := run(t, "completion", "bash")
	script.expect(t, 0, "__start_qlik-bridge")
	if bash, err := exec.LookPath("bash"); err == nil {
		path := file(t, "completion", script.out)
		if out, err := exec.Command(bash, "-n", path).CombinedOutput(); err != nil {
			t.Errorf("bash cannot read the script: %v %s", err, out)
		}
	}
	run(t, "__complete", "topics", "").expect(t, 0, "apply", "list", "plan")
	for _, shell := range []string{"zsh", "fish", "powershell"} {
		run(t, "completion", shell).expect(t, 0, "qlik-bridge")
	}
}
