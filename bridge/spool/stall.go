package spool

import (
	"time"

	"qlikbridge/bridge"
)

// A disk may hang without an error (a network volume, a controller). Then entries would pile up in memory while their senders are told to try
// again, so the spool takes nothing once a write has lasted this long, or so many bytes wait for their write.
const (
	stallAfter   = time.Second
	waitingBytes = 16 << 20
)

// begin notes that a write begins; the function that it returns, that it has ended.
func (s *Spool) begin() (ended func()) {
	timer := time.AfterFunc(stallAfter, func() { s.stalled.Add(1) })
	return func() {
		if !timer.Stop() { // it has counted, or is about to
			s.stalled.Add(-1)
		}
	}
}

// slow says why the disk is too slow to take more.
func (s *Spool) slow() error {
	if s.stalled.Load() > 0 {
		return bridge.Refuse(bridge.SpoolSlow, "the disk of the spool has not ended a write for more than %s", stallAfter)
	}
	if waiting := s.waiting.Load(); waiting > waitingBytes {
		return bridge.Refuse(bridge.SpoolSlow, "%d bytes wait for the disk of the spool", waiting)
	}
	return nil
}
