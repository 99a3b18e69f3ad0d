package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"qlikbridge/bridge"
	"qlikbridge/bridge/file"
)

// SetAside implements bridge.Log. The file is named after the lane, when the delivery was received (in Unix nanoseconds) and its number; it
// begins with a line of JSON, and the body follows byte for byte.
func (l *log) SetAside(e bridge.Entry) error {
	dir := l.spool.asideDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-entry-%d-%d", l.lane, e.Delivery.ReceivedAt.UnixNano(), e.Number))
	record := encode(e.Number, e.Delivery)
	if err := file.Write(name, record); err != nil {
		return err
	}
	l.spool.bytes.Add(int64(len(record)))
	l.spool.setAside.Inc()
	l.spool.log.Error("no topic takes an entry of the spool: it is set aside on disk", "lane", l.lane, "file", name)
	return nil
}

// countAside counts what lies in .set-aside: it is a part of what the spool may take, until somebody has looked at it and removed it.
func (s *Spool) countAside() error {
	entries, err := os.ReadDir(s.asideDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else it was removed just now
			s.bytes.Add(info.Size())
		}
	}
	return err
}
