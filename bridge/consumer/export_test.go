package consumer

import "time"

// Measure sets how often a consumer that does not run yet asks for its lag, and how long that may take.
func (c *Consumer) Measure(every, limit time.Duration) { c.lagEvery, c.lagLimit = every, limit }
