package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// place is where a record is.
type place struct {
	topic     string
	partition int32
	offset    int64
}

func (p place) String() string { return fmt.Sprintf("%s/%d@%d", p.topic, p.partition, p.offset) }

// record is what is looked at in a Kafka record.
type record struct {
	at         place
	id         string // of the header ce_id
	key, value []byte
}

// damage says what of a record is not as it is to be, nil: the record is whole. The CloudEvents SDK judges the envelope, since that is
// what consumers read it with; data is compared byte for byte.
func (r record) damage(e Event) error {
	var got cloudevents.Event
	if err := json.Unmarshal(r.value, &got); err != nil {
		return fmt.Errorf("no CloudEvent: %w", err)
	}
	if err := got.Validate(); err != nil {
		return fmt.Errorf("no valid CloudEvent: %w", err)
	}
	data, err := member(r.value, "data")
	if err != nil {
		return err
	}
	partitionKey, _ := got.Extensions()["partitionkey"].(string)
	switch {
	case got.ID() != e.ID():
		return fmt.Errorf("its id is %q", got.ID())
	case got.Type() != e.Type():
		return fmt.Errorf("its type is %q, not %q", got.Type(), e.Type())
	case string(data) != e.Data():
		return fmt.Errorf("its data is %.200s", data)
	case partitionKey != e.Key() || string(r.key) != e.Key():
		return fmt.Errorf("its partitionkey is %q, its key %q, not %q", partitionKey, r.key, e.Key())
	}
	return nil
}

// member returns the bytes of a member of a JSON object.
func member(object []byte, name string) ([]byte, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		found := token.String() == name
		value, err := dec.ReadValue()
		if err != nil || found {
			return bytes.Clone(value), err
		}
	}
	return nil, errors.New("no member " + name)
}
