package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// errLocked is returned by tryLock while another process has the file.
var errLocked = errors.New("locked by another process")

// lockFile waits until this process alone has the file, or ctx ends. The lock goes with the process, however that dies.
func lockFile(ctx context.Context, name string) (unlock func(), err error) {
	for {
		unlock, err = tryLock(name)
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s: %w", name, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// tryLock does not wait. The file itself stays when the lock is given up: removing it would let two have "it".
func tryLock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { f.Close() }, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	return nil, fmt.Errorf("locking %s: %w", name, err)
}
