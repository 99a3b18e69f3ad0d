package kafkatest

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

const homePattern = "qlik-bridge-kafka-"

// newHome makes the directory of a cluster's files, and removes those that killed tests have left behind. The caller's
// remove deletes it.
func newHome() (dir string, remove func() error, err error) {
	sweep()
	dir, err = os.MkdirTemp("", homePattern)
	if err != nil {
		return "", nil, err
	}
	unlock, err := tryLock(ownerFile(dir))
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	remove = func() error {
		defer unlock()
		return os.RemoveAll(dir)
	}
	return dir, remove, nil
}

// ownerFile is locked for as long as the process that made the directory lives.
func ownerFile(dir string) string { return filepath.Join(dir, "owner") }

// sweep removes the directories whose owner is gone. A young one may only not have been locked yet.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), homePattern+"*"))
	for _, dir := range left {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if unlock, err := tryLock(ownerFile(dir)); err == nil {
			_ = os.RemoveAll(dir) // what cannot be removed is tried again by the next
			unlock()
		}
	}
}
