package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"qlikbridge/bridge/proof"
)

// patience is for what has to come on a machine that does other things as well.
const patience = 90 * time.Second

// startBridge starts one more bridge on the stage's Kafka and waits until it is ready. settings are environment variables.
func (s *stage) startBridge(settings ...string) *bridge {
	base := []string{"QLIK_BRIDGE_CONFIG=" + filepath.Join(s.dir, "config.yaml"), "QLIK_BRIDGE_SECRETS_FILE=" + filepath.Join(s.dir, "secrets"),
		"QLIK_BRIDGE_ACK_TIMEOUT=" + ackTimeout.String(), "QLIK_BRIDGE_TOPICS_PREFIX=" + s.prefix,
		"QLIK_BRIDGE_KAFKA_BROKERS=" + strings.Join(s.cluster.Brokers(), ",")}
	b, err := newBridge(s.opt.bridge, s.dir, fmt.Sprintf("bridge-%d", len(s.bridges)), append(base, settings...))
	s.must("prepare a bridge", err)
	s.must("start the bridge", b.start())
	s.bridges = append(s.bridges, b)
	s.until("the bridge is ready", patience, b.ready)
	return b
}

// send begins to post to a URL, or goes on after finishSending, at the rate that the flags say.
func (s *stage) send(url string) { s.sendAs(&proof.Sender{URL: url}) }

func (s *stage) sendAs(load *proof.Sender) {
	load.Run, load.Ledger, load.Rate, load.Seqs = s.run, s.ledger, s.opt.rate, s.seqs
	s.load = load
	load.Start()
}

// finishSending returns when everything that was begun is answered or given up.
func (s *stage) finishSending() {
	if s.load == nil {
		return
	}
	err := s.load.Finish()
	s.before, s.load = s.tally(), nil
	s.must("send", err)
}

// tally is what all senders of the scenario were answered so far.
func (s *stage) tally() tally {
	t := s.before
	if s.load != nil {
		t.acknowledged += s.load.Acknowledged.Load()
		t.spooled += s.load.Spooled.Load()
		t.refused += s.load.Refused.Load()
	}
	return t
}

// acknowledged waits for n more events that are answered with 200.
func (s *stage) acknowledged(n int64) {
	from := s.tally()
	s.until(fmt.Sprintf("%d more events are answered 200", n), patience, func() error {
		return atLeast(s.tally().acknowledged-from.acknowledged, n)
	})
}

// published waits for n more events that are answered with 200 and not from the spool.
func (s *stage) published(n int64) {
	from := s.tally()
	s.until(fmt.Sprintf("%d more events are published", n), patience, func() error {
		now := s.tally()
		return atLeast(now.acknowledged-from.acknowledged-(now.spooled-from.spooled), n)
	})
}

// noticed waits until n more events were spooled or refused: until the bridge's answers show that Kafka is away.
func (s *stage) noticed(n int64) {
	from := s.tally()
	s.until(fmt.Sprintf("%d more events are spooled or refused", n), patience, func() error {
		now := s.tally()
		return atLeast(now.spooled+now.refused-from.spooled-from.refused, n)
	})
}

func atLeast(got, want int64) error {
	if got < want {
		return fmt.Errorf("got %d", got)
	}
	return nil
}

// wantSpooled has a scenario that is about the spool fail where nothing went there: it would have shown nothing.
func (s *stage) wantSpooled(n int64) {
	got := s.tally().spooled
	s.expect(got >= n, "%d events were spooled, want at least %d: shown is nothing", got, n)
}

// leader is the broker that leads partition 0 of a family's topic.
func (s *stage) leader(family string) (node int) {
	topic := s.prefix + family
	s.until("ask for the leader of "+topic, patience, func() error {
		return proof.WithAdmin(s.ctx, s.cluster.Brokers(), func(ctx context.Context, admin *kadm.Client) error {
			listed, err := admin.ListTopics(ctx, topic)
			if err = errors.Join(err, listed.Error()); err != nil {
				return err
			}
			if node = int(listed[topic].Partitions[0].Leader); node < 0 {
				return errors.New("there is none")
			}
			return nil
		})
	})
	return node
}

// kill ends brokers with SIGKILL.
func (s *stage) kill(nodes ...int) {
	s.say("kill -9 of broker %v", nodes)
	for _, i := range nodes {
		s.must("kill a broker", s.cluster.Kill(i))
	}
}

// restart brings brokers back, all at once since each waits for the others, and waits until every partition has all its replicas.
func (s *stage) restart(nodes ...int) {
	s.say("restart broker %v", nodes)
	s.must("restart brokers", each(len(nodes), func(i int) error { return s.cluster.Restart(s.ctx, nodes[i]) }))
	s.inSync()
}

func (s *stage) inSync() {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	s.must("wait for the replicas", s.cluster.InSync(ctx))
}

// standStill stops a broker with SIGSTOP for a time: its connections stay open, and nothing answers.
func (s *stage) standStill(node int, d time.Duration) {
	s.say("SIGSTOP of broker %d for %s", node, d)
	s.must("stop a broker", s.cluster.Pause(node))
	s.sleep(d)
	s.must("let a broker go on", s.cluster.Resume(node))
	s.inSync()
}

// each runs fn for 0 to n-1 at once.
func each(n int, fn func(int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}
