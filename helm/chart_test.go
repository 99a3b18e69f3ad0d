// Package helm_test renders the chart, and holds it to what the bridge itself says of its configuration. It needs helm: HELM names one,
// else it is looked for; make lint-helm builds the one that is pinned.
package helm_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/deliver"
	"qlikbridge/topics"
)

var update = flag.Bool("update", false, "write the golden renders and the table of values")

// TestGolden asserts what the chart makes of the value sets in testdata, to the letter.
func TestGolden(t *testing.T) {
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			golden(t, filepath.Join("testdata", set+".golden.yaml"), render(t, set))
		})
	}
}

// TestBridgeTakesTheConfiguration asserts, with the bridge's own reader, that what each set renders is a valid configuration, and that what
// the chart relies on holds in it: the admin port of the probes, the spool only where its volume is, and a stop that ends within the grace of the pod.
func TestBridgeTakesTheConfiguration(t *testing.T) {
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			objects := decode(t, render(t, set))
			bridge := find(t, objects, "bridge", "Deployment", "StatefulSet")
			path := filepath.Join(t.TempDir(), "config.yaml")
			must(t, os.WriteFile(path, []byte(at[string](t, find(t, objects, "bridge", "ConfigMap"), "data", "config.yaml")), 0o600))
			pod := at[object](t, bridge, "spec", "template", "spec")
			c, err := app.Load(path, environment(t, pod), nil)
			must(t, err)
			if c.Listen != ":8080" || c.AdminListen != ":9090" {
				t.Errorf("got listen %q and admin_listen %q, want :8080 and :9090", c.Listen, c.AdminListen)
			}
			if stateful := bridge["kind"] == "StatefulSet"; c.Spool.Enabled != stateful || stateful && c.Spool.Dir != "/spool" {
				t.Errorf("got spool %+v in a %s", c.Spool, bridge["kind"])
			}
			if grace := at[uint64](t, pod, "terminationGracePeriodSeconds"); c.DrainDelay <= 0 || float64(grace) <= c.DrainTimeout.Seconds() {
				t.Errorf("got drain_delay %s, drain_timeout %s, and a grace of %d s, want the first above 0 and the last the longest", c.DrainDelay, c.DrainTimeout, grace)
			}
		})
	}
}

// TestDeliverTakesTheSubscriptions asserts, with deliver's own reader, that the subscriptions of the values come out as they went in.
func TestDeliverTakesTheSubscriptions(t *testing.T) {
	objects := decode(t, render(t, "everything"))
	path := filepath.Join(t.TempDir(), "subscriptions.yaml")
	must(t, os.WriteFile(path, []byte(at[string](t, find(t, objects, "deliver", "ConfigMap"), "data", "subscriptions.yaml")), 0o600))
	f, err := deliver.Load(path, topics.DefaultConfig())
	must(t, err)
	if len(f.Subscriptions) != 1 || f.Subscriptions[0].Name != "billing" {
		t.Errorf("got %+v, want the one subscription", f.Subscriptions)
	}
	pod := at[object](t, find(t, objects, "deliver", "Deployment"), "spec", "template", "spec")
	container, _ := at[[]any](t, pod, "containers")[0].(object)
	args := []any{"deliver", "--deliver-subscriptions-file=/etc/qlik-bridge/subscriptions/subscriptions.yaml", "--config=/etc/qlik-bridge/config/config.yaml"}
	if diff := cmp.Diff(args, at[[]any](t, container, "args")); diff != "" {
		t.Errorf("arguments differ (-want +got):\n%s", diff)
	}
}

// TestRefused asserts that a value that is misspelt, of another type, or makes no sense with others is an error that names it.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, set, want string }{
		{"a misspelt value", "replicaCont=3", "'replicaCont' not allowed"},
		{"a misspelt value further in", "spool.persistence.enable=true", "'enable' not allowed"},
		{"a misspelt resource", "resources.limit.memory=1Gi", "'limit' not allowed"},
		{"a key of the configuration beside it", "drain_delay=5s", "'drain_delay' not allowed"},
		{"no pods", "replicaCount=0", "/replicaCount"},
		{"a number as text", "service.port=http", "/service/port"},
		{"no Secret", "signing.secretName=", "/signing/secretName"},
		{"an unknown pull policy", "image.pullPolicy=Sometimes", "/image/pullPolicy"},
		{"a size that is none", "spool.persistence.size=big", "/spool/persistence/size"},
		{"a size with two points", "spool.persistence.size=1..5Gi", "/spool/persistence/size"},
		{"scaling away a spool", "autoscaling.enabled=true,spool.persistence.enabled=true", "choose one"},
		{"a port that the probes do not know", "extraEnv[0].name=QLIK_BRIDGE_ADMIN_LISTEN,extraEnv[0].value=:9091", "extraEnv: QLIK_BRIDGE_ADMIN_LISTEN"},
		{"a variable twice", "extraEnv[0].name=TZ,extraEnv[1].name=TZ", "extraEnv: TZ is there twice"},
		{"a variable without a name", "extraEnv[0].value=debug", "/extraEnv/0"},
		{"more pods at least than at most", "autoscaling.enabled=true,autoscaling.minReplicas=8", "autoscaling.minReplicas: 8 are more"},
		{"an ingress for every host", "ingress.enabled=true", "ingress.host"},
		{"a grace that is over before the drain", "config.drain_timeout=1m", "terminationGracePeriodSeconds: 45 s end before config.drain_timeout (1m) and 5 s more; raise it to 65"},
		{"a grace as long as the drain", "terminationGracePeriodSeconds=30", "raise it to 35"},
		{"a drain of the environment", "extraEnv[0].name=QLIK_BRIDGE_DRAIN_TIMEOUT,extraEnv[0].value=1m30.5s", "raise it to 96"},
		{"more than all pods", "podDisruptionBudget.maxUnavailable=500%", "/podDisruptionBudget/maxUnavailable"},
		{"a node that cannot be drained", "podDisruptionBudget.maxUnavailable=0", "/podDisruptionBudget/maxUnavailable"},
		{"a node that cannot be drained, as a percentage", "podDisruptionBudget.maxUnavailable=0%", "/podDisruptionBudget/maxUnavailable"},
		{"a URL as host", "ingress.host=https://hooks.example.com", "/ingress/host"},
		{"a host with a port", "ingress.host=hooks.example.com:443", "/ingress/host"},
		{"a host that is an address", "ingress.host=203.0.113.7", "/ingress/host"},
		{"a label of the chart's own", `podLabels.app\.kubernetes\.io/name=other`, "podLabels: app.kubernetes.io/name is the chart's own"},
		{"a label of deliver's own", `deliver.enabled=true,deliver.subscriptions.subscriptions[0].name=a,podLabels.app\.kubernetes\.io/component=x`, "podLabels: app.kubernetes.io/component"},
		{"an annotation of the chart's own", "podAnnotations.checksum/config=no", "podAnnotations: checksum/config is the chart's own"},
		{"a label of the ServiceMonitor's own", `serviceMonitor.enabled=true,serviceMonitor.labels.helm\.sh/chart=x`, "serviceMonitor.labels: helm.sh/chart"},
		{"a load balancer's class without one", "service.loadBalancerClass=example.com/x", "service.type is ClusterIP"},
		{"a load balancer's sources without one", "service.type=NodePort,service.loadBalancerSourceRanges={10.0.0.0/8}", "service.type is NodePort"},
		{"a policy for traffic from outside without any", "service.externalTrafficPolicy=Local", "service.externalTrafficPolicy: only"},
		{"a policy that is none", "service.type=NodePort,service.externalTrafficPolicy=local", "/service/externalTrafficPolicy"},
		{"an address for a range", "service.type=LoadBalancer,service.loadBalancerSourceRanges={10.0.0.1}", "/service/loadBalancerSourceRanges/0"},
		{"deliver without a file", "deliver.enabled=true", "/deliver/subscriptions': missing property 'subscriptions'"},
		{"deliver without a subscription", "deliver.enabled=true,deliver.subscriptions.subscriptions=null", "/deliver/subscriptions"},
		{"deliver with something else than a subscription", "deliver.enabled=true,deliver.subscriptions.subscriptions={}", "/deliver/subscriptions/subscriptions"},
		{"a name in capitals", "fullnameOverride=Events", "/fullnameOverride"},
		{"a name with an underscore", "nameOverride=my_bridge", "/nameOverride"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := helm(t, "template", "qlik-bridge", ".", "--set", tt.set)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v and %d bytes, want an error with %q", err, len(out), tt.want)
			}
		})
	}
}

// sets are the names of the value sets.
func sets(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.values.yaml"))
	must(t, err)
	for i := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(paths[i]), ".values.yaml")
	}
	return paths
}

// render leaves out empty lines: helm 4 puts more of them between objects than helm 3.
func render(t *testing.T, set string) []byte {
	t.Helper()
	out, err := helm(t, "template", "qlik-bridge", ".", "--namespace", "events", "--values", filepath.Join("testdata", set+".values.yaml"))
	must(t, err)
	return regexp.MustCompile(`\n{2,}`).ReplaceAll(out, []byte("\n"))
}

// helm runs it without a cluster; an error holds what it wrote.
func helm(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	name := os.Getenv("HELM")
	if name == "" {
		name = "helm"
	}
	path, err := exec.LookPath(name)
	switch {
	case err != nil && os.Getenv("REQUIRE_HELM") == "1":
		t.Fatal(err)
	case err != nil:
		t.Skipf("no helm (%v): make lint-helm builds it", err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, append(args, "--kube-version", "1.34")...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.Bytes(), errors.Join(err, errors.New(errs.String()))
	}
	return out.Bytes(), nil
}

// object is a Kubernetes object, or a part of one.
type object = map[string]any

func decode(t *testing.T, render []byte) (objects []object) {
	t.Helper()
	for documents := yaml.NewDecoder(bytes.NewReader(render)); ; {
		var o object
		err := documents.Decode(&o)
		if errors.Is(err, io.EOF) {
			return objects
		}
		must(t, err)
		if o != nil {
			objects = append(objects, o)
		}
	}
}

// find returns a component's object of one of the kinds.
func find(t *testing.T, objects []object, component string, kinds ...string) object {
	t.Helper()
	for _, o := range objects {
		of := at[string](t, o, "metadata", "labels", "app.kubernetes.io/component")
		if kind, _ := o["kind"].(string); of == component && slices.Contains(kinds, kind) {
			return o
		}
	}
	t.Fatalf("got no %v of %s", kinds, component)
	return nil
}

// at follows keys into an object.
func at[T any](t *testing.T, o object, keys ...string) T {
	t.Helper()
	var here any = o
	for _, key := range keys {
		inner, _ := here.(object)
		here = inner[key]
	}
	value, ok := here.(T)
	if !ok {
		t.Fatalf("got %T at %s of %v %v, want %T", here, strings.Join(keys, "."), o["kind"], at[string](t, o, "metadata", "name"), value)
	}
	return value
}

// environment is that of the pod's container, as os.Environ has it.
func environment(t *testing.T, pod object) (environ []string) {
	t.Helper()
	container, _ := at[[]any](t, pod, "containers")[0].(object)
	for _, e := range at[[]any](t, container, "env") {
		variable, _ := e.(object)
		environ = append(environ, variable["name"].(string)+"="+variable["value"].(string))
	}
	return environ
}

// golden compares with a file, or with -update writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s is not what is rendered; if the change is meant: make generate (-want +got):\n%s", path, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
