package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// dieWithParent has the kernel kill the process when the thread that starts it ends; startProcess says why that works.
func dieWithParent(command *exec.Cmd) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
}

// inOwnNetwork has the process begin in a network namespace of its own, which ends with it and what it starts.
func inOwnNetwork(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
}

// peakMemory is the most that a process has had in memory so far (VmHWM), in MiB; 0 where it is gone.
func peakMemory(pid int) float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	_, _ = fmt.Sscanf(after, "%f kB", &kib)
	return kib / 1024
}
