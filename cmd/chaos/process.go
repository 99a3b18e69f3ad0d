package main

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a started child. Where the system can do that (Linux) it dies with this program, however this one dies.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it is gone

	peak   sync.Mutex
	peakMB float64 // the highest resident memory seen, in MiB
}

// startProcess holds a thread for the life of the child: Linux sends the signal of a parent's death when the *thread* ends that
// started the child, and Go ends threads as it likes.
func startProcess(command *exec.Cmd) (*process, error) {
	p := &process{command: command, ended: make(chan struct{})}
	started := make(chan error)
	dieWithParent(command)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // its code is asked for where it matters
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	go p.watchMemory()
	return p, nil
}

func (p *process) pid() int { return p.command.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill returns when the process is gone.
func (p *process) kill() {
	p.lookAtMemory()
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// terminate asks the process to end, kills it where it does not in time, and returns how long it took and its exit code (-1: killed).
func (p *process) terminate(atMost time.Duration) (time.Duration, int) {
	began := time.Now()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(atMost):
		p.kill()
	}
	return time.Since(began), p.command.ProcessState.ExitCode()
}

// watchMemory looks several times a second: what a killed process had used is not to be asked for any more.
func (p *process) watchMemory() {
	for p.running() {
		p.lookAtMemory()
		time.Sleep(200 * time.Millisecond)
	}
}

func (p *process) lookAtMemory() {
	mb := peakMemory(p.pid())
	p.peak.Lock()
	defer p.peak.Unlock()
	p.peakMB = max(p.peakMB, mb)
}

func (p *process) peakMemory() float64 {
	p.peak.Lock()
	defer p.peak.Unlock()
	return p.peakMB
}
