package consumer

import "time"

// Refuse marks an error that another try would not mend: the event becomes a dead letter at once. Nil stays nil.
func Refuse(err error) error { return err }

// After asks for the next try not before wait, for instance what a Retry-After header says; the usual wait where that is longer. The attempt
// counts, unless Hold says otherwise as well. Nil stays nil.
func After(err error, wait time.Duration) error { return err }

// Hold asks for another try without counting this one: the event is kept, and those behind it of the same key, however long it takes. It is for
// trouble that is not the event's, such as a system that is down. The waits grow as usual. Nil stays nil.
func Hold(err error) error { return err }
