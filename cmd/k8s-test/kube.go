package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// kube runs kubectl and helm in one namespace.
type kube struct {
	namespace string
	helmPath  string
}

func (k kube) kubectl(ctx context.Context, args ...string) (string, error) {
	return command(ctx, nil, "kubectl", append([]string{"--namespace", k.namespace}, args...)...)
}

// apply creates what a manifest says.
func (k kube) apply(ctx context.Context, manifest string, args ...string) error {
	_, err := command(ctx, strings.NewReader(manifest), "kubectl", append([]string{"--namespace", k.namespace, "apply", "-f", "-"}, args...)...)
	return err
}

func (k kube) helm(ctx context.Context, args ...string) (string, error) {
	return command(ctx, nil, k.helmPath, append([]string{"--namespace", k.namespace}, args...)...)
}

// field is a JSONPath of one object.
func (k kube) field(ctx context.Context, object, path string) (string, error) {
	return k.kubectl(ctx, "get", object, "-o", "jsonpath="+path)
}

// pods are the names of a release's running pods of a component; those that are being deleted count as running.
func (k kube) pods(ctx context.Context, release, component string) ([]string, error) {
	out, err := k.kubectl(ctx, "get", "pods", "-o", "name", "-l", "app.kubernetes.io/instance="+release+",app.kubernetes.io/component="+component)
	return strings.Fields(out), err
}

// command returns what was written to standard output; an error has the end of what was written to the other.
func command(ctx context.Context, in io.Reader, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), errors.Join(err, context.Cause(ctx)), ending(errs.String()))
	}
	return strings.TrimSpace(out.String()), err
}

func ending(text string) string {
	text = strings.TrimSpace(text)
	return text[max(0, len(text)-6000):] // what the doctor says is in it, whole
}

// until asks again and again until the answer is nil, or the time is over.
func until(ctx context.Context, what string, within time.Duration, question func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := question()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: still not after %s: %w", what, within, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
