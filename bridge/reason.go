package bridge

import "fmt"

// Reason says why something was refused, set aside or not acknowledged. The set is closed: the same words stand in metric labels,
// dead-letter headers, responses and log lines.
type Reason string

// Reasons for a dead letter: no event can be read from the body, or Kafka will never take the record.
const (
	EmptyBody         Reason = "empty_body"
	InvalidUTF8       Reason = "invalid_utf8"
	InvalidJSON       Reason = "invalid_json"
	DuplicateKey      Reason = "duplicate_key"
	TooDeep           Reason = "too_deep"
	Batch             Reason = "batch" // an array; Qlik documents one event per request
	NotAnObject       Reason = "not_an_object"
	TooManyAttributes Reason = "too_many_attributes"
	NameCollision     Reason = "name_collision" // two names are one once they are lower case
	BadName           Reason = "bad_name"       // no letter or digit in the name of an attribute
	NoType            Reason = "no_type"
	ControlCharacter  Reason = "control_character"
	AttributeTooLong  Reason = "attribute_too_long"
	InvalidData       Reason = "invalid_data"
	RecordTooLarge    Reason = "record_too_large"
	InvalidRecord     Reason = "invalid_record"
)

// deadLetterReasons and publishFailures are the reasons that their metrics begin with at 0: a rate sees a first one only after that.
var (
	deadLetterReasons = []Reason{EmptyBody, InvalidUTF8, InvalidJSON, DuplicateKey, TooDeep, Batch, NotAnObject, TooManyAttributes, NameCollision,
		BadName, NoType, ControlCharacter, AttributeTooLong, InvalidData, RecordTooLarge, InvalidRecord}
	kafkaFailures   = []Reason{AckTimeout, BufferFull, NotAuthorized, UnknownTopic, NotEnoughReplicas, KafkaError, Closing}
	publishFailures = append(kafkaFailures[:len(kafkaFailures):len(kafkaFailures)], SpoolFull, SpoolError, SpoolSlow)
	spoolReasons    = append(kafkaFailures[:len(kafkaFailures):len(kafkaFailures)], Spooling)
)

// Reasons why a delivery was refused at the door. None of them stores anything.
const (
	UnknownSource      Reason = "unknown_source"
	UnknownPath        Reason = "unknown_path"
	WrongMethod        Reason = "wrong_method"
	ContentEncoding    Reason = "content_encoding"
	BodyTooLarge       Reason = "body_too_large"
	BodyTooSlow        Reason = "body_too_slow"
	BodyIncomplete     Reason = "body_incomplete"
	SignatureMissing   Reason = "signature_missing"
	SignatureRepeated  Reason = "signature_repeated"
	SignatureMalformed Reason = "signature_malformed"
	SignatureWrong     Reason = "signature_wrong"
	RateLimited        Reason = "rate_limited"
	AddressNotAllowed  Reason = "address_not_allowed"
	Busy               Reason = "busy" // no room for this body beside those that are being read
)

// Reasons why Kafka did not acknowledge a record. The spool takes it, or the sender is asked to try again.
const (
	AckTimeout        Reason = "ack_timeout"
	BufferFull        Reason = "buffer_full" // as many records wait for Kafka as may
	NotAuthorized     Reason = "not_authorized"
	UnknownTopic      Reason = "unknown_topic"
	NotEnoughReplicas Reason = "not_enough_replicas"
	KafkaError        Reason = "kafka_error"
	Closing           Reason = "closing"
)

// Reasons why a delivery is in the spool although it was never offered to Kafka, and why the spool did not take one.
const (
	Spooling   Reason = "spooling"  // earlier events of the family wait there, and come first
	Recovered  Reason = "recovered" // it was there when the bridge started
	SpoolFull  Reason = "spool_full"
	SpoolError Reason = "spool_error"
	SpoolSlow  Reason = "spool_slow"
)

// permanent are the reasons after which a second try of the same record would end the same: it becomes a dead letter.
var permanent = map[Reason]bool{RecordTooLarge: true, InvalidRecord: true}

// Refusal is an error with its reason. Normalise and Publisher return no other.
type Refusal struct {
	Reason Reason
	Err    error // what exactly; never nil
}

// Refuse makes a refusal; the text is for responses, headers and logs, so it holds nothing that was sent beyond the name of an attribute.
func Refuse(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Err: fmt.Errorf(format, args...)}
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Err.Error() }

func (r *Refusal) Unwrap() error { return r.Err }
