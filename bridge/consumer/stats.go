package consumer

// Stats is how a consumer stands, for status pages. Counts are since New.
type Stats struct {
	Lag          int64  `json:"lag"`           // records that are not committed yet, of the partitions that this member has now
	Partitions   int    `json:"partitions"`    // that this member has now
	InFlight     int    `json:"in_flight"`     // events that were read and are not done
	Handled      uint64 `json:"handled"`       // events whose handler returned nil
	Retried      uint64 `json:"retried"`       // calls of the handler that were followed by another for the same event
	DeadLettered uint64 `json:"dead_lettered"` // events that were set aside
	Duplicates   uint64 `json:"duplicates"`    // events that were skipped since they had been handled
	Skipped      uint64 `json:"skipped"`       // records that were not chosen
}

// Stats is safe for concurrent use, also before and after Run, and does not block.
func (c *Consumer) Stats() Stats { return Stats{} }
