package helm_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
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
		{"somebody else's, by variable", "extraEnv: [{name: QLIK_BRIDGE_TOPICS_MANAGE, value: 'false'}]", false},
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

// with renders the chart with values, a text of YAML.
func with(t *testing.T, values string, args ...string) []byte {
	t.Helper()
	dir, err := os.MkdirTemp("", "values-*") // t.TempDir can have commas, where helm begins another file
	must(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "values.yaml")
	must(t, os.WriteFile(path, []byte(values), 0o600))
	out, err := helm(t, append([]string{"template", "qlik-bridge", ".", "--namespace", "events", "--values", path}, args...)...)
	must(t, err)
	return out
}
