package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

func deadLetterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dead-letter", Short: "List what was set aside and why, show it, and requeue it after a fix"}
	cmd.AddCommand(deadLetterListCommand(), deadLetterShowCommand(), requeueCommand())
	return cmd
}

// deadLetters is a topic of dead letters as it is when a command begins.
type deadLetters struct {
	client   *kafka.Client
	group    string // whose they are; "": the bridge's own
	config   app.Config
	extent   kafka.Extent
	requeuer *bridge.Requeuer
	status   io.Writer
	known    *topics.State // of the families' topics; nil: was not asked for
}

// openDeadLetters asks Kafka what there is; the caller closes the client.
func openDeadLetters(ctx context.Context, load func() (app.Config, error), group string, status io.Writer) (*deadLetters, error) {
	c, client, err := connect(load)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*c.Kafka.DialTimeout)
	defer cancel()
	extent, err := client.Extent(ctx, deadLetterTopic(c, group))
	if err != nil {
		defer client.Close()
		if group != "" && errors.Is(err, kafka.ErrTopicsMissing) {
			return nil, noneOfGroup(ctx, client, group, err)
		}
		return nil, fmt.Errorf("kafka %v: %w", c.Kafka.Brokers, err)
	}
	requeuer := &bridge.Requeuer{Catalog: topics.Default(), Topics: c.Topics, Publisher: client, Now: time.Now}
	return &deadLetters{client: client, group: group, config: c, extent: extent, requeuer: requeuer, status: status}, nil
}

// letter is a dead letter without its body, and what would become of it now.
type letter struct {
	bridge.DeadLetter
	bytes    int
	typ      string           // "" where none can be read
	topic    string           // where the event would go
	now      *bridge.Refusal  // why there would be none; nil: it would be published
	requeued *bridge.Requeued // nil: not yet
	aside    *setAside        // of a group's; nil: the bridge's own
}

// find reads the whole topic and returns the dead letters that a filter asks for, in the order of the topic, requeued ones too.
func (d *deadLetters) find(ctx context.Context, f *letterFilter) ([]letter, error) {
	var found []letter
	notes := map[bridge.Place]bridge.Requeued{} // :: dead letter -> note
	bar := newProgress(d.status, "reading", d.extent.Len())
	defer bar.Done()
	err := d.scan(ctx, d.extent, func(r kafka.Stored) error {
		bar.Add(1)
		if note, ok := bridge.ReadRequeued(&r.Record); ok {
			notes[note.From] = note
		} else if l, ok := d.read(r); ok && f.matches(l) {
			found = append(found, l)
		}
		return nil
	})
	for i := range found {
		if note, ok := notes[found[i].At]; ok {
			found[i].requeued = &note
		}
	}
	return found, err
}

// scan reads an extent; an error of each is returned as it is.
func (d *deadLetters) scan(ctx context.Context, e kafka.Extent, each func(kafka.Stored) error) error {
	var own error
	err := d.client.Scan(ctx, e, func(r kafka.Stored) error { own = each(r); return own })
	if err != nil && own == nil {
		return fmt.Errorf("kafka %v: %w", d.config.Kafka.Brokers, err)
	}
	return err
}

// read reads a record, and lets go of all that is large.
func (d *deadLetters) read(r kafka.Stored) (letter, bool) {
	if d.group != "" {
		return readOfGroup(r)
	}
	read, ok := bridge.ReadDeadLetter(&r.Record, r.Position)
	if !ok {
		return letter{}, false
	}
	l := letter{bytes: len(r.Value)}
	event, record, err := d.requeuer.Read(read)
	if err == nil {
		l.typ, l.topic, read.ID = event.Type, record.Topic, cmp.Or(read.ID, event.ID)
		err = d.objection(record)
	}
	errors.As(err, &l.now)
	read.Body, read.Key = nil, nil
	l.DeadLetter = read
	return l, true
}

// objection is why Kafka would not take a record, as far as that is known.
func (d *deadLetters) objection(r *bridge.Record) error {
	if d.known == nil {
		return nil
	}
	if _, ok := d.known.Topics[r.Topic]; !ok {
		return bridge.Refuse(bridge.UnknownTopic, "topic %s does not exist; `qlik-bridge topics apply` creates it", r.Topic)
	}
	if !d.client.Fits(r) {
		return bridge.Refuse(bridge.RecordTooLarge, "topic %s takes less; raise kafka.max_message_bytes, then `qlik-bridge topics apply`", r.Topic)
	}
	return nil
}

// each reads dead letters that were found again, with their bodies. Those that retention has taken meanwhile are left out.
func (d *deadLetters) each(ctx context.Context, found []letter, do func(letter, kafka.Stored) error) error {
	wanted := map[bridge.Position]letter{}
	ranges := map[int32]*kafka.Range{} // :: partition -> what is read of it
	e := kafka.Extent{Topic: d.extent.Topic}
	for _, l := range found {
		wanted[l.At.Position] = l
		r, ok := ranges[l.At.Partition]
		if !ok {
			r = &kafka.Range{Partition: l.At.Partition, Start: l.At.Offset}
			ranges[l.At.Partition] = r
		}
		r.End = l.At.Offset + 1
	}
	for _, part := range d.extent.Ranges {
		if r, ok := ranges[part.Partition]; ok {
			e.Ranges = append(e.Ranges, *r)
		}
	}
	return d.scan(ctx, e, func(r kafka.Stored) error {
		if l, ok := wanted[r.Position]; ok {
			return do(l, r)
		}
		return nil
	})
}
