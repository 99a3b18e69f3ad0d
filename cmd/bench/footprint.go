package main

import (
	"context"
	"debug/elf"
	"fmt"
	"os"
	"time"
)

const (
	footprintStarts = 5                // starts that the median is of
	idleTime        = 10 * time.Second // from ready to the reading of memory
)

// footprint is what the bridge costs before it does anything.
type footprint struct {
	BinaryMiB    float64   `json:"binary_mib"`
	Stripped     bool      `json:"stripped"`       // no symbol table
	FirstStartMS float64   `json:"first_start_ms"` // exec to the first 200 of /readyz, with the topics still to be made
	StartMS      float64   `json:"start_ms"`       // the same with the topics there, median
	StartsMS     []float64 `json:"starts_ms"`
	IdleRSSMiB   float64   `json:"idle_rss_mib"` // 10 s after it was ready, without traffic
}

// measureFootprint starts the bridge, with Kafka up, once more than footprintStarts, each time with a new spool.
func (b *bench) measureFootprint(ctx context.Context) error {
	f, err := binaryFootprint(b.opt.bridge)
	if err != nil {
		return err
	}
	if f.FirstStartMS, _, err = b.startOnce(ctx, 0, 0); err != nil {
		return err
	}
	for i := 1; i <= footprintStarts; i++ {
		idle := idleTime * time.Duration(i/footprintStarts) // the last one stays
		ms, rss, err := b.startOnce(ctx, i, idle)
		if err != nil {
			return err
		}
		f.StartsMS, f.IdleRSSMiB = append(f.StartsMS, ms), rss
	}
	f.StartMS = median(f.StartsMS, func(ms float64) float64 { return ms })
	return f.print(b.opt)
}

func binaryFootprint(path string) (footprint, error) {
	info, err := os.Stat(path)
	if err != nil {
		return footprint{}, err
	}
	binary, err := elf.Open(path)
	if err != nil {
		return footprint{}, err
	}
	defer binary.Close()
	return footprint{BinaryMiB: float64(info.Size()) / (1 << 20), Stripped: binary.Section(".symtab") == nil}, nil
}

// startOnce returns how long a start took, in milliseconds, and the memory after idle, in MiB.
func (b *bench) startOnce(ctx context.Context, i int, idle time.Duration) (ms, rss float64, err error) {
	srv, err := b.site.startBridge(b.opt.bridge, fmt.Sprintf("bridge-%d", i))
	if err != nil {
		return 0, 0, err
	}
	defer srv.stop()
	took, err := srv.waitReady(ctx)
	if err != nil {
		return 0, 0, err
	}
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(idle):
	}
	rss, err = memory(srv.pid, "VmRSS")
	return took.Seconds() * 1000, rss, err
}

func (f footprint) print(opt options) error {
	if opt.output == "json" {
		return printJSON(f)
	}
	fmt.Printf("binary       %8.1f MiB (stripped: %t)\n", f.BinaryMiB, f.Stripped)
	fmt.Printf("start        %8.0f ms to ready, median of %.0f\n", f.StartMS, f.StartsMS)
	fmt.Printf("first start  %8.0f ms, topics made\n", f.FirstStartMS)
	fmt.Printf("idle memory  %8.1f MiB resident, %v after ready\n", f.IdleRSSMiB, idleTime)
	return nil
}
