package spool

import (
	"io"
	"path/filepath"
	"slices"
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
		case h.Number > 0:
			r.last = h.Number // passed over, so that one who asks for it later goes back
		}
	}
}

// seek opens the segment that holds a number. The disk is not waited for under the lock, which promises of Kafka take; so the segment may go
// while it is opened, and then another is looked for.
func (l *log) seek(from uint64) error {
	for {
		l.leave()
		index, ok := l.holding(from)
		if !ok {
			return io.EOF
		}
		if err := l.enter(index); l.has(index) {
			return err
		}
	}
}

// holding is the segment that a number is in, or would be; false: there is none.
func (l *log) holding(number uint64) (index int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reader.generation = l.generation
	for i, s := range l.segments {
		if i == 0 || s.first <= number {
			index = s.index
		}
	}
	return index, len(l.segments) > 0
}

// has reports whether a segment that the reader was sent to is there still.
func (l *log) has(index int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := func(s span) bool { return s.index == index }
	return l.reader.generation == l.generation && slices.ContainsFunc(l.segments, at)
}

// isAnew reports whether all segments have gone since the reader began.
func (l *log) isAnew() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reader.generation != l.generation
}

func (l *log) leave() {
	if l.reader.open != nil {
		l.reader.open.close()
	}
	l.reader.open, l.reader.last = nil, 0
}

// enter opens a segment, and blocks on the disk.
func (l *log) enter(index int) (err error) {
	l.reader.open, err = openSegment(l.dir, index)
	l.reader.index = index
	return err
}

// readRecord reads the next intact record, from segment to segment; io.EOF where no durable one is left.
func (l *log) readRecord() (head, []byte, error) {
	r := &l.reader
	for {
		size := l.durableSize(r.index)
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
			l.keepDamaged(r.index, damage{r.open.began, r.open.at})
			continue
		}
		if err != io.EOF {
			return head{}, nil, err
		}
		if more, err := l.advance(size); err != nil {
			return head{}, nil, err
		} else if !more {
			return head{}, nil, io.EOF
		}
	}
}

// durableSize is what of a segment may be read; 0: it was given back.
func (l *log) durableSize(index int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader.generation == l.generation {
		for _, s := range l.segments {
			if s.index == index {
				return s.size
			}
		}
	}
	return 0
}

// advance goes on to the segment behind the one that was read up to a size, which may be given back already, as the next may be while it is
// opened. It reports whether there is more.
func (l *log) advance(size int64) (bool, error) {
	from, last := l.reader.index, l.reader.last
	for {
		next, more := l.behind(from, size)
		if !more || next == from {
			return more, nil
		}
		l.leave()
		l.reader.last = last
		if err := l.enter(next); err == nil || l.has(next) {
			return err == nil, err
		}
	}
}

// behind is the segment to read on in when one was read up to a size: the same where more is in it by now, else the next; false: there is none.
func (l *log) behind(index int, size int64) (next int, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader.generation != l.generation {
		return 0, false // the next Read seeks
	}
	for _, s := range l.segments {
		if s.index > index || s.index == index && s.size > size {
			return s.index, true
		}
	}
	return 0, false
}

func (l *log) durableNumber() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// countLost counts the entries from one number up to another as set aside, where damage was met; damage may also have cost none.
func (l *log) countLost(from, to uint64) {
	r := &l.reader
	if from = max(from, r.counted+1); r.damaged && from < to {
		r.counted = to - 1
		l.lose(to - from)
	}
	r.damaged = false
}

func (l *log) lose(entries uint64) {
	l.spool.setAside.Add(float64(entries))
	l.spool.log.Error("entries of the spool are damaged; their bytes are set aside", "lane", l.lane, "entries", entries, "folder", l.spool.asideDir())
}

// keepDamaged copies damaged bytes to where a person can look at them.
func (l *log) keepDamaged(index int, d damage) { l.keep(l.reader.open, index, d) }

func (l *log) keep(s *segment, index int, d damage) (kept bool) {
	name := l.lane + "-" + filepath.Base(wlog.SegmentName("", index)) + "-" + strconv.FormatInt(d.from, 10)
	b := make([]byte, d.to-d.from)
	_, err := s.file.ReadAt(b, d.from)
	if err == nil || err == io.EOF {
		err = l.spool.putAside(name, b)
	}
	if err != nil {
		l.spool.log.Error("damaged bytes of the spool cannot be set aside", "file", filepath.Join(l.spool.asideDir(), name), "error", err)
	}
	return err == nil
}
