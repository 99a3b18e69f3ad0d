package spool

import (
	"fmt"
	"time"
)

// Config says where deliveries wait on disk, and how much may.
type Config struct {
	Enabled  bool   `yaml:"enabled" doc:"keep deliveries on disk while Kafka does not take them; false: they are answered 503"`
	Dir      string `yaml:"dir" doc:"folder of the spool, on a disk that outlives the process; one process at a time uses it"`
	MaxBytes int64  `yaml:"max_bytes" doc:"bytes on disk that the spool may take, with what is set aside in it; when they are used up, deliveries are answered 503"`

	LockTimeout time.Duration `yaml:"lock_timeout" doc:"how long a start waits for another process to leave the folder; 0s: not at all"`
}

// LargestBody is the largest body of a delivery that the spool takes, in bytes.
const LargestBody = largestRecord - 4<<10

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config { return Config{Enabled: true, Dir: "./spool", MaxBytes: 1 << 30} }

// leastBytes is room for the largest entry in every segment that may be open.
const leastBytes = 4 << 20

// Validate names the first key that cannot be used, and what would do.
func (c Config) Validate() error {
	switch {
	case !c.Enabled:
		return nil
	case c.Dir == "":
		return fmt.Errorf("spool.dir is empty; name a folder, or set spool.enabled to false")
	case c.LockTimeout < 0:
		return fmt.Errorf("spool.lock_timeout %s: 0s or more", c.LockTimeout)
	case c.MaxBytes < leastBytes:
		return fmt.Errorf("spool.max_bytes %d: %d or more", c.MaxBytes, int64(leastBytes))
	}
	return nil
}
