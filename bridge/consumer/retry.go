package consumer

import (
	"math/rand/v2"
	"time"
)

// Wait is how long an event waits that has failed so often in a row, once or more: a random time of at most First, doubled with each failure up to Most. The
// libraries for this spread a wait around its mean; here it begins at nothing, since what failed together is to come back apart (full jitter).
func (r Retry) Wait(failures int) time.Duration {
	most := r.First
	for i := 1; i < failures && most < r.Most; i++ {
		most *= 2
	}
	return rand.N(min(most, r.Most)) + 1
}
