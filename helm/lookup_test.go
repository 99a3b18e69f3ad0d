package helm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// live has helm ask the cluster, as it does when it installs. Helm 4 would read the whole OpenAPI besides.
var live = []string{"--dry-run=server", "--disable-openapi-validation", "--is-upgrade"}

// kinds are those of the chart, by group.
var kinds = map[string][]string{
	"v1":                       {"Secret", "Service", "ServiceAccount", "ConfigMap", "Pod"},
	"apps/v1":                  {"Deployment", "StatefulSet"},
	"batch/v1":                 {"Job"},
	"policy/v1":                {"PodDisruptionBudget"},
	"autoscaling/v2":           {"HorizontalPodAutoscaler"},
	"networking.k8s.io/v1":     {"Ingress", "NetworkPolicy"},
	"monitoring.coreos.com/v1": {"ServiceMonitor"},
}

// cluster answers as much of the API as helm asks for before it renders, and for lookup. Objects are by path, as
// /apis/apps/v1/namespaces/events/deployments/qlik-bridge.
func cluster(t *testing.T, objects map[string]object) {
	t.Helper()
	var groups []object
	answers := map[string]any{
		"/version": object{"major": "1", "minor": "34", "gitVersion": "v1.34.4"},
		"/api":     object{"kind": "APIVersions", "versions": []string{"v1"}},
	}
	for group, kinds := range kinds {
		name, version, named := strings.Cut(group, "/")
		if !named {
			answers["/api/"+group] = resources(group, kinds)
			continue
		}
		answers["/apis/"+group] = resources(group, kinds)
		groups = append(groups, object{"name": name, "versions": []object{{"groupVersion": group, "version": version}}})
	}
	answers["/apis"] = object{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, found := answers[r.URL.Path]
		if o, known := objects[r.URL.Path]; known {
			answer, found = o, true
		}
		if !found {
			w.WriteHeader(http.StatusNotFound)
			answer = object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // who is gone has no use for it
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(path, fmt.Appendf(nil, `{apiVersion: v1, kind: Config, current-context: test,
clusters: [{name: test, cluster: {server: %q}}], contexts: [{name: test, context: {cluster: test, user: test}}], users: [{name: test}]}`, server.URL), 0o600))
	t.Setenv("KUBECONFIG", path)
}

// resources are what the API lists of a group.
func resources(group string, kinds []string) object {
	var all []object
	for _, kind := range kinds {
		plural := strings.Replace(strings.ToLower(kind)+"s", "ys", "ies", 1)
		all = append(all, object{"name": plural, "kind": kind, "namespaced": true, "verbs": []string{"get"}})
	}
	return object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": all}
}

// TestReplicas asserts that switching an autoscaler on, and every upgrade beside it, leaves as many pods as there are.
func TestReplicas(t *testing.T) {
	const auto = "autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 10}"
	for _, tt := range []struct {
		name, values string
		live         int // pods that the Deployment in the cluster is to have; 0: there is none
		want         uint64
	}{
		{"the first install", auto, 0, 3},
		{"what the autoscaler decided", auto, 7, 7},
		{"fewer than it would have", auto, 2, 3},
		{"without an autoscaler", "replicaCount: 4", 7, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			objects := map[string]object{}
			if tt.live > 0 {
				objects["/apis/apps/v1/namespaces/events/deployments/qlik-bridge"] = object{"apiVersion": "apps/v1", "kind": "Deployment",
					"metadata": object{"name": "qlik-bridge"}, "spec": object{"replicas": tt.live}}
			}
			cluster(t, objects)
			bridge := find(t, decode(t, with(t, tt.values, live...)), "bridge", "Deployment")
			if got := at[uint64](t, bridge, "spec", "replicas"); got != tt.want {
				t.Errorf("got %d pods, want %d", got, tt.want)
			}
		})
	}
}

// TestAnotherVolume asserts that an upgrade which Kubernetes would refuse halfway, for the claims of its StatefulSet, is refused before; and
// that the same size in other words is the same.
func TestAnotherVolume(t *testing.T) {
	for _, tt := range []struct {
		name, values string
		size, class  string
		want         []string // of the error; none: it is taken
		otherAccess  bool
		absent       bool
	}{
		{name: "the same", values: "{size: 2Gi}", size: "2Gi"},
		{name: "the same in other words", values: "{size: 1.5Gi}", size: "1536Mi"},
		{name: "the same in thousandths", values: "{size: 1.1Gi}", size: "1181116006400m"},
		{name: "another size", values: "{size: 8Gi}", size: "2Gi", want: []string{"size (2Gi there, 8Gi here)", "delete statefulset qlik-bridge --cascade=orphan"}},
		{name: "another class", values: "{storageClassName: fast}", size: "2Gi", want: []string{`storageClassName ("" there, "fast" here)`}},
		{name: "no class any more", values: "{size: 2Gi}", size: "2Gi", class: "fast", want: []string{`storageClassName ("fast" there, "" here)`}},
		{name: "another mode and size", values: "{size: 3Gi}", size: "2Gi", otherAccess: true, want: []string{"size (2Gi there, 3Gi here)", "accessModes ([ReadWriteMany] there, [ReadWriteOnce] here)"}},
		{name: "another size without a StatefulSet", values: "{size: 8Gi}", absent: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			claim := object{"accessModes": []string{"ReadWriteOnce"}, "resources": object{"requests": object{"storage": tt.size}}}
			if tt.class != "" {
				claim["storageClassName"] = tt.class
			}
			if tt.otherAccess {
				claim["accessModes"] = []string{"ReadWriteMany"}
			}
			objects := map[string]object{}
			if !tt.absent {
				objects["/apis/apps/v1/namespaces/events/statefulsets/qlik-bridge"] = object{"apiVersion": "apps/v1", "kind": "StatefulSet",
					"metadata": object{"name": "qlik-bridge"}, "spec": object{"volumeClaimTemplates": []object{{"metadata": object{"name": "spool"}, "spec": claim}}}}
			}
			cluster(t, objects)
			_, err := tried(t, "qlik-bridge", "spool: {persistence: "+tt.values+"}", append(live, "--set", "spool.persistence.enabled=true")...)
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}
