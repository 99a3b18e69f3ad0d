package spool

import (
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prometheus/prometheus/tsdb/wlog"

	"qlikbridge/bridge"
)

// reader is where Read has come to. The zero value is at no place.
type reader struct {
	open       *segment
	index      int    // of the segment
	last       uint64 // the number that was read last
	damaged    bool   // since then
	generation int
	counted    uint64 // entries up to here are counted, where they were lost
}

// Read implements bridge.Log.
func (l *log) Read(from uint64) (bridge.Entry, error) {
	r := &l.reader
	if r.open == nil || from <= r.last || l.isAnew() {
		if err := l.seek(from); err != nil {
			return bridge.Entry{}, err
		}
	}
	for {
		h, body, err := l.readRecord()
		switch {
		case err != nil:
			if err == io.EOF {
				l.countLost(from, l.durableNumber()+1)
			}
			return bridge.Entry{}, err
		case h.Number >= from:
			l.countLost(from, h.Number)
			r.last, r.damaged = h.Number, false
			return h.entry(body), nil
		}
	}
}

// seek opens the segment that holds a number.
func (l *log) seek(from uint64) error {
	l.mu.Lock()
	at := 0
	for i, s := range l.segments {
		if s.first <= from {
			at = i
		}
	}
	var index int
	found := len(l.segments) > 0
	if found {
		index = l.segments[at].index
	}
	l.mu.Unlock()
	l.leave()
	if !found {
		return io.EOF
	}
	return l.enter(index)
}

// isAnew reports whether all segments have gone since the reader began.
func (l *log) isAnew() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.reader.generation
	l.reader.generation = l.generation
	return before != l.generation
}

func (l *log) leave() {
	if l.reader.open != nil {
		l.reader.open.close()
	}
	l.reader.open, l.reader.last = nil, 0
}

func (l *log) enter(index int) (err error) {
	l.reader.open, err = openSegment(l.dir, index)
	l.reader.index = index
	return err
}

// readRecord reads the next intact record, from segment to segment; io.EOF where no durable one is left.
func (l *log) readRecord() (head, []byte, error) {
	r := &l.reader
	for {
		size, next := l.durableSize(r.index)
		record, lost, err := r.open.next(size)
		for _, d := range lost {
			r.damaged = true
			l.keepDamaged(r.index, d)
		}
		if err == nil {
			h, body, err := decode(record)
			if err == nil {
				return h, body, nil
			}
			r.damaged = true
			continue
		}
		if next < 0 {
			return head{}, nil, err
		}
		last := r.last
		l.leave()
		r.last = last
		if err := l.enter(next); err != nil {
			return head{}, nil, err
		}
	}
}

// durableSize is what of a segment may be read, and the segment after it; -1: none.
func (l *log) durableSize(index int) (size int64, next int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.segments {
		if s.index == index && i+1 < len(l.segments) {
			return s.size, l.segments[i+1].index
		}
		if s.index == index {
			return s.size, -1
		}
	}
	return 0, -1
}

func (l *log) durableNumber() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// countLost counts the entries from one number up to another as set aside, where damage was met.
func (l *log) countLost(from, to uint64) {
	if !l.reader.damaged {
		return
	}
	from = max(from, l.reader.counted+1)
	if to <= from { // a tail that was cut: at least one
		to = from + 1
	}
	l.reader.counted, l.reader.damaged = to-1, false
	l.spool.setAside.Add(float64(to - from))
	l.spool.log.Error("entries of the spool are damaged; their bytes are set aside", "lane", l.lane, "entries", to-from, "folder", l.spool.asideDir())
}

// keepDamaged copies damaged bytes to where a person can look at them.
func (l *log) keepDamaged(index int, d damage) {
	name := filepath.Join(l.spool.asideDir(), l.lane+"-"+filepath.Base(wlog.SegmentName("", index))+"-"+strconv.FormatInt(d.from, 10))
	err := os.MkdirAll(l.spool.asideDir(), 0o700)
	if err == nil {
		b := make([]byte, d.to-d.from)
		if _, err = l.reader.open.file.ReadAt(b, d.from); err == nil || err == io.EOF {
			err = os.WriteFile(name, b, 0o600)
		}
	}
	if err != nil {
		l.spool.log.Error("damaged bytes of the spool cannot be set aside", "file", name, "error", err)
	}
}
