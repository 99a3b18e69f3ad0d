package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// upgrade replaces every pod under load; no request may fail.
func (r *release) upgrade(ctx context.Context) error {
	before, err := r.kube.pods(ctx, r.name, "bridge")
	if err != nil {
		return err
	}
	uids, err := r.uids(ctx)
	if err != nil {
		return err
	}
	err = r.underLoad(ctx, "upgrade", true, func(ctx context.Context) error {
		r.values["config"].(map[string]any)["dedupe"] = map[string]any{"events": 99_999}
		if err := r.deploy(ctx, "upgrade", "--wait", "--timeout=180s"); err != nil {
			return err
		}
		if _, err := r.settled(ctx, len(before)); err != nil {
			return err
		}
		now, err := r.uids(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(now, func(uid string) bool { return slices.Contains(uids, uid) }) {
			return errors.New("a pod from before the upgrade is still there")
		}
		return nil
	})
	// Of two pods, one may hold an event in its spool while the other publishes the next of its key.
	r.disordered = err == nil && r.table.rows[len(r.table.rows)-1].spooled > 0
	return err
}

// uids tell pods of one name apart.
func (r *release) uids(ctx context.Context) (uids []string, err error) {
	pods, err := r.kube.pods(ctx, r.name, "bridge")
	if err != nil {
		return nil, err
	}
	for _, pod := range pods {
		uid, err := r.kube.field(ctx, pod, "{.metadata.uid}")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pod, err)
		}
		uids = append(uids, uid)
	}
	return uids, nil
}
