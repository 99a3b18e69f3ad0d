package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal and nothing elsewhere, where the lines of the work itself are enough.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(w io.Writer, what string, total int64) progress {
	if term.IsTerminal(int(os.Stdout.Fd())) {
		return progress{}
	}
	return newBar(w, what, total)
}

// newBar is for work that prints nothing until it is done: there is a bar though the lines go to the same terminal.
func newBar(w io.Writer, what string, total int64) progress {
	if !isTerminal(w) || total < 2 {
		return progress{}
	}
	return progress{progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())}
}

func (p progress) Add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

func (p progress) Done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
