package main

import (
	"fmt"
	"io"

	"qlikbridge/bridge"
)

// requeueReport says what becomes of dead letters, a line each, and counts.
type requeueReport struct {
	out, status io.Writer
	output      string
	execute     bool

	before   int            // requeued by an earlier run, and left alone
	requeued int            // or would be
	stay     map[string]int // :: reason now -> how many
	gone     int            // taken by the topic's retention meanwhile
}

func newRequeueReport(out, status io.Writer, output string, execute bool) *requeueReport {
	return &requeueReport{out: out, status: status, output: output, execute: execute, stay: map[string]int{}}
}

// requeueLine is one line as JSON.
type requeueLine struct {
	Partition int32         `json:"partition"`
	Offset    int64         `json:"offset"`
	Outcome   string        `json:"outcome"`          // would_be_requeued, requeued, stays
	Was       bridge.Reason `json:"was"`              // the reason that it was set aside for
	Reason    bridge.Reason `json:"reason,omitempty"` // why it stays
	Error     string        `json:"error,omitempty"`
	Type      string        `json:"type,omitempty"`
	ID        string        `json:"id,omitempty"`
	Topic     string        `json:"topic,omitempty"`
	To        string        `json:"to,omitempty"` // where the event is now
}

func lineOf(l letter, outcome string) requeueLine {
	return requeueLine{Partition: l.At.Partition, Offset: l.At.Offset, Outcome: outcome, Was: l.Reason, Type: l.typ, ID: l.ID, Topic: l.topic}
}

func (p *requeueReport) would(l letter) error {
	p.requeued++
	return p.line(lineOf(l, "would_be_requeued"), fmt.Sprintf("%s  would be requeued  %s  %s  %s", l.At.Position, l.topic, plain(l.typ), plain(l.ID)))
}

func (p *requeueReport) done(l letter, r bridge.Receipt) error {
	p.requeued++
	line := lineOf(l, "requeued")
	line.To = bridge.Place{Topic: r.Topic, Position: r.At}.String()
	return p.line(line, fmt.Sprintf("%s  requeued  %s  %s  %s", l.At.Position, line.To, plain(l.typ), plain(l.ID)))
}

func (p *requeueReport) stays(l letter, why *bridge.Refusal) error {
	p.stay[string(why.Reason)]++
	line := lineOf(l, "stays")
	line.Reason, line.Error = why.Reason, why.Err.Error()
	return p.line(line, fmt.Sprintf("%s  stays  %s", l.At.Position, plain(why.Error())))
}

func (p *requeueReport) line(line requeueLine, text string) error {
	if p.output == outputJSON {
		return printPlainJSON(p.out, line)
	}
	_, err := fmt.Fprintln(p.out, text)
	return err
}

// close writes the counts.
func (p *requeueReport) close() {
	did, end := "requeued", ""
	if !p.execute {
		did = "would be requeued"
		if p.requeued > 0 {
			end = "; dry run: --execute does it"
		}
	}
	text := fmt.Sprintf("%s %s", count(p.requeued, "dead letter"), did)
	stay := 0
	for _, n := range p.stay {
		stay += n
	}
	if stay > 0 {
		text += fmt.Sprintf(", %d stay: %s", stay, counts(p.stay))
	}
	if p.before > 0 {
		text += fmt.Sprintf(", %d requeued before (--again requeues them too)", p.before)
	}
	if p.gone > 0 {
		text += fmt.Sprintf(", %d are not in the topic any more", p.gone)
	}
	fmt.Fprintln(p.status, text+end)
}
