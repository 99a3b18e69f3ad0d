package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// mountSource begins the name by which a mount of this program is known, its process id follows.
const mountSource = "qlik-chaos-"

// smallDisk mounts a file system of its own of so many MiB, and skips the scenario where this machine does not allow it. It goes
// with the scenario, and where this program is killed, with the next run.
func (s *stage) smallDisk(name string, mib int) string {
	dir := filepath.Join(s.dir, name)
	s.must("make a directory", os.Mkdir(dir, 0o700))
	source := mountSource + strconv.Itoa(os.Getpid())
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0700", mib), source, dir).CombinedOutput()
	if err != nil {
		s.skip("no small file system can be mounted here: mount: %v: %s", err, strings.TrimSpace(string(out)))
	}
	s.onEnd(func() { unmount(dir) })
	return dir
}

// unmount lets go of it as soon as nobody uses it any more.
func unmount(dir string) { _ = exec.Command("umount", "--lazy", dir).Run() }

// sweepMounts removes what runs that were killed have left behind.
func sweepMounts() {
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		id, ours := strings.CutPrefix(fields[0], mountSource)
		pid, err := strconv.Atoi(id)
		if ours && err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			unmount(fields[1])
		}
	}
}

// fill writes a file until the disk that a directory is on is full; removing the file frees it.
func (s *stage) fill(dir string) (ballast string) {
	ballast = filepath.Join(dir, "ballast")
	file, err := os.Create(ballast)
	s.must("fill a disk", err)
	defer file.Close()
	if _, err = io.Copy(file, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		s.fail("fill a disk: got %v, want no space left", err)
	}
	return ballast
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
