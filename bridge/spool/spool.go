package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"qlikbridge/bridge"
	"qlikbridge/bridge/file"
)

var _ bridge.Spool = (*Spool)(nil)

// Spool is the folder of all logs. It is safe for concurrent use.
type Spool struct {
	// Fixed.
	dir      string
	maxBytes int64
	log      *slog.Logger
	lock     *flock.Flock
	lanes    []string // that held entries when it was opened
	setAside prometheus.Counter
	fsync    prometheus.Histogram

	bytes   atomic.Int64 // on disk, or reserved to be
	waiting atomic.Int64 // bytes of entries that are not on disk yet
	stalled atomic.Int64 // writes that take too long
	broken  atomic.Pointer[bridge.Refusal]

	mu     sync.Mutex      // guards what follows
	logs   map[string]*log // :: lane -> its log
	closed bool

	asideMu    sync.Mutex // held while something is set aside, or counted there
	asideBytes int64      // what of bytes is in .set-aside

	ended  chan struct{}
	probes sync.WaitGroup // and whatever else looks at the disk now and then
}

// Names in the folder, beside those of lanes.
const (
	lockName  = ".lock"
	asideName = ".set-aside"
	probeName = ".probe"
	foundName = "lost+found" // of a disk that is mounted there; not ours to read
)

// lockEvery is the pause between two tries for the lock.
const lockEvery = 100 * time.Millisecond

var errLocked = errors.New("it is locked")

// Open opens the spool, makes its folder where there is none, and reads what an earlier process left in it. It fails where another process has
// the folder, after LockTimeout, or the disk does not take a file; the error names the setting. A nil registerer registers nothing.
func Open(c Config, reg prometheus.Registerer, logger *slog.Logger) (*Spool, error) {
	s := &Spool{dir: c.Dir, maxBytes: c.MaxBytes, log: logger, logs: map[string]*log{}, ended: make(chan struct{})}
	s.register(reg)
	if err := errors.Join(os.MkdirAll(c.Dir, 0o700), file.SyncFolder(filepath.Dir(c.Dir))); err != nil {
		return nil, fmt.Errorf("spool.dir: %w (name a folder that can be written, or set spool.enabled to false)", err)
	}
	if err := s.lockFolder(c.LockTimeout); err != nil {
		return nil, fmt.Errorf("spool.dir %s: another process uses it, or it cannot be written (%w); each instance needs a folder of its own", c.Dir, err)
	}
	probed := s.probe()
	if probed != nil && refusal(probed).Reason == bridge.SpoolFull {
		defer s.fail(probed) // what it holds can be replayed, and makes room
		probed = nil
	}
	if err := errors.Join(probed, s.countAside(), s.recover()); err != nil {
		_ = s.lock.Close()
		return nil, fmt.Errorf("spool.dir %s: %w", c.Dir, err)
	}
	s.probes.Go(s.watchAside)
	return s, nil
}

// lockFolder waits for the process that has the folder: where a pod is deleted by force, its successor can be there before it has ended.
func (s *Spool) lockFolder(atMost time.Duration) error {
	s.lock = flock.New(filepath.Join(s.dir, lockName))
	ours, err := s.lock.TryLock()
	if err == nil && !ours && atMost > 0 {
		s.log.Warn("another process has the spool's folder: waiting for its end", "spool.dir", s.dir, "lock_timeout", atMost.String())
		ctx, cancel := context.WithTimeout(context.Background(), atMost)
		defer cancel()
		ours, err = s.lock.TryLockContext(ctx, lockEvery)
	}
	if err == nil && !ours {
		err = errLocked
	}
	return err
}

func (s *Spool) register(reg prometheus.Registerer) {
	with := promauto.With(reg)
	s.setAside = with.NewCounter(prometheus.CounterOpts{Name: "qlik_bridge_spool_set_aside_total",
		Help: "Entries of the spool that were damaged on disk, or that no topic takes, and are set aside: look into .set-aside below spool.dir."})
	s.fsync = with.NewHistogram(prometheus.HistogramOpts{Name: "qlik_bridge_spool_fsync_seconds",
		Help: "How long the disk takes to make a batch of entries durable.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 15)})
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "qlik_bridge_spool_bytes", Help: "Bytes on disk that the spool takes."},
		func() float64 { return float64(s.bytes.Load()) })
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "qlik_bridge_spool_max_bytes", Help: "Bytes on disk that the spool may take (spool.max_bytes)."},
		func() float64 { return float64(s.maxBytes) })
}

// recover opens the log of each lane that has a folder.
func (s *Spool) recover() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == asideName || e.Name() == foundName {
			continue
		}
		l := newLog(s, e.Name())
		if err := l.recover(); err != nil {
			return fmt.Errorf("lane %s: %w", e.Name(), err)
		}
		s.start(l)
		if l.first <= l.last {
			s.lanes = append(s.lanes, e.Name())
		}
	}
	return nil
}

// Lanes implements bridge.Spool.
func (s *Spool) Lanes() []string { return s.lanes }

// Log implements bridge.Spool.
func (s *Spool) Log(lane string) (bridge.Log, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.logs[lane]; ok {
		return l, nil
	}
	if s.closed {
		return nil, os.ErrClosed
	}
	return s.start(newLog(s, lane)), nil // it has no folder, else recover had met it
}

func (s *Spool) start(l *log) *log {
	s.logs[l.lane] = l
	go l.run()
	return l
}

func (s *Spool) asideDir() string { return filepath.Join(s.dir, asideName) }

// Room implements bridge.Spool.
func (s *Spool) Room() error {
	if why := s.broken.Load(); why != nil {
		return why
	}
	if held := s.bytes.Load(); held+largestRecord/2 > s.maxBytes {
		return bridge.Refuse(bridge.SpoolFull, "the spool takes %d of %d bytes (spool.max_bytes)", held, s.maxBytes)
	}
	return s.slow()
}

// reserve takes bytes of the spool's share; what is not used is given back. A mark is always let in, since it leads to room.
func (s *Spool) reserve(size int64, mark bool) error {
	if why := s.broken.Load(); why != nil {
		return why
	}
	if held := s.bytes.Add(size); held > s.maxBytes && !mark {
		s.bytes.Add(-size)
		return bridge.Refuse(bridge.SpoolFull, "the spool takes %d of %d bytes (spool.max_bytes)", held-size, s.maxBytes)
	}
	return nil
}

// refusal is an error of the disk as senders are told it.
func refusal(err error) *bridge.Refusal {
	var why *bridge.Refusal
	switch {
	case errors.As(err, &why):
		return why
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &bridge.Refusal{Reason: bridge.SpoolFull, Err: err}
	}
	return &bridge.Refusal{Reason: bridge.SpoolError, Err: err}
}

// Close makes what is settled durable and ends. Nothing is appended or read any more. It waits for the disk until ctx ends; after that the folder stays
// locked until the process has ended, since a write may still come through.
func (s *Spool) Close(ctx context.Context) error {
	s.mu.Lock()
	logs := s.logs
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		return nil
	}
	close(s.ended)
	done := make(chan struct{})
	go func() {
		for _, l := range logs {
			l.close()
		}
		s.probes.Wait()
		close(done)
	}()
	select {
	case <-done:
		return s.lock.Close()
	case <-ctx.Done():
		return fmt.Errorf("spool.dir %s: the disk does not end a write: %w", s.dir, ctx.Err())
	}
}
