package ingress

import (
	"errors"
	"net/http"

	"qlikbridge/bridge"
)

// refused is the status of each reason for which a delivery is refused at the door. There is no other place that chooses one.
var refused = map[bridge.Reason]int{
	bridge.UnknownSource:      http.StatusNotFound,
	bridge.UnknownPath:        http.StatusNotFound,
	bridge.WrongMethod:        http.StatusMethodNotAllowed,
	bridge.ContentEncoding:    http.StatusUnsupportedMediaType,
	bridge.BodyTooLarge:       http.StatusRequestEntityTooLarge,
	bridge.BodyTooSlow:        http.StatusRequestTimeout,
	bridge.BodyIncomplete:     http.StatusBadRequest,
	bridge.SignatureMissing:   http.StatusUnauthorized,
	bridge.SignatureRepeated:  http.StatusUnauthorized,
	bridge.SignatureMalformed: http.StatusUnauthorized,
	bridge.SignatureWrong:     http.StatusUnauthorized,
	bridge.RateLimited:        http.StatusTooManyRequests,
	bridge.AddressNotAllowed:  http.StatusForbidden,
	bridge.Busy:               http.StatusServiceUnavailable,
}

// taken is the status of each outcome of the domain: 200 only where something durable holds the delivery.
var taken = map[bridge.Outcome]int{
	bridge.Published:    http.StatusOK,
	bridge.Spooled:      http.StatusOK,
	bridge.Duplicate:    http.StatusOK,
	bridge.DeadLettered: http.StatusOK,
	bridge.Failed:       http.StatusServiceUnavailable,
}

// unavailable is what a sender is asked to wait, in seconds, where Kafka did not take a delivery, or there was no room to read it.
const unavailable = "5"

// response is the body of every answer; members that say nothing are left out.
type response struct {
	Outcome   bridge.Outcome `json:"outcome,omitempty"`
	Reason    bridge.Reason  `json:"reason,omitempty"`
	Error     string         `json:"error,omitempty"`
	ID        string         `json:"id,omitempty"`
	Type      string         `json:"type,omitempty"`
	Topic     string         `json:"topic,omitempty"`
	Partition *int32         `json:"partition,omitempty"`
	Offset    *int64         `json:"offset,omitempty"`
}

// answerReceipt turns what became of a delivery into a status and a body.
func answerReceipt(r *bridge.Receipt) (int, response) {
	body := response{Outcome: r.Outcome}
	switch r.Outcome {
	case bridge.Published:
		body.ID, body.Type, body.Topic = r.Event.ID, r.Event.Type, r.Topic
		body.Partition, body.Offset = &r.At.Partition, &r.At.Offset
	case bridge.Spooled:
		if r.Event != nil { // else a dead letter that waits for Kafka
			body.ID, body.Type = r.Event.ID, r.Event.Type
		}
	case bridge.Duplicate:
		body.ID = r.Event.ID
	case bridge.DeadLettered:
		body.Reason = r.Why.Reason
	default:
		body = response{Reason: r.Why.Reason, Error: "neither Kafka nor the spool took the event; send it again"}
	}
	return taken[r.Outcome], body
}

// answerRefusal turns a refusal at the door into a status and a body.
func answerRefusal(err error) (int, response, bridge.Reason) {
	var r *bridge.Refusal
	if !errors.As(err, &r) {
		return http.StatusInternalServerError, response{Error: "internal error"}, ""
	}
	return refused[r.Reason], response{Reason: r.Reason, Error: r.Err.Error()}, r.Reason
}
