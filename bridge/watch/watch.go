// Package watch tells when files have changed. It compares content at intervals instead of listening to the file system: Kubernetes
// replaces mounted Secrets by swapping a symbolic link, and what is notified of that differs by platform and mount.
package watch

import (
	"context"
	"crypto/sha256"
	"time"

	"qlikbridge/bridge/file"
)

// Interval is how often the bridge looks at its files.
const Interval = time.Second

// Watch is a set of small files and what they held at the last look. It is for one goroutine.
type Watch struct {
	paths []string
	last  [sha256.Size]byte
}

// New takes the first look, so it is called before the files are used for the first time. A file that cannot be read counts as empty.
func New(paths ...string) *Watch {
	w := &Watch{paths: paths}
	w.Changed()
	return w
}

// Changed takes a look, and reports whether any content is another than at the look before.
func (w *Watch) Changed() bool {
	hash := sha256.New()
	for _, path := range w.paths {
		content, _ := file.Read(path)
		sum := sha256.Sum256(content)
		hash.Write(sum[:])
	}
	before := w.last
	w.last = [sha256.Size]byte(hash.Sum(nil))
	return w.last != before
}

// Run calls load after each change, until ctx ends. Where load fails it is called again after each Interval until it does not: what it read
// may have been half written. report is told of each success (nil), and of each failure that differs from the one before.
func (w *Watch) Run(ctx context.Context, load func() error, report func(error)) {
	ticker, failure := time.NewTicker(Interval), ""
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !w.Changed() && failure == "" {
			continue
		}
		err := load()
		switch {
		case err == nil:
			failure = ""
			report(nil)
		case err.Error() != failure:
			failure = err.Error()
			report(err)
		}
	}
}
