package main_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/sandbox"
	"qlikbridge/topics"
)

// sharedQlik holds what Qlik documents; it is not part of the project.
const sharedQlik = "../../../shared/qlik"

// documented asserts that each event of Qlik's documentation, as it is printed there, lands in the topic of its family as a valid
// CloudEvent, with the bytes of its data unchanged.
func (r *realKafka) documented(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(sharedQlik, "samples", "*.json"))
	if len(files) == 0 {
		t.Skipf("the samples are not there: %s", sharedQlik)
	}
	s := r.serve(t)
	landed, bodies := map[string]place{}, map[string][]byte{}
	for _, path := range files {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") { // an answer of Qlik's API
			continue
		}
		body, err := os.ReadFile(path)
		realMust(t, "read "+name, err)
		a := s.published(t, name, body)
		landed[name], bodies[name] = place{a.Topic, a.Partition, a.Offset}, body
	}
	records, right := r.stored(t), 0
	for name, at := range landed {
		if want := realPrefix + familyOf(name); at.topic != want {
			t.Errorf("%s: got topic %s, want %s", name, at.topic, want)
			continue
		}
		if asSent(t, name, records[at], bodies[name]) {
			right++
		}
	}
	t.Logf("%d events of Qlik's documentation are in Kafka as they are to be", right)
	if right != len(bodies) || right == 0 {
		t.Errorf("got %d right, want %d", right, len(bodies))
	}
	noDeadLetter(t, records)
}

// familyOf takes the family out of a file's name: the longest that it begins with.
func familyOf(file string) string {
	family := topics.Other
	for _, f := range topics.Default().Families {
		rest, ok := strings.CutPrefix(file, f.Name)
		if ok && (rest[0] == '-' || rest[0] == '.') && (family == topics.Other || len(f.Name) > len(family)) {
			family = f.Name
		}
	}
	return family
}

// asSent asserts that a record is a valid CloudEvent whose data has the bytes of the body's.
func asSent(t *testing.T, name string, r *kgo.Record, body []byte) bool {
	t.Helper()
	if r == nil {
		t.Errorf("%s: there is no record where the answer says", name)
		return false
	}
	var event cloudevents.Event
	err := json.Unmarshal(r.Value, &event)
	if err == nil {
		err = event.Validate()
	}
	if err != nil {
		t.Errorf("%s: no valid CloudEvent: %v\n%s", name, err, r.Value)
		return false
	}
	got, want := dataOf(t, r.Value), dataOf(t, body)
	if !bytes.Equal(got, want) {
		t.Errorf("%s: data: got %s, want %s", name, got, want)
		return false
	}
	return true
}

// dataOf returns the bytes of the member data.
func dataOf(t *testing.T, object []byte) []byte {
	t.Helper()
	dec := jsontext.NewDecoder(bytes.NewReader(object))
	_, err := dec.ReadToken()
	realMust(t, "read the object", err)
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		realMust(t, "read a name", err)
		member := name.String()
		value, err := dec.ReadValue()
		realMust(t, "read "+member, err)
		if member == "data" {
			return bytes.Clone(value)
		}
	}
	t.Fatalf("no data in %s", object)
	return nil
}

func noDeadLetter(t *testing.T, records map[place]*kgo.Record) {
	t.Helper()
	for at, r := range records {
		if at.topic == realPrefix+topics.DeadLetter {
			t.Errorf("a dead letter: %s: %s", header(r, "reason"), header(r, "error"))
		}
	}
}

// everyType asserts that each type and each older name that Qlik documents, in each envelope, lands in the topic of its family, an unknown
// one in other, and none among the dead letters.
func (r *realKafka) everyType(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(sharedQlik, "types.csv"))
	if err != nil {
		t.Skipf("the table of types is not there: %v", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	realMust(t, "read types.csv", err)
	s, samples, n := r.serve(t), sandbox.NewSamples(1, time.Now), 0
	landed := map[string]place{} // :: id -> where the answer says
	for _, row := range rows[1:] {
		for _, name := range append([]string{row[2]}, strings.FieldsFunc(row[3], func(r rune) bool { return r == ';' || r == ' ' })...) {
			n++
			for _, envelope := range []string{"cloudevents", "legacy", "hybrid", "audit"} {
				body, err := samples.Body(name, envelope)
				realMust(t, "make a sample", err)
				a := s.published(t, name, body)
				if a.Topic != realPrefix+row[0] {
					t.Errorf("%s as %s: got topic %s, want %s", name, envelope, a.Topic, realPrefix+row[0])
				}
				landed[fmt.Sprint(name, " as ", envelope)] = place{a.Topic, a.Partition, a.Offset}
			}
		}
	}
	unknown := s.published(t, "unknown", realEvent("unknown-1", "com.qlik.something.new", "thing"))
	if want := realPrefix + topics.Other; unknown.Topic != want {
		t.Errorf("an unknown type: got topic %s, want %s", unknown.Topic, want)
	}
	records := r.stored(t)
	for what, at := range landed {
		if records[at] == nil {
			t.Errorf("%s: there is no record at %v", what, at)
		}
	}
	noDeadLetter(t, records)
	t.Logf("%d types and aliases, %d events", n, len(landed)+1)
}

// realEvent is a small event about one thing.
func realEvent(id, typ, thing string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"com.qlik/test","type":%q,"time":"2026-01-02T03:04:05Z","data":{"id":%q}}`, id, typ, thing)
}
