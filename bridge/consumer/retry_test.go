package consumer

import (
	"testing"
	"time"
)

// TestRetryWait asserts the bounds of each wait, that waits spread over them, and that none is nothing.
func TestRetryWait(t *testing.T) {
	r := Retry{First: 100 * time.Millisecond, Most: time.Second}
	for failures, most := range map[int]time.Duration{1: 100, 2: 200, 3: 400, 4: 800, 5: 1000, 6: 1000, 1 << 30: 1000} {
		most *= time.Millisecond
		low, high := most, time.Duration(0)
		for range 1000 {
			w := r.Wait(failures)
			low, high = min(low, w), max(high, w)
		}
		if low <= 0 || low > most/10 || high > most || high < most*9/10 {
			t.Errorf("after %d failures: got waits from %s to %s, want them all over 0 to %s", failures, low, high, most)
		}
	}
}
