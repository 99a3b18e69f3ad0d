package bridge

import "time"

// Spool keeps deliveries on disk while Kafka does not take them. It is safe for concurrent use.
type Spool interface {
	// Lanes names the lanes that held entries when the spool was opened.
	Lanes() []string
	// Log returns the log of a lane, made when it is first asked for. The error is one of the disk.
	Log(lane string) (Log, error)
	// Room says why no entry can be taken now (no room left, a disk that fails), nil where one can.
	Room() error
}

// Log holds the entries of one lane in the order of their numbers, which begin at 1 and have no gaps but where an entry was lost to the disk.
type Log interface {
	// Append numbers an entry and has it written; it does not block, and has copied what it needs of d when it returns. done is called exactly
	// once, from another goroutine and in the order of the numbers: with nil once the entry is durable (fsync), else with a *Refusal; then it
	// is not to be relied on, and may yet be read.
	Append(d Delivery, done func(number uint64, err error)) (number uint64)
	// Read returns the first intact entry whose number is from or more, io.EOF where no durable one is left. What it passes over is
	// damaged, and was set aside. It blocks on the disk, and is for one goroutine at a time.
	Read(from uint64) (Entry, error)
	// Settle says that entries up to a number are not needed any more. It does not block; after a crash a few may be there again.
	Settle(through uint64)
	// SetAside keeps an entry durably where a person finds it, since no topic takes it. It blocks on the disk; the error is one of the disk.
	SetAside(Entry) error
	// Span is the entries to replay, as the log was opened: the first and the last number. There are none where first > last.
	Span() (first, last uint64)
}

// Entry is a delivery in a log.
type Entry struct {
	Number   uint64
	Delivery Delivery
}

// Held is what a spool holds at one moment.
type Held struct {
	Events int64     // entries that Kafka has not acknowledged
	Oldest time.Time // when the oldest of them was received; zero: there is none
}
