package kafkatest

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// child is a started process of ours.
type child struct {
	proc *os.Process
	done chan struct{} // closed when it has ended and been waited for

	mu  sync.Mutex
	err error // how it ended
}

// startChild starts cmd so that it dies with this process where the system can do that (Linux), however this one dies.
//
// Linux sends that signal when the *thread* that started the child ends, and Go ends threads as it likes. So one
// goroutine holds a thread for the whole life of the child: it starts it, and waits for it, on that thread.
func startChild(cmd *exec.Cmd) (*child, error) {
	c := &child{done: make(chan struct{})}
	started := make(chan error)
	dieWithParent(cmd)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		c.proc = cmd.Process
		started <- err
		if err != nil {
			return
		}
		c.ended(cmd.Wait())
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) ended(err error) {
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
	close(c.done)
}

// running reports whether the process has not ended yet.
func (c *child) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// result is nil while it runs and after it ended well.
func (c *child) result() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// kill ends the process at once and returns when it is gone. To kill one that has ended is fine.
func (c *child) kill() {
	_ = c.proc.Kill() // os.ErrProcessDone
	<-c.done
}

// ends waits for the process to end by itself, at most so long.
func (c *child) ends(within time.Duration) bool {
	select {
	case <-c.done:
		return true
	case <-time.After(within):
		return false
	}
}
