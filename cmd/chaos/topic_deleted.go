package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"qlikbridge/bridge/proof"
)

// topicDeleted has an operator delete a topic under load. What had been acknowledged into it is gone by his deed, and counted apart; the bridge makes the
// topic anew, and everything that it promises from then on is there.
var topicDeleted = scenario{
	name:  "topic-deleted",
	about: "a topic is deleted under load; the bridge makes it anew",
	duplicates: "events of the deleted topic that were on their way twice: posted again after a 503, or from the spool, while their first record reached the " +
		"new topic as well",
	run: func(s *stage) {
		b := s.startBridge()
		s.send(b.url())
		s.published(1000)
		topic := s.prefix + "apps"
		s.say("delete %s", topic)
		s.must("delete a topic", proof.WithAdmin(s.ctx, s.cluster.Brokers(), func(ctx context.Context, admin *kadm.Client) error {
			done, err := admin.DeleteTopics(ctx, topic)
			return errors.Join(err, done.Error())
		}))
		// A broker may still have taken records for as long as it had not heard of it.
		gone := time.Now().Add(2 * time.Second)
		s.deleted = func(a proof.Attempt) bool { return a.Began.Before(gone) && s.topicWas(a, topic) }
		s.until("the topic is there again", patience, func() error { return s.hasTopic(topic) })
		s.published(1000)
		s.until("the bridge is ready again", patience, b.ready)
		s.published(500)
	},
}

// topicWas is whether the event belongs there; an answer from the spool does not say it.
func (s *stage) topicWas(a proof.Attempt, topic string) bool {
	e, ok := proof.ParseID(s.run, a.ID)
	return ok && s.prefix+e.Family() == topic
}

func (s *stage) hasTopic(topic string) error {
	return proof.WithAdmin(s.ctx, s.cluster.Brokers(), func(ctx context.Context, admin *kadm.Client) error {
		listed, err := admin.ListTopics(ctx, topic)
		if err == nil && !listed.Has(topic) {
			err = fmt.Errorf("there is no %s", topic)
		}
		return err
	})
}
