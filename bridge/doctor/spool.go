package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// spool looks at the folder that the configuration names, as seen from where the doctor runs.
func (x *examination) spool(context.Context) ([]Finding, bool) {
	if !x.Config.Spool.Enabled {
		return []Finding{warn(spool, "spool.enabled", "false: while Kafka is away deliveries are answered 503",
			"set it to true: Qlik publishes no retry schedule, and disables a webhook that fails too often")}, true
	}
	return Spool(x.Config.Spool.Dir, x.Config.Spool.MaxBytes), true
}

// Spool checks a spool's directory: that a file can be written there and reaches the disk, and that its file system has room for
// maxBytes, of which what lies there already counts. Where the directory does not exist, its parent is tried: the bridge makes it.
func Spool(dir string, maxBytes int64) []Finding {
	where := existing(dir)
	if err := writable(where); err != nil {
		return []Finding{fail(spool, dir, err, "make spool.dir a directory of the bridge's user on a disk that is not read-only")}
	}
	free, err := freeBytes(where)
	if err != nil {
		return []Finding{skip(spool, dir, fmt.Sprintf("writable; its free space is not known: %v", err))}
	}
	room := free + used(dir)
	text := fmt.Sprintf("writable, room for %d MiB of spool.max_bytes (%d MiB)", room>>20, maxBytes>>20)
	if room < maxBytes {
		return []Finding{warn(spool, dir, text, "give the file system more space, or lower spool.max_bytes: the disk would be full before the spool is")}
	}
	return []Finding{ok(spool, dir, "%s", text)}
}

// existing is dir, or the nearest directory above it that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// writable writes a file as the spool would, and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("written by qlik-bridge doctor\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// used is what the files of a directory hold, in bytes; files come and go under a running bridge.
func used(dir string) int64 {
	total := int64(0)
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}
