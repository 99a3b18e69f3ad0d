package consumer

import "qlikbridge/bridge"

// The reasons why an event became a dead letter of a group.
const (
	InvalidEvent      bridge.Reason = "invalid_event"      // the record is no CloudEvent; no handler was called
	Refused           bridge.Reason = "refused"            // the handler said that another attempt would not mend it
	AttemptsExhausted bridge.Reason = "attempts_exhausted" // the handler returned an error, or panicked, at every attempt
)

// DeadLetterReasons are the reasons that a dead letter of a group may have.
func DeadLetterReasons() []bridge.Reason {
	return []bridge.Reason{InvalidEvent, Refused, AttemptsExhausted}
}
