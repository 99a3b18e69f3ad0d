package consumer

import (
	"errors"
	"time"
)

// Refuse marks an error that another attempt would not mend: the event becomes a dead letter at once. Nil stays nil.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	return &refused{err}
}

// After asks for the next attempt not before wait, for instance what a Retry-After header says; the usual wait where that is longer. The attempt
// counts, unless Hold says otherwise as well. Nil stays nil.
func After(err error, wait time.Duration) error {
	if err == nil {
		return nil
	}
	return &postponed{err, wait}
}

// Hold asks for another attempt without counting this one: the event is kept, and those behind it of the same key, however long it takes. It is for
// trouble that is not the event's, such as a system that is down. The waits grow as usual. The log warns when the first event is held, with the error,
// and says when none is any more; not where the error is of context.Canceled, nor during a stop or a rebalance. Nil stays nil.
func Hold(err error) error {
	if err == nil {
		return nil
	}
	return &held{err}
}

type (
	refused   struct{ error }
	held      struct{ error }
	postponed struct {
		error
		wait time.Duration
	}
)

func (e *refused) Unwrap() error   { return e.error }
func (e *held) Unwrap() error      { return e.error }
func (e *postponed) Unwrap() error { return e.error }

// verdict is what an error of a handler asks for.
type verdict struct {
	refuse, hold bool
	after        time.Duration
}

func verdictOf(err error) verdict {
	v := verdict{refuse: is[*refused](err), hold: is[*held](err)}
	if p := (*postponed)(nil); errors.As(err, &p) {
		v.after = p.wait
	}
	return v
}

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
