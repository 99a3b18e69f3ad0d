// Package file reads the small files that the bridge is configured by, and writes those that must not be lost. Whatever stands at a path, a
// read ends and takes little memory.
package file

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Limit is the most that is read of a file, in bytes.
const Limit = 1 << 20

// Read returns the content of a regular file of at most Limit bytes. Anything else is an error that says what it is: reading a pipe would
// wait for its writer for ever.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, Limit+1))
	if err == nil && len(content) > Limit {
		err = fmt.Errorf("%s has more than %d bytes", path, Limit)
	}
	return content, err
}

// Lines reads a file of one value per line: trimmed, without empty lines and those that begin with #.
func Lines(path string) ([]string, error) {
	content, err := Read(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) { // editors on Windows begin files so
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// Create writes a new file, which its owner alone may read, and returns once the disk has it under its name. A file that is there already
// is left as it is, and is an error. Where the writing fails there is no file.
func Create(path string, content []byte) error { return write(path, os.O_EXCL, content) }

// Write does what Create does, and writes over a file that is there already; its mode stays. Where the writing fails there is none any more.
func Write(path string, content []byte) error { return write(path, os.O_TRUNC, content) }

func write(path string, existing int, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|existing, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close(), SyncFolder(filepath.Dir(path))); err != nil {
		_ = os.Remove(path) // what is wrong has been said
	}
	return err
}

// SyncFolder returns once the disk has the names in a folder.
func SyncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
