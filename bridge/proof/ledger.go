package proof

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Attempt is one POST and what came of it, or the end of trying: one line of the ledger.
type Attempt struct {
	ID         string        `json:"id"`
	Key        string        `json:"key"`
	Seq        int           `json:"seq"`
	Began      time.Time     `json:"began"`
	Took       time.Duration `json:"took_ns"`
	Status     int           `json:"status,omitempty"` // 0: no answer
	Outcome    string        `json:"outcome,omitempty"`
	Reason     string        `json:"reason,omitempty"` // of a refusal
	RetryAfter string        `json:"retry_after,omitempty"`
	Topic      string        `json:"topic,omitempty"` // this and the following: where the answer says that it is
	Partition  int32         `json:"partition,omitempty"`
	Offset     int64         `json:"offset,omitempty"`
	Instance   string        `json:"instance,omitempty"` // which bridge answered, where there are several
	Error      string        `json:"error,omitempty"`    // of the connection
	HungUp     bool          `json:"hung_up,omitempty"`  // the sender did not want to wait longer
	GivenUp    bool          `json:"given_up,omitempty"` // no POST: the event is not sent again
}

// Acknowledged reports whether the event was promised.
func (a Attempt) Acknowledged() bool { return a.Status/100 == 2 }

// Ended is when the answer was there.
func (a Attempt) Ended() time.Time { return a.Began.Add(a.Took) }

// Ledger is the sender's account of what was promised to it, in a file. What it took for is on disk, so that the account outlives
// this program. Safe for concurrent use.
type Ledger struct {
	file    *os.File
	entries chan entry
	done    chan struct{}
}

type entry struct {
	attempt Attempt
	written chan error
}

// CreateLedger makes the file; one that is there already is an error.
func CreateLedger(path string) (*Ledger, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	l := &Ledger{file: file, entries: make(chan entry, 1024), done: make(chan struct{})}
	go l.run()
	return l, nil
}

// write blocks until the attempt is on disk.
func (l *Ledger) write(a Attempt) error {
	e := entry{a, make(chan error, 1)}
	l.entries <- e
	return <-e.written
}

// Close returns when all is written. No write may come after it.
func (l *Ledger) Close() error {
	close(l.entries)
	<-l.done
	return l.file.Close()
}

func (l *Ledger) run() {
	defer close(l.done)
	for first := range l.entries {
		batch := append([]entry{first}, l.waiting()...)
		err := l.commit(batch)
		for _, e := range batch {
			e.written <- err
		}
	}
}

// waiting takes what has gathered while the last batch was written.
func (l *Ledger) waiting() (more []entry) {
	for range len(l.entries) {
		e, open := <-l.entries
		if !open {
			return more
		}
		more = append(more, e)
	}
	return more
}

func (l *Ledger) commit(batch []entry) error {
	var lines []byte
	for _, e := range batch {
		line, err := json.Marshal(e.attempt)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	if _, err := l.file.Write(lines); err != nil {
		return err
	}
	return l.file.Sync()
}

// ReadLedger returns all attempts of a ledger, of one that is still written, too. It leaves out a last line without its end: nobody went on from it.
func ReadLedger(path string) ([]Attempt, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []Attempt
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var a Attempt
		if err == nil {
			err = json.Unmarshal(line, &a)
		}
		if err != nil {
			return nil, fmt.Errorf("ledger %s, line %d: %w", path, len(all)+1, err)
		}
		all = append(all, a)
	}
}
