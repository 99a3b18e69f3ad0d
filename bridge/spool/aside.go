package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"qlikbridge/bridge"
)

// SetAside implements bridge.Log. The file is named after the lane, when the delivery was received (in Unix nanoseconds) and its number; it
// begins with a line of JSON, and the body follows byte for byte.
func (l *log) SetAside(e bridge.Entry) error {
	dir := l.spool.asideDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-entry-%d-%d", l.lane, e.Delivery.ReceivedAt.UnixNano(), e.Number))
	if err := errors.Join(writeFile(name, encode(e.Number, e.Delivery)), syncDir(dir)); err != nil {
		return err
	}
	l.spool.setAside.Inc()
	l.spool.log.Error("no topic takes an entry of the spool: it is set aside on disk", "lane", l.lane, "file", name)
	return nil
}

// writeFile has a file durable when it returns.
func writeFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
