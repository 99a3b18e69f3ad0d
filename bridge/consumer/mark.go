package consumer

import "qlikbridge/bridge/marks"

// mark is how far a partition is done, as it is committed. Keys run in parallel, so that much may be done beyond the oldest event that is not:
// one offset cannot say that. Kafka keeps a text beside a committed offset, its metadata, and there stands the rest. So who has the partition
// next, after a stop or a rebalance, handles nothing again, and need not wait for events that were going to be tried again.
//
// Another client that takes over the group reads the offset alone, and handles again what is done beyond it. An offset that somebody sets has
// another text or none.
type mark struct {
	offset     int64   // the oldest that is not done: what Kafka calls the committed offset
	until      int64   // before it, everything is done but what follows
	unfinished []int64 // ascending, offset the first; empty: until is offset
}

// metadata is the text.
func (m mark) metadata() string { return marks.Done{Until: m.until, Unfinished: m.unfinished}.Text() }

// parseMark reads what stands committed.
func parseMark(offset int64, metadata string) mark {
	done := marks.Parse(offset, metadata)
	return mark{offset, done.Until, done.Unfinished}
}
