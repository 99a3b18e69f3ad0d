package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"qlikbridge/bridge/proof"
)

// replayLimit is how long the bridge may take, once Kafka is whole again, to bring all that it has spooled there.
const replayLimit = 3 * time.Minute

// play has one scenario happen, and returns its row. Whatever happens, nothing of it is left running.
func play(ctx context.Context, opt options, k *kafkas, sc scenario, dir string) (r row) {
	r = row{Name: sc.name, About: sc.about, Duplicates: sc.duplicates}
	s, err := newStage(ctx, opt, sc, dir)
	if err != nil {
		r.Failures = append(r.Failures, err.Error())
		return r
	}
	defer s.clear()
	s.say("begins")
	r.end(s.guard(func() {
		s.cluster, err = k.get(ctx, sc.kafka)
		s.must("start kafka", err)
		sc.run(s)
	}))
	if s.inside != nil {
		return *s.inside
	}
	if r.Skipped == "" && s.cluster != nil && ctx.Err() == nil {
		r.end(s.guard(func() { s.settle(); s.check(&r) })) // also after a failure: what was promised must be there all the same
	}
	r.Notes, r.Seconds = s.notes, time.Since(s.started).Seconds()
	r.Failures = append(r.Failures, s.failures...)
	if len(r.Failures) > 0 {
		k.drop(sc.kafka) // whoever comes next is not to suffer from it
	} else {
		r.end(s.guard(s.tidy))
	}
	return r
}

// guard runs fn and returns how it ended before its end, nil where it did not. Panics that are none of the stage's go on.
func (s *stage) guard(fn func()) (end *ending) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case ending:
			end = &p
		default:
			s.clear()
			panic(p)
		}
	}()
	fn()
	return nil
}

// settle ends the load and waits until the bridges say that nothing of theirs is on its way to Kafka any more.
func (s *stage) settle() {
	s.finishSending()
	s.must("heal kafka", heal(s.ctx, s.cluster))
	s.drained()
}

func (s *stage) drained() {
	for _, b := range s.bridges {
		s.until(b.name+" has nothing left in its spool", replayLimit, func() error { return b.holdsNothing() })
	}
}

func (b *bridge) holdsNothing() error {
	spooled, err := b.metric(spoolEvents)
	waiting, err2 := b.metric(waitingRecord)
	if err = errors.Join(err, err2); err == nil && spooled+waiting > 0 {
		err = fmt.Errorf("%.0f events are in the spool, %.0f records wait for Kafka", spooled, waiting)
	}
	return err
}

// check compares the ledger, read back from its file, with all that is in Kafka.
func (s *stage) check(r *row) {
	attempts, err := proof.ReadLedger(s.ledgerFile())
	s.must("read the ledger", err)
	c := proof.NewCheck(s.run, s.prefix, s.bound, attempts)
	s.must("read the topics", c.Read(s.ctx, s.cluster.Brokers()))
	for _, b := range s.bridges {
		b.remember()
		r.SetAside, r.PeakMB = r.SetAside+b.setAside, max(r.PeakMB, b.peakMB)
	}
	r.Findings = c.Findings(s.deleted)
	r.judge(s.mayDamage, s.scenario.exact, s.kills)
}

// tidy removes what only a failure needs.
func (s *stage) tidy() {
	if s.scenario.kafka != ownKafka {
		s.must("delete the topics", proof.DeleteTopics(s.ctx, s.cluster.Brokers(), s.prefix))
	}
	if !s.opt.keep {
		s.onEnd(func() { _ = os.RemoveAll(s.dir) })
	}
}
