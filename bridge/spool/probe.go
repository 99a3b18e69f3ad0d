package spool

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/file"
)

// A disk that failed is tried with a file of so many bytes, so often: it is of use again when it takes the largest entry.
const (
	probeBytes    = 2 << 20
	probeInterval = time.Second
)

// fail notes that the disk does not take entries, and has it tried until it does.
func (s *Spool) fail(err error) {
	var why *bridge.Refusal
	if errors.As(err, &why) || !s.broken.CompareAndSwap(nil, refusal(err)) {
		return // our own bound, or known
	}
	s.log.Error("the disk of the spool takes nothing: while Kafka is away deliveries are answered 503", "error", err)
	s.probes.Go(func() {
		for s.pause(probeInterval) {
			if s.probe() == nil {
				s.broken.Store(nil)
				s.log.Info("the disk of the spool takes entries again")
				return
			}
		}
	})
}

// pause waits; false: the spool is closed.
func (s *Spool) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ended:
		return false
	}
}

// probe has the disk take a file durably.
func (s *Spool) probe() error {
	name := filepath.Join(s.dir, probeName)
	err := file.Write(name, make([]byte, probeBytes))
	if left := os.Remove(name); !os.IsNotExist(left) {
		err = errors.Join(err, left)
	}
	return err
}
