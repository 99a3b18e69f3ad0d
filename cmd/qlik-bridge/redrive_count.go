package main

import (
	"context"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
)

// count reads what lies between, as far as may be read, and counts the events that match by what becomes of them.
func (r *redriving) count(ctx context.Context, moves []redrive.Move, match func(kafka.Stored) bool) error {
	spans, total := make([]redrive.Span, len(moves)), int64(0)
	for i, m := range moves {
		spans[i] = m.Span()
	}
	shares := redrive.Shares(spans, r.read)
	for _, n := range shares {
		total += n
	}
	progress := newReading(r.status, "reading", total)
	defer progress.Done()
	for i := range moves {
		m := &moves[i]
		m.Whole = shares[i] == spans[i].Len()
		fate, effect := m.Fate(), m.Effect()
		err := r.scan(ctx, m.Partition, spans[i].Within(shares[i]), func(s kafka.Stored) error {
			progress.Add()
			switch of := fate(s.Offset); {
			case of == redrive.Same || !match(s):
			case of == effect:
				m.Counted.Add(s.Header("ce_type"), s.Time)
			default:
				m.Opposite.Add(s.Header("ce_type"), s.Time)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scan reads parts of a partition; an error of each is returned as it is.
func (r *redriving) scan(ctx context.Context, p redrive.Partition, parts []redrive.Span, each func(kafka.Stored) error) error {
	e := kafka.Extent{Topic: p.Topic}
	for _, part := range parts {
		e.Ranges = append(e.Ranges, kafka.Range{Partition: p.Number, Start: part.From, End: part.To})
	}
	var own error
	err := r.client.Scan(ctx, e, func(s kafka.Stored) error { own = each(s); return own })
	if own != nil {
		return own
	}
	return r.away(err)
}
