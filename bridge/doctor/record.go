package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// sameCluster is the remedy where the bridge seems to write elsewhere.
const sameCluster = "the bridge may write to another cluster than this configuration names: give both the same kafka.brokers"

// find reads the event back from where the bridge says that it is.
func (x *examination) find(ctx context.Context) ([]Finding, bool) {
	where := x.sent.place()
	stored, err := x.Config.Kafka.RecordAt(ctx, x.sent.topic, x.sent.at)
	switch {
	case errors.Is(err, kafka.ErrDenied):
		return []Finding{skip(record, where, "the login may not read (Read on the topic; the bridge itself needs none)")}, true
	case err != nil:
		return []Finding{fail(record, where, err, sameCluster)}, false
	}
	value := struct {
		ID   string
		Data json.RawMessage
	}{}
	if err := json.Unmarshal(stored.Value, &value); err != nil || value.ID != x.sent.id || !bytes.Equal(value.Data, x.sent.data) {
		return []Finding{fail(record, where, "another event is there", sameCluster)}, false
	}
	if want := x.Config.Topics.Topic(topics.Other); x.sent.topic != want {
		return []Finding{warn(record, where, "found, but not in "+want, "give the running bridge and this configuration the same topics.prefix")}, true
	}
	return []Finding{ok(record, where, "found, id and data as sent")}, true
}
