package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/file"
)

// SetAside implements bridge.Log. The file is named after the lane, when the delivery was received (in Unix nanoseconds) and its number; it
// begins with a line of JSON, and the body follows byte for byte.
func (l *log) SetAside(e bridge.Entry) error {
	name := fmt.Sprintf("%s-entry-%d-%d", l.lane, e.Delivery.ReceivedAt.UnixNano(), e.Number)
	if err := l.spool.putAside(name, encode(e.Number, e.Delivery)); err != nil {
		return err
	}
	l.spool.setAside.Inc()
	l.spool.log.Error("no topic takes an entry of the spool: it is set aside on disk", "lane", l.lane, "file", filepath.Join(l.spool.asideDir(), name))
	return nil
}

// putAside writes a file into .set-aside durably, and counts it; once only where it was there before. It blocks on the disk.
func (s *Spool) putAside(name string, content []byte) error {
	s.asideMu.Lock()
	defer s.asideMu.Unlock()
	if err := errors.Join(os.MkdirAll(s.asideDir(), 0o700), file.SyncFolder(s.dir)); err != nil { // synced each time: the process that made it may have died
		return err
	}
	path := filepath.Join(s.asideDir(), name)
	before := sizeOf(path)
	err := file.Write(path, content)
	s.takeAside(s.asideBytes + sizeOf(path) - before)
	return err
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil { // there is none
		return 0
	}
	return info.Size()
}

// takeAside notes how much .set-aside takes; asideMu is held.
func (s *Spool) takeAside(bytes int64) {
	s.bytes.Add(bytes - s.asideBytes)
	s.asideBytes = bytes
}

// asideInterval is how often .set-aside is counted anew.
const asideInterval = time.Minute

// countAside counts what lies in .set-aside: it is a part of what the spool may take, until somebody has looked at it and removed it.
func (s *Spool) countAside() error {
	s.asideMu.Lock()
	defer s.asideMu.Unlock()
	entries, err := os.ReadDir(s.asideDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	bytes := int64(0)
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else it was removed just now
			bytes += info.Size()
		}
	}
	s.takeAside(bytes)
	return nil
}

// watchAside has room come back when somebody removes what is set aside.
func (s *Spool) watchAside() {
	for s.pause(asideInterval) {
		if err := s.countAside(); err != nil {
			s.log.Warn("what is set aside cannot be counted; it is tried again", "folder", s.asideDir(), "error", err)
		}
	}
}
