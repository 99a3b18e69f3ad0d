package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// install measures the time from the command to the first event that Kafka has, the topics job included: asked at every tenth of a second.
func (r *release) install(ctx context.Context) error {
	say("%s: install", r.name)
	began := time.Now()
	err := r.deploy(ctx, "install")
	if err != nil {
		return err
	}
	installed := time.Since(began)
	if r.url, err = r.service(ctx); err != nil {
		return err
	}
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

// service is where the Service takes webhooks from outside of the cluster.
func (r *release) service(ctx context.Context) (string, error) {
	host := r.opt.node
	if host == "" {
		var err error
		if host, err = r.kube.field(ctx, "nodes", `{.items[0].status.addresses[?(@.type=="InternalIP")].address}`); err != nil {
			return "", err
		}
	}
	port, err := r.kube.field(ctx, "service/"+r.name, "{.spec.ports[0].nodePort}")
	return "http://" + net.JoinHostPort(host, port) + "/webhooks/qlik", err
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
