package main

import (
	"io/fs"
	"os"
	"path/filepath"
)

// A disk that gives back other bytes than it was given is nothing that a bridge can help. It must say so: what is damaged is set aside and
// counted, what is not arrives, and nothing is gone without a word.
var (
	spoolFlipped = spoolDamaged("spool-flipped", "bytes in the middle of the largest file of the spool are flipped", flip)
	spoolCut     = spoolDamaged("spool-cut", "the last bytes of the largest file of the spool are cut off", cut)
)

func spoolDamaged(name, what string, damage func(path string) error) scenario {
	return scenario{
		name:       name,
		about:      "events are spooled while all brokers are away, the bridge is killed (-9), " + what + ", and the bridge started again",
		duplicates: allBrokersAway.duplicates,
		run: func(s *stage) {
			s.mayDamage = true
			b := s.startBridge()
			s.send(b.url())
			s.published(500)
			s.kill(0, 1, 2)
			s.noticed(2000)
			s.wantSpooled(1000)
			s.finishSending()
			b.kill()
			path, size := largest(b.spool)
			if size == 0 {
				s.fail("there is no file below the spool's directory to damage")
			}
			s.must("damage "+path, damage(path))
			s.say("damaged %s of %d bytes", filepath.Base(path), size)
			s.must("start the bridge again", b.start())
			s.restart(0, 1, 2)
			s.until("the bridge is ready", patience, b.ready)
			s.send(b.url())
			s.published(500)
		},
	}
}

// largest is the file that holds most below a directory: the entries, and not what the store keeps beside them.
func largest(dir string) (path string, size int64) {
	_ = filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error { // what cannot be read is not damaged
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil && info.Size() > size {
				path, size = p, info.Size()
			}
		}
		return nil
	})
	return path, size
}

// flip inverts eight bytes at a quarter, the middle and three quarters of what was written; stores give their files more room than they use.
func flip(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	used := written(content)
	for _, at := range []int{used / 4, used / 2, used / 4 * 3} {
		for i := at; i < min(at+8, used); i++ {
			content[i] ^= 0xff
		}
	}
	return os.WriteFile(path, content, 0o600)
}

// cut takes off the last hundred bytes that were written.
func cut(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, int64(max(written(content)-100, 0)))
}

// written is the length up to the last byte that is not zero.
func written(content []byte) int {
	n := len(content)
	for n > 0 && content[n-1] == 0 {
		n--
	}
	return n
}
