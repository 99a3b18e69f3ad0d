package spool

import (
	"io"
	"os"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// recover reads what an earlier process left: which entries there are, and how far they are settled.
func (l *log) recover() error {
	first, last, err := wlog.Segments(l.dir)
	if err != nil {
		return err
	}
	behind := false // there is damage behind the last intact entry
	for index := max(first, 0); index <= last; index++ {
		if behind, err = l.recoverSegment(index, index == last, behind); err != nil {
			return err
		}
	}
	if behind { // it may never have been answered, or have been, and be one entry or more: that cannot be told
		l.lose(1)
	}
	l.durable = l.next - 1
	l.settled = min(l.settled, l.durable)
	l.first, l.last = l.settled+1, l.durable
	if l.first > l.last {
		gone, _ := l.detach()
		l.remove(gone)
	}
	return nil
}

// recoverSegment looks at each record, and keeps what is damaged. Only damage behind the last intact entry is counted here: any other, Read meets
// again.
func (l *log) recoverSegment(index int, youngest, behind bool) (bool, error) {
	s, err := openSegment(l.dir, index)
	if err != nil {
		return behind, err
	}
	defer s.close()
	info, err := s.file.Stat()
	if err != nil {
		return behind, err
	}
	l.spool.bytes.Add(info.Size())
	l.segments = append(l.segments, span{index: index, first: l.next, size: info.Size()})
	for {
		record, lost, err := s.next(info.Size())
		kept := true
		for _, d := range lost {
			behind, kept = true, l.keep(s, index, d) && kept
		}
		if err == io.EOF {
			if youngest && kept && len(lost) > 0 {
				l.cut(s, lost[0].from)
			}
			return behind, nil
		}
		if err != nil {
			return behind, err
		}
		h, _, err := decode(record)
		if err != nil {
			behind = true
			l.keep(s, index, damage{s.began, s.at})
			continue
		}
		behind = behind && h.Number == 0
		l.next = max(l.next, h.Number+1, h.Settled+1) // no number that a mark calls settled is given again
		l.settled = max(l.settled, h.Settled)
	}
}

// cut cuts what is damaged at the end of the log and was kept, so that it is met once.
func (l *log) cut(s *segment, size int64) {
	youngest := &l.segments[len(l.segments)-1]
	if err := os.Truncate(s.file.Name(), size); err == nil {
		l.spool.bytes.Add(size - youngest.size)
		youngest.size = size
	}
}
