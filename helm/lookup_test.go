package helm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// cluster answers as much of the API as helm's lookup asks for. Objects are by path, as /apis/apps/v1/namespaces/events/deployments/qlik-bridge.
func cluster(t *testing.T, objects map[string]object) {
	t.Helper()
	kinds := map[string]any{
		"/version":      object{"major": "1", "minor": "34", "gitVersion": "v1.34.4"},
		"/api/v1":       resources("v1", "secrets", "Secret"),
		"/apis/apps/v1": resources("apps/v1", "deployments", "Deployment", "statefulsets", "StatefulSet"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, found := kinds[r.URL.Path]
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

// resources are what the API lists of a group: pairs of a resource and its kind.
func resources(group string, pairs ...string) object {
	var all []object
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, object{"name": pairs[i], "kind": pairs[i+1], "namespaced": true, "verbs": []string{"get"}})
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
			bridge := find(t, decode(t, with(t, tt.values, "--dry-run=server")), "bridge", "Deployment")
			if got := at[uint64](t, bridge, "spec", "replicas"); got != tt.want {
				t.Errorf("got %d pods, want %d", got, tt.want)
			}
		})
	}
}
