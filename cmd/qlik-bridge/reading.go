package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	readingStep  = 500              // records between two looks at the clock
	readingEvery = 10 * time.Second // between two lines
)

// reading tells how far a long reading has come: by a bar on a terminal, elsewhere by a line now and then. It is for work that writes nothing
// itself until it is done.
type reading struct {
	bar         *progressbar.ProgressBar // nil: lines
	w           io.Writer
	what        string
	total, done int64
	told        time.Time
}

func newReading(w io.Writer, what string, total int64) *reading {
	r := &reading{w: w, what: what, total: total, told: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && total > 1 {
		r.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return r
}

// Add counts one record.
func (r *reading) Add() {
	if r.done++; r.done%readingStep != 0 {
		return
	}
	if r.bar != nil {
		_ = r.bar.Set64(min(r.done, r.total))
	} else if now := time.Now(); now.Sub(r.told) >= readingEvery {
		r.told = now
		fmt.Fprintf(r.w, "%s: %d of %d\n", r.what, r.done, r.total)
	}
}

// Done takes the bar away.
func (r *reading) Done() {
	if r.bar != nil {
		_ = r.bar.Finish()
	}
}
