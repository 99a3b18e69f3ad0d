package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"qlikbridge/bridge/kafkatest"
	"qlikbridge/bridge/proof"
)

// rig is all that stands around the chart: a folder, a Kafka, a namespace, and the table that comes of it.
type rig struct {
	opt   options
	dir   string
	kube  kube
	kafka *kafkatest.Cluster
	table table
}

// patience is for what has to come on a machine that does other things as well.
const patience = 2 * time.Minute

// run does all of it, and takes down what it made, also where ctx has ended.
func run(ctx context.Context, opt options) error {
	dir, err := os.MkdirTemp("", "qlik-k8s-")
	if err != nil {
		return err
	}
	r := &rig{opt: opt, dir: dir, kube: kube{namespace: fmt.Sprintf("qlik-bridge-test-%x", time.Now().Unix()&0xfffff), helmPath: opt.helm}}
	err = r.play(ctx)
	if err != nil {
		r.explain(context.WithoutCancel(ctx))
	}
	r.table.print(os.Stdout)
	err = errors.Join(err, r.table.failed(), r.clear(context.WithoutCancel(ctx)))
	if err != nil {
		return fmt.Errorf("%w\nledgers and values are in %s", err, dir)
	}
	return os.RemoveAll(dir)
}

func (r *rig) play(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	var lives []func(context.Context) error
	if r.opt.run != spool {
		lives = append(lives, r.withoutSpool)
	}
	if r.opt.run != plain {
		lives = append(lives, r.withSpool)
	}
	return steps(ctx, lives...)
}

// The releases.
const (
	plain = "plain"
	spool = "spool"
)

// withoutSpool is the life of a Deployment.
func (r *rig) withoutSpool(ctx context.Context) error {
	rel, err := r.release(plain, map[string]any{"replicaCount": 2})
	if err != nil {
		return err
	}
	defer rel.end()
	return steps(ctx, rel.install, rel.examine, rel.upgrade, rel.rotate, rel.deletePod, rel.killProcess, rel.deliver, rel.uninstall, rel.check)
}

// withSpool is that of a StatefulSet.
func (r *rig) withSpool(ctx context.Context) error {
	rel, err := r.release(spool, map[string]any{"replicaCount": 2, "spool": map[string]any{"persistence": map[string]any{"enabled": true, "size": "2Gi"}}})
	if err != nil {
		return err
	}
	defer rel.end()
	return steps(ctx, rel.install, rel.upgrade, rel.scaleToOne, rel.outage, rel.uninstall, rel.check)
}

// steps ends with the first that fails.
func steps(ctx context.Context, all ...func(context.Context) error) error {
	for _, step := range all {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) prepare(ctx context.Context) (err error) {
	say("starting Kafka at %s", r.opt.kafkaHost)
	r.kafka, err = kafkatest.Start(ctx, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Host: r.opt.kafkaHost})
	if err != nil {
		return err
	}
	if err := loadImage(ctx, r.opt, r.dir); err != nil {
		return err
	}
	if err := r.kube.apply(ctx, fmt.Sprintf(namespace, r.kube.namespace)); err != nil {
		return err
	}
	if err := r.acceptGolden(ctx); err != nil {
		return err
	}
	secret := filepath.Join(r.dir, "secrets")
	if err := os.WriteFile(secret, []byte(proof.Secret+"\n"), 0o600); err != nil {
		return err
	}
	_, err = r.kube.kubectl(ctx, "create", "secret", "generic", "qlik-bridge-signing", "--from-file="+secret)
	return err
}

// namespace takes no pod that is not hardened as Kubernetes' strictest standard demands.
const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels: {pod-security.kubernetes.io/enforce: restricted}
`

// explain shows what the cluster thinks of it.
func (r *rig) explain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, args := range [][]string{{"get", "pods,jobs,pvc", "-o", "wide"}, {"get", "events", "--sort-by=.lastTimestamp"},
		{"logs", "--tail=30", "--all-containers", "-l", "app.kubernetes.io/name=qlik-bridge"}} {
		out, err := r.kube.kubectl(ctx, args...)
		say("%v: %v\n%s", args, err, ending(out))
	}
}

// clear has a minute and a half; claims and their volumes go with the namespace.
func (r *rig) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	_, err := command(ctx, nil, "kubectl", "delete", "namespace", r.kube.namespace, "--ignore-not-found")
	if r.kafka != nil {
		err = errors.Join(err, r.kafka.Close())
	}
	return err
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}
