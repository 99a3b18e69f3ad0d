package main

import (
	"context"
	"fmt"
	"time"
)

// install measures the time from the command to the first event that Kafka has, the topics job included: asked at every tenth of a second.
func (r *release) install(ctx context.Context) error {
	say("%s: install", r.name)
	began := time.Now()
	if err := r.deploy(ctx, "install"); err != nil {
		return err
	}
	installed := time.Since(began)
	ip, err := r.kube.field(ctx, "service/"+r.name, "{.spec.clusterIP}")
	if err != nil {
		return err
	}
	r.url = fmt.Sprintf("http://%s/webhooks/qlik", ip)
	r.send(1, 10)
	err = r.acknowledged(ctx, 1)
	first := time.Since(began)
	if err != nil {
		return err
	}
	if err := r.finish(); err != nil {
		return err
	}
	if _, err := r.settled(ctx, 2); err != nil {
		return err
	}
	r.table.note(r.name+": install to first event", "%.1f s (helm install returned after %.1f s, all pods were ready after %.1f s)",
		first.Seconds(), installed.Seconds(), time.Since(began).Seconds())
	return nil
}

// examine runs helm test, which is the doctor.
func (r *release) examine(ctx context.Context) error {
	say("%s: helm test", r.name)
	if out, err := r.kube.helm(ctx, "test", r.name, "--timeout=90s"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	r.table.note(r.name+": helm test", "passed")
	return nil
}

// uninstall asserts that nothing stays but the claims of a spool, which hold events.
func (r *release) uninstall(ctx context.Context) error {
	say("%s: uninstall", r.name)
	began := time.Now()
	if _, err := r.kube.helm(ctx, "uninstall", r.name, "--wait", "--timeout=120s"); err != nil {
		return err
	}
	left := ""
	err := until(ctx, "nothing is left", patience, func() (err error) {
		left, err = r.kube.kubectl(ctx, "get", "all,configmaps,serviceaccounts,poddisruptionbudgets,networkpolicies,ingresses", "-o", "name", "-l", "app.kubernetes.io/instance="+r.name)
		if err == nil && left != "" {
			err = fmt.Errorf("there is %s", left)
		}
		return err
	})
	r.table.note(r.name+": uninstall", "%.1f s, nothing left", time.Since(began).Seconds())
	return err
}
