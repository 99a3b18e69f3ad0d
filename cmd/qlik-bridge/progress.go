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
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) || total < 2 || term.IsTerminal(int(os.Stdout.Fd())) {
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
