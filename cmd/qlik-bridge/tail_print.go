package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/fatih/color"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

// printer prints one record.
type printer func(r kafka.Stored) error

func recordPrinter(out io.Writer, output string) printer {
	if output == outputJSON {
		return func(r kafka.Stored) error { return printJSON(out, r) }
	}
	return func(r kafka.Stored) error {
		_, err := fmt.Fprintln(out, line(r))
		return err
	}
}

// Colours show where standard output is a terminal, unless NO_COLOR is set or TERM is dumb; the library sees to that.
var (
	faint = color.New(color.Faint).SprintFunc()
	bold  = color.New(color.Bold).SprintFunc()
	red   = color.New(color.FgRed).SprintFunc()
	green = color.New(color.FgGreen).SprintFunc()
)

// line is a record for people. What stands in it may be a stranger's.
func line(r kafka.Stored) string {
	at := faint(fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset))
	if reason := r.Header("reason"); reason != "" {
		return fmt.Sprintf("%s  %s  %s: %s", faint(plain(r.Header("received"))), at, red("dead letter: "+plain(reason)), plain(r.Header("error")))
	}
	if note, ok := bridge.ReadRequeued(&r.Record); ok && len(r.Value) == 0 {
		return fmt.Sprintf("%s  %s  %s: %s to %s", faint(note.At.UTC().Format(time.RFC3339)), at, green("requeued"), note.From, note.To)
	}
	return fmt.Sprintf("%s  %s  %s  %s", faint(plain(r.Header("ce_time"))), at, bold(plain(r.Header("ce_type"))), plain(r.Header("ce_id")))
}

// tailedRecord is a record as JSON.
type tailedRecord struct {
	Topic     string            `json:"topic"`
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       string            `json:"key"`
	Headers   map[string]string `json:"headers"`
	Event     json.RawMessage   `json:"event,omitempty"`
	rawBody
}

// printJSON writes one record as one line; a value that is no event in JSON (a dead letter) as a body.
func printJSON(out io.Writer, r kafka.Stored) error {
	line := tailedRecord{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: string(r.Key), Headers: headers(r.Headers)}
	switch {
	case json.Valid(r.Value) && utf8.Valid(r.Value) && r.Header("reason") == "":
		line.Event = r.Value
	case len(r.Value) > 0:
		line.rawBody = bodyOf(r.Value)
	}
	return printPlainJSON(out, line)
}

// rawBody is a body as JSON, byte for byte: as text, or where it is no UTF-8, which encoding/json would alter, in base64.
type rawBody struct {
	Body       *string `json:"body,omitempty"`
	BodyBase64 []byte  `json:"body_base64,omitempty"`
}

func bodyOf(value []byte) rawBody {
	if !utf8.Valid(value) {
		return rawBody{BodyBase64: value}
	}
	text := string(value)
	return rawBody{Body: &text}
}

func headers(list []bridge.Header) map[string]string {
	m := make(map[string]string, len(list))
	for _, h := range list {
		m[h.Key] = string(h.Value)
	}
	return m
}
