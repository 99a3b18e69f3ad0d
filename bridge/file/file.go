// Package file reads the small files that the bridge is configured by. Whatever stands at a path, a read ends and takes little memory.
package file

import (
	"fmt"
	"io"
	"os"
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
