package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// deletePod has a pod end at once, as when its node is gone. Requests that it has in work break; none that was answered may be lost.
func (r *release) deletePod(ctx context.Context) error {
	return r.underLoad(ctx, "pod deleted by force", false, func(ctx context.Context) error {
		pods, err := r.settled(ctx, 2)
		if err != nil {
			return err
		}
		if err := r.forceDelete(ctx, pods[0]); err != nil {
			return err
		}
		_, err = r.settled(ctx, 2)
		return err
	})
}

func (r *release) forceDelete(ctx context.Context, pod string) error {
	_, err := r.kube.kubectl(ctx, "delete", pod, "--force", "--grace-period=0")
	return err
}

// killProcess kills the process in a container (-9), as the kernel does for want of memory, and waits until the container runs again.
func (r *release) killProcess(ctx context.Context) error {
	return r.underLoad(ctx, "process killed (-9)", false, func(ctx context.Context) error {
		pods, err := r.settled(ctx, 2)
		if err != nil {
			return err
		}
		uid, err := r.kube.field(ctx, pods[0], "{.metadata.uid}")
		if err != nil {
			return err
		}
		pid, err := processOf(uid)
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
		return until(ctx, "the container runs again", patience, func() error { return r.restarted(ctx, pods[0]) })
	})
}

func (r *release) restarted(ctx context.Context, pod string) error {
	state, err := r.kube.field(ctx, pod, "{.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}")
	if err == nil && state != "1 true" {
		err = errors.New("restarts and readiness: " + state)
	}
	return err
}

// processOf finds the bridge's process in the pod of that uid. Its control group is named after it, with other separators where systemd makes it.
func processOf(uid string) (int, error) {
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return 0, err
	}
	for _, path := range groups {
		group, _ := os.ReadFile(path) // it may have ended
		args, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		ofPod := bytes.Contains(group, []byte(uid)) || bytes.Contains(group, []byte(strings.ReplaceAll(uid, "-", "_")))
		if ofPod && bytes.HasPrefix(args, []byte("/qlik-bridge\x00")) {
			return strconv.Atoi(filepath.Base(filepath.Dir(path)))
		}
	}
	return 0, fmt.Errorf("no process on this machine is of pod %s: k8s-test must run on the node", uid)
}
