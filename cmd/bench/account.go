package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc, the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpuTime is the CPU time, user and system, that a process has used so far, to 10 ms.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(stat, []byte(") ")) // the name, in parentheses, may hold spaces
	return ticks(strings.Fields(string(after)), 11, 12)
}

// machineTime is the CPU time that all processes of the machine have used so far, and the time that a hypervisor gave to other
// machines while these processes wanted it, both to 10 ms.
func machineTime() (busy, stolen time.Duration, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line)
	if busy, err = ticks(fields, 1, 2, 3, 6, 7); err != nil { // user nice system irq softirq
		return 0, 0, err
	}
	stolen, err = ticks(fields, 8)
	return busy, stolen, err
}

func ticks(fields []string, at ...int) (time.Duration, error) {
	var sum time.Duration
	for _, i := range at {
		if i >= len(fields) {
			return 0, fmt.Errorf("%d fields in stat, want over %d", len(fields), i)
		}
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading stat: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// memory is VmHWM (the highest so far) or VmRSS (now) of a process, in MiB.
func memory(pid int, field string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), field+":")
	var kib float64
	if _, err := fmt.Sscanf(after, "%f kB", &kib); err != nil {
		return 0, fmt.Errorf("reading %s: %w", field, err)
	}
	return kib / 1024, nil
}

// resetPeak makes VmHWM of a process start again from what it has now.
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// meter reads the CPU time of the server, the generator (this process) and the machine at one moment.
type meter struct{ server, generator, machine, stolen time.Duration }

func readMeter(pid int) (m meter, err error) {
	if m.server, err = cpuTime(pid); err != nil {
		return m, err
	}
	if m.generator, err = cpuTime(os.Getpid()); err != nil {
		return m, err
	}
	m.machine, m.stolen, err = machineTime()
	return m, err
}

func (m meter) since(start meter) meter {
	return meter{m.server - start.server, m.generator - start.generator, m.machine - start.machine, m.stolen - start.stolen}
}
