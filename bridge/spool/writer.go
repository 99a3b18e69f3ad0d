package spool

import (
	"os"
	"time"

	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"

	"qlikbridge/bridge/file"
)

// writer writes a log's youngest segment. The zero value has none open.
type writer struct {
	wal    *wlog.WL
	broken bool // a write failed, and left a part of a record behind what is durable
}

// write appends records to the log, and has them durable before it returns where that is asked for. After an error none of them is there.
func (w *writer) write(l *log, records [][]byte, durable bool) error {
	size := sizes(records)
	if err := l.spool.reserve(size, !durable); err != nil {
		return err
	}
	if err := w.commit(l, records, size, durable); err != nil {
		w.broken = w.wal != nil
		l.spool.bytes.Add(-size)
		return err
	}
	return nil
}

// sizes is the most that records take in a segment, in bytes.
func sizes(records [][]byte) int64 {
	size := 0
	for _, r := range records {
		size += len(r) + fragmentBytes*(len(r)/(pageBytes-fragmentBytes)+2)
	}
	return int64(size)
}

func (w *writer) commit(l *log, records [][]byte, size int64, durable bool) error {
	if err := w.ready(l, size); err != nil {
		return err
	}
	if err := w.wal.Log(records...); err != nil {
		return err
	}
	if durable {
		began := time.Now()
		if err := w.wal.Sync(); err != nil {
			return err
		}
		l.spool.fsync.Observe(time.Since(began).Seconds())
	}
	_, used, err := w.wal.LastSegmentAndOffset()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.segments[len(l.segments)-1]
	l.spool.bytes.Add(int64(used) - s.size - size) // what was reserved becomes what is there
	s.size = int64(used)
	return nil
}

// ready has a segment open that the records fit into: one that is left in the middle of a batch would be synced behind our back, and an error of
// that only logged.
func (w *writer) ready(l *log, size int64) error {
	if w.broken {
		if err := w.mend(l); err != nil {
			return err
		}
	}
	if w.wal == nil {
		return w.open(l)
	}
	if used := l.youngest().size; used > 0 && used+size > segmentBytes-pageBytes {
		if _, err := w.wal.NextSegment(); err != nil {
			return err
		}
		return w.entered(l)
	}
	return nil
}

// open begins a new segment: package wlog never appends to one that was there before, so a torn tail stays behind.
func (w *writer) open(l *log) (err error) {
	if err = os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	if w.wal, err = wlog.NewSize(nil, nil, l.dir, segmentBytes, compression.None); err != nil {
		w.wal = nil
		return err
	}
	if err = w.entered(l); err != nil {
		_ = w.wal.Close()
		w.wal = nil
		return err
	}
	return file.SyncFolder(l.spool.dir)
}

func (w *writer) entered(l *log) error {
	index, used, err := w.wal.LastSegmentAndOffset()
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.segments = append(l.segments, span{index: index, first: l.durable + 1, size: int64(used)})
	l.mu.Unlock()
	return file.SyncFolder(l.dir)
}

// mend cuts what a failed write left and begins a new segment.
func (w *writer) mend(l *log) error {
	s := l.youngest()
	name := wlog.SegmentName(l.dir, s.index)
	if err := os.Truncate(name, s.size); err != nil { // makes room for what Close still writes
		return err
	}
	if err := w.wal.Close(); err != nil {
		return err
	}
	w.wal = nil
	if err := os.Truncate(name, s.size); err != nil {
		return err
	}
	w.broken = false
	return w.open(l)
}

// drop closes the youngest segment of those that are about to be removed.
func (w *writer) drop(l *log, gone []span) {
	if w.wal != nil { // what is in it is settled, and a full disk needs room for what Close writes
		_ = os.Truncate(wlog.SegmentName(l.dir, gone[len(gone)-1].index), 0)
		_ = w.wal.Close()
	}
	w.wal, w.broken = nil, false
}

// close makes the last mark durable.
func (w *writer) close(l *log) {
	if w.wal == nil {
		return
	}
	if err := w.wal.Close(); err != nil {
		l.spool.log.Warn("the spool's log was not closed in order; a few events may be published again", "lane", l.lane, "error", err)
	}
}

func (l *log) youngest() span {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[len(l.segments)-1]
}
