package bridge

import "time"

// backlog says how far the entries of a log have come. Numbers below low are settled; of those from low on, some are settled too, some are
// in flight, and what replay has not come to yet begins at cursor.
type backlog struct {
	last    uint64              // the number of the youngest entry
	durable uint64              // the youngest whose writing has ended
	low     uint64              // the oldest that is not settled
	settled map[uint64]struct{} // those from low on that are
	flying  map[uint64]flying   // those that a Publisher has not settled yet
	cursor  uint64              // the next to replay
	refused uint64              // the oldest that Kafka refused since replay went back last; 0: none
	reading time.Time           // when the entry that replay read last was received, or the first where it has read none since the log was empty

	// Entries whose record Kafka will never take are read once more, and become dead letters. back is the oldest of them; 0: none.
	unwanted map[uint64]*Refusal
	back     uint64

	// The window lets one record try Kafka first, and opens as it acknowledges (as TCP's slow start does).
	window  int           // how many entries replay may have in flight
	flights int           // how many it has
	bytes   int           // of their bodies
	acked   bool          // Kafka has taken one since it last refused one
	pause   time.Duration // before the next try after a refusal
}

// flying is an entry that Kafka may or may not have.
type flying struct {
	began    time.Time // when it was produced
	received time.Time
}

// What replay may have in flight in one lane and in all, in bytes of bodies, and how long it waits after a refusal. A body in flight takes about three
// times its size in memory, with its record and the batches that franz-go makes; one of a lane may always fly.
const (
	widestWindow   = 1024
	flyingBytes    = 1 << 20
	allFlyingBytes = 4 << 20
	firstPause     = 100 * time.Millisecond
	longestPause   = 5 * time.Second
)

func newBacklog(first, last uint64) backlog {
	return backlog{last: last, durable: last, low: first, cursor: first, settled: map[uint64]struct{}{}, flying: map[uint64]flying{},
		unwanted: map[uint64]*Refusal{}, window: 1, pause: firstPause}
}

// settle notes that an entry needs nothing more, and reports whether low rose.
func (b *backlog) settle(number uint64) bool {
	if number < b.low {
		return false
	}
	b.settled[number] = struct{}{}
	before := b.low
	for b.isSettled(b.low) {
		delete(b.settled, b.low)
		b.low++
	}
	return b.low > before
}

func (b *backlog) isSettled(number uint64) bool {
	_, ok := b.settled[number]
	return ok
}

// skip moves the cursor back to what is to be read once more, and past entries that are settled or in flight. It is for the goroutine that reads, so
// that nobody moves the cursor under it.
func (b *backlog) skip() {
	if b.back > 0 {
		b.cursor, b.back = min(b.cursor, b.back), 0
	}
	b.cursor = max(b.cursor, b.low)
	for b.cursor <= b.last {
		if _, flies := b.flying[b.cursor]; !flies && !b.isSettled(b.cursor) {
			return
		}
		b.cursor++
	}
}

// mayReplay reports whether there is a durable entry at the cursor, and room for it in the window and among all that fly in all lanes. First produces come to their end before: one that
// Kafka refuses, and of which that is not known yet, would be overtaken.
func (b *backlog) mayReplay(all int64) bool {
	b.skip()
	room := b.flights == 0 || b.bytes < flyingBytes && all < allFlyingBytes
	return len(b.flying) == b.flights && b.cursor <= b.durable && b.flights < b.window && room
}

// probe begins with one record, when Kafka did not take another.
func (b *backlog) probe() { b.acked, b.window, b.pause = false, 1, firstPause }

// acknowledge and refuse tell the window how Kafka does.
func (b *backlog) acknowledge() {
	b.acked, b.pause = true, firstPause
	b.window = min(b.window+1, widestWindow)
}

func (b *backlog) refuse(number uint64) {
	b.acked, b.window = false, 1
	if b.refused == 0 || number < b.refused {
		b.refused = number
	}
}

// goBack has replay begin anew with the oldest entry that was refused, once nothing is in flight any more: what is behind it in order is
// not to overtake it. It returns how long to wait before that.
func (b *backlog) goBack() time.Duration {
	wait := b.pause
	b.cursor, b.refused, b.pause = min(b.cursor, b.refused), 0, min(2*b.pause, longestPause)
	return wait
}

// keepsUp reports whether each durable entry is settled, or was produced just now and Kafka takes records. Where no other entries are being
// written the lane may be direct again: what is produced directly comes behind, since the Publisher keeps the order.
func (b *backlog) keepsUp(now time.Time, patience time.Duration) bool {
	b.skip()
	switch {
	case b.refused > 0 || b.cursor <= b.durable:
		return false
	case len(b.flying) == 0:
		return b.acked || b.cursor > b.last
	}
	return b.acked && now.Sub(b.flying[b.low].began) < patience
}

// held says how much is not settled.
func (b *backlog) held() Held {
	h := Held{Events: int64(b.last+1-b.low) - int64(len(b.settled))}
	if h.Events > 0 {
		h.Oldest = b.reading
		if f, ok := b.flying[b.low]; ok {
			h.Oldest = f.received
		}
	}
	return h
}
