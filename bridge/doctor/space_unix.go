//go:build linux || darwin

package doctor

import "syscall"

// freeBytes is what a user who is not root may still write to the file system of a directory.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
