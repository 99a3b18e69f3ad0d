package spool

import (
	"io"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// recover reads what an earlier process left: which entries there are, and how far they are settled.
func (l *log) recover() error {
	first, last, err := wlog.Segments(l.dir)
	if err != nil {
		return err
	}
	for index := max(first, 0); index <= last; index++ {
		if err := l.recoverSegment(index, index == last); err != nil {
			return err
		}
	}
	l.durable = l.next - 1
	l.settled = min(l.settled, l.durable)
	l.first, l.last = l.settled+1, l.durable
	if l.first > l.last {
		l.remove(len(l.segments))
	}
	return nil
}

// recoverSegment looks at each record. Only damage at the very end is counted here: any other, Read meets again.
func (l *log) recoverSegment(index int, youngest bool) error {
	s, err := openSegment(l.dir, index)
	if err != nil {
		return err
	}
	defer s.close()
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	l.spool.bytes.Add(info.Size())
	l.segments = append(l.segments, span{index: index, first: l.next, size: info.Size()})
	for {
		record, lost, err := s.next(info.Size())
		if err == io.EOF {
			if youngest && len(lost) > 0 {
				l.recoverTail(s, index, lost)
			}
			return nil
		}
		if h, _, err := decode(record); err == nil {
			l.next = max(l.next, h.Number+1)
			l.settled = max(l.settled, h.Settled)
		}
	}
}

// recoverTail keeps what was cut off or damaged at the end of the log. It may never have been answered, or have been: that cannot be told.
func (l *log) recoverTail(s *segment, index int, lost []damage) {
	l.reader = reader{open: s, damaged: true}
	for _, d := range lost {
		l.keepDamaged(index, d)
	}
	l.countLost(l.next, l.next)
	l.reader = reader{}
}
