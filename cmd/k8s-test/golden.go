package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// acceptGolden has the API server judge every golden render of the chart, strictly: a field that it does not know is an error. Left out are
// kinds that a plain cluster does not have, and the pod of helm test, whose ServiceAccount is not there yet.
func (r *rig) acceptGolden(ctx context.Context) error {
	renders, err := filepath.Glob(filepath.Join("helm", "testdata", "*.golden.yaml"))
	if err != nil || len(renders) == 0 {
		return fmt.Errorf("got %d golden renders of the chart (%v): run this where helm/ is", len(renders), err)
	}
	objects := 0
	for _, path := range renders {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var kept []string
		for _, object := range strings.Split(string(text), "\n---\n") {
			if !strings.Contains(object, "\nkind: ServiceMonitor\n") && !strings.Contains(object, "\nkind: Pod\n") {
				kept = append(kept, object)
			}
		}
		if err := r.kube.apply(ctx, strings.Join(kept, "\n---\n"), "--dry-run=server", "--validate=strict"); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		objects += len(kept)
	}
	r.table.note("golden renders", "%d objects of %d value sets, taken by the API server with strict validation", objects, len(renders))
	return nil
}
