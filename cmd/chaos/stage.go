package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"qlikbridge/bridge/kafkatest"
	"qlikbridge/bridge/proof"
)

// stage is what a scenario plays on: a Kafka, bridges, a sender. Its methods fail as those of testing.T do: they do not return, the
// scenario ends and its row says why. So they are called from the scenario's goroutine only.
type stage struct {
	// Fixed.
	scenario scenario
	opt      options
	ctx      context.Context
	dir      string // of ledger, logs, spools
	run      string // begins every id
	prefix   string // of the topics
	started  time.Time

	cluster  *kafkatest.Cluster
	bridges  []*bridge
	ledger   *proof.Ledger
	seqs     []int
	load     *proof.Sender // nil: nobody sends
	before   tally         // of the senders that have ended
	cleanups []func()

	// For the row.
	failures  []string
	notes     []string
	deleted   func(proof.Attempt) bool // nil: no topic was deleted
	kills     int                      // of bridges; each may have torn a write to the spool
	mayDamage bool                     // the spool was damaged: what the bridge sets aside is not lost without a word
	bound     time.Duration
	inside    *row // where another process of this program has played the scenario
}

// tally counts what senders were answered.
type tally struct{ acknowledged, spooled, refused int64 }

// Things at once, and the longest that an answer may take: ack_timeout (2 s) and a second.
const (
	things      = 200
	ackTimeout  = 2 * time.Second
	answerBound = ackTimeout + time.Second
)

func newStage(ctx context.Context, opt options, sc scenario, dir string) (*stage, error) {
	run := fmt.Sprintf("%s-%x", sc.name, time.Now().UnixMilli()&0xfffff)
	s := &stage{scenario: sc, opt: opt, ctx: ctx, dir: filepath.Join(dir, sc.name), run: run, prefix: run + ".", started: time.Now(),
		seqs: make([]int, things), bound: answerBound}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	err := errors.Join(os.WriteFile(filepath.Join(s.dir, "secrets"), []byte(proof.Secret+"\n"), 0o600),
		os.WriteFile(filepath.Join(s.dir, "config.yaml"), proof.TopicsConfig(), 0o600))
	if err != nil {
		return nil, err
	}
	s.ledger, err = proof.CreateLedger(s.ledgerFile())
	return s, err
}

func (s *stage) ledgerFile() string { return filepath.Join(s.dir, "ledger.jsonl") }

// onEnd registers what is to be taken down; the last goes first.
func (s *stage) onEnd(fn func()) { s.cleanups = append(s.cleanups, fn) }

// clear takes everything down, whatever state it is in.
func (s *stage) clear() {
	if s.load != nil {
		s.load.Stop()
	}
	for _, b := range s.bridges {
		if b.process != nil {
			b.process.kill()
		}
	}
	if s.load != nil {
		_ = s.load.Finish()
	}
	_ = s.ledger.Close()
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		s.cleanups[i]()
	}
}

// say prints a line of progress.
func (s *stage) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s %-24s %s\n", time.Now().Format(time.TimeOnly), s.scenario.name, fmt.Sprintf(format, args...))
}

// note goes into the legend of the table.
func (s *stage) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.notes = append(s.notes, text)
	s.say("%s", text)
}

// expect has the row fail, and goes on, where something is not as it should be.
func (s *stage) expect(holds bool, format string, args ...any) {
	if !holds {
		s.failures = append(s.failures, fmt.Sprintf(format, args...))
		s.say("FAIL: %s", s.failures[len(s.failures)-1])
	}
}

// ending is how a scenario ends before its end.
type ending struct {
	skip bool
	why  string
}

func (s *stage) fail(format string, args ...any) { panic(ending{why: fmt.Sprintf(format, args...)}) }

// skip says that this machine cannot show the scenario; the table says so in capitals.
func (s *stage) skip(format string, args ...any) {
	panic(ending{skip: true, why: fmt.Sprintf(format, args...)})
}

func (s *stage) must(what string, err error) {
	if err != nil {
		s.fail("%s: %v", what, err)
	}
}

// until asks again and again until the answer is nil; it fails after a time, when the run is interrupted, and when a bridge has ended.
func (s *stage) until(what string, within time.Duration, question func() error) {
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		err := question()
		switch {
		case err == nil:
			return
		case s.ctx.Err() != nil:
			s.fail("interrupted: %v", s.ctx.Err())
		case time.Now().After(deadline):
			s.fail("%s: still not after %s: %v", what, within, err)
		}
		for _, b := range s.bridges {
			s.must(what, b.died())
		}
	}
}

// sleep is cut short when the run is interrupted.
func (s *stage) sleep(d time.Duration) {
	end := time.Now().Add(d)
	s.until("sleep", d+time.Minute, func() error {
		if left := time.Until(end); left > 0 {
			return fmt.Errorf("%s left", left)
		}
		return nil
	})
}
