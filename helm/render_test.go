package helm_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTopicsJob asserts that nobody's topics are touched where the configuration says that they are somebody else's.
func TestTopicsJob(t *testing.T) {
	for _, tt := range []struct {
		name, values string
		want         bool
	}{
		{"as it comes", "{}", true},
		{"managed", "config: {topics: {manage: true}}", true},
		{"somebody else's", "config: {topics: {manage: false}}", false},
		{"somebody else's, by variable", "extraEnv: [{name: QLIK_BRIDGE_TOPICS_MANAGE, value: 'False'}]", false},
		{"managed, by the variable that wins", "{config: {topics: {manage: false}}, extraEnv: [{name: QLIK_BRIDGE_TOPICS_MANAGE, value: 'true'}]}", true},
		{"nothing said of topics", "config: {topics: null}", true},
		{"switched off", "topicsJob: {enabled: false}", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			objects := decode(t, with(t, tt.values))
			job := slices.ContainsFunc(objects, func(o object) bool { return o["kind"] == "Job" })
			if job != tt.want {
				t.Errorf("got a topics job: %v, want %v", job, tt.want)
			}
		})
	}
}

// TestExtraEnvWins asserts that a variable that the chart sets too is there once, in every container, as extraEnv has it.
func TestExtraEnvWins(t *testing.T) {
	const values = `
spool: {persistence: {enabled: true}}
deliver: {enabled: true, subscriptions: {subscriptions: [{name: billing}]}}
extraEnv:
  - {name: QLIK_BRIDGE_SPOOL_DIR, value: /elsewhere}
  - {name: QLIK_BRIDGE_SPOOL_ENABLED, value: 'false'}
  - {name: QLIK_BRIDGE_SECRETS_FILE, value: /vault/secrets}
  - {name: QLIK_BRIDGE_LOG_LEVEL, value: debug}
`
	pods := 0
	for _, o := range decode(t, with(t, values)) {
		pod := podOf(o)
		if pod == nil {
			continue
		}
		pods++
		env := environment(t, pod)
		slices.Sort(env)
		want := []string{"QLIK_BRIDGE_ADMIN_LISTEN=:9090", "QLIK_BRIDGE_LISTEN=:8080", "QLIK_BRIDGE_LOG_LEVEL=debug", "QLIK_BRIDGE_SECRETS_FILE=/vault/secrets",
			"QLIK_BRIDGE_SPOOL_DIR=/elsewhere", "QLIK_BRIDGE_SPOOL_ENABLED=false"}
		if diff := cmp.Diff(want, env); diff != "" {
			t.Errorf("the environment of %v %s differs (-want +got):\n%s", o["kind"], at[string](t, o, "metadata", "name"), diff)
		}
	}
	if pods != 4 {
		t.Errorf("got %d pods, want those of bridge, deliver, topics and doctor", pods)
	}
}

// TestStartup asserts that a pod has the time to read its whole spool before it counts as dead. A volume of 18 MB/s reads a GiB in a minute.
func TestStartup(t *testing.T) {
	for _, tt := range []struct {
		name, values string
		want         uint64
	}{
		{"without a spool", "{}", 120},
		{"a spool of a GiB", "spool: {persistence: {enabled: true}}", 120 + 40 + 60},
		{"a spool of 100 GiB", "{spool: {persistence: {enabled: true, size: 110Gi}}, config: {spool: {max_bytes: 107374182400, lock_timeout: 1m30s}}}", 120 + 90 + 6000},
		{"said", "{spool: {persistence: {enabled: true}}, startupProbe: {failureThreshold: 900}}", 900},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pod := podOf(find(t, decode(t, with(t, tt.values)), "bridge", "Deployment", "StatefulSet"))
			container, _ := at[[]any](t, pod, "containers")[0].(object)
			if got := at[uint64](t, container, "startupProbe", "failureThreshold"); got != tt.want {
				t.Errorf("got %d s, want %d", got, tt.want)
			}
		})
	}
}

// TestPolicyLetsTheReleaseIn asserts that whoever else is named, the pods of the release reach one another: helm test asks the admin port.
func TestPolicyLetsTheReleaseIn(t *testing.T) {
	ours := object{"podSelector": object{"matchLabels": object{"app.kubernetes.io/name": "qlik-bridge", "app.kubernetes.io/instance": "qlik-bridge"}}}
	for _, values := range []string{
		"networkPolicy: {enabled: true}",
		"networkPolicy: {enabled: true, from: [{ipBlock: {cidr: 203.0.113.0/24}}], adminFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}",
	} {
		for _, o := range decode(t, with(t, values)) {
			if o["kind"] != "NetworkPolicy" {
				continue
			}
			for _, rule := range at[[]any](t, o, "spec", "ingress") {
				peers, named := rule.(object)["from"].([]any)
				reached := slices.ContainsFunc(peers, func(p any) bool { return cmp.Equal(p, any(ours)) })
				if named && !reached {
					t.Errorf("got peers %v of %s, want the release's own among them", peers, at[string](t, o, "metadata", "name"))
				}
			}
		}
	}
}

// TestPlaces asserts that what spreads the pods of the bridge keeps no others from a node: the topics job, for which an upgrade waits, least of all.
func TestPlaces(t *testing.T) {
	const values = `
affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {of: bridge}}}]}}
topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}]
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: dedicated}]
deliver: {enabled: true, affinity: {of: deliver}, subscriptions: {subscriptions: [{name: billing}]}}
`
	objects := decode(t, with(t, values))
	for _, tt := range []struct{ name, affinity, spread string }{ // parts of them
		{"bridge", "of:bridge", "topologyKey:zone"},
		{"deliver", "of:deliver", "topologyKey:kubernetes.io/hostname"},
		{"topics", "nil", "nil"},
		{"doctor", "nil", "nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pod := podOf(find(t, objects, tt.name, "Deployment", "Job", "Pod"))
			for key, want := range map[string]string{"affinity": tt.affinity, "topologySpreadConstraints": tt.spread, "nodeSelector": "linux", "tolerations": "dedicated"} {
				if got := fmt.Sprint(pod[key]); !strings.Contains(got, want) {
					t.Errorf("got %s %s, want %s", key, got, want)
				}
			}
		})
	}
}

// TestAppProtocol asserts that a Service says what is spoken behind it.
func TestAppProtocol(t *testing.T) {
	const tls = "config: {ingress: {tls: {cert_file: /etc/tls/tls.crt, key_file: /etc/tls/tls.key}}}"
	for _, tt := range []struct {
		name, values string
		want         any
	}{
		{"as it comes", "{}", "http"},
		{"TLS of the bridge", tls, "https"},
		{"said", "{service: {appProtocol: kubernetes.io/h2c}, " + tls + "}", "kubernetes.io/h2c"},
		{"nothing said", "service: {appProtocol: ''}", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service := find(t, decode(t, with(t, tt.values)), "bridge", "Service") // the first: that of webhooks
			port, _ := at[[]any](t, service, "spec", "ports")[0].(object)
			if got := port["appProtocol"]; got != tt.want || port["name"] != "http" {
				t.Errorf("got %v of port %v, want %v", got, port["name"], tt.want)
			}
		})
	}
}

// TestPartOfAnotherChart asserts that a chart can have this one as a part, by the usual condition, and give it values.
func TestPartOfAnotherChart(t *testing.T) {
	parent := t.TempDir()
	must(t, os.CopyFS(filepath.Join(parent, "charts", "qlik-bridge"), os.DirFS(".")))
	must(t, os.WriteFile(filepath.Join(parent, "Chart.yaml"), []byte(`{apiVersion: v2, name: events, version: 1.0.0,
dependencies: [{name: qlik-bridge, version: ">=0", condition: qlik-bridge.enabled}]}`), 0o600))
	for _, enabled := range []bool{true, false} {
		out, err := helm(t, "template", "events", parent, "--set", fmt.Sprintf("global.team=data,qlik-bridge.replicaCount=3,qlik-bridge.enabled=%v", enabled))
		must(t, err)
		objects := decode(t, out)
		if (len(objects) > 0) != enabled {
			t.Errorf("enabled %v: got %d objects", enabled, len(objects))
		}
		if enabled && at[uint64](t, find(t, objects, "bridge", "Deployment"), "spec", "replicas") != 3 {
			t.Error("got another number of pods than the values say")
		}
	}
}

// TestHooksLeaveNothing asserts that what helm makes beside the release, and no uninstall knows of, goes by itself also where it failed, and that its log is
// printed before.
func TestHooksLeaveNothing(t *testing.T) {
	objects := decode(t, with(t, "{}"))
	doctor := at[object](t, find(t, objects, "doctor", "Pod"), "metadata", "annotations")
	if policy := fmt.Sprint(doctor["helm.sh/hook-delete-policy"]); !strings.Contains(policy, "hook-failed") || !strings.Contains(policy, "hook-succeeded") {
		t.Errorf("got %s of the doctor, want it deleted in the end", policy)
	}
	if output := doctor["helm.sh/hook-output-log-policy"]; output != "hook-succeeded,hook-failed" {
		t.Errorf("got the doctor's log printed where %v, want it always", output)
	}
	if after := at[uint64](t, find(t, objects, "topics", "Job"), "spec", "ttlSecondsAfterFinished"); after == 0 {
		t.Error("got no log of a topics job that failed, want it there for a while")
	}
}

// podOf is the spec of an object's pods; nil where it has none.
func podOf(o object) object {
	spec, _ := o["spec"].(object)
	if o["kind"] == "Pod" {
		return spec
	}
	template, _ := spec["template"].(object)
	pod, _ := template["spec"].(object)
	return pod
}

// with renders the chart with values, a text of YAML.
func with(t *testing.T, values string, args ...string) []byte {
	t.Helper()
	return as(t, "qlik-bridge", values, args...)
}

// as does so under a release name.
func as(t *testing.T, release, values string, args ...string) []byte {
	t.Helper()
	out, err := tried(t, release, values, args...)
	must(t, err)
	return out
}

// tried gives the error to the caller.
func tried(t *testing.T, release, values string, args ...string) ([]byte, error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "values-*") // t.TempDir can have commas, where helm begins another file
	must(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "values.yaml")
	must(t, os.WriteFile(path, []byte(values), 0o600))
	return helm(t, append([]string{"template", release, ".", "--namespace", "events", "--values", path}, args...)...)
}
