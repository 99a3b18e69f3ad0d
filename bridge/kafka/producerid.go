package kafka

import (
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// lookEvery is the least time between two looks at the producer id.
const lookEvery = time.Second

// lookAtID replaces a client in the background where its producer id is refused for good, at most once in lookEvery. franz-go asks for the id
// at the first record. An answer that it takes for final, as that the login may not have one yet, it keeps, and fails every later record of
// every topic with it; nothing but a new client asks again. It does not block.
func (p *producer) lookAtID(client *generation) {
	if !p.looking.CompareAndSwap(false, true) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.looks.Go(func() {
		defer p.looking.Store(false)
		p.replaceRefused(client)
		select {
		case <-p.ended:
		case <-time.After(lookEvery):
		}
	})
}

// replaceRefused blocks for brokerWait at most, and not beyond close.
func (p *producer) replaceRefused(client *generation) {
	ctx, cancel := p.bounded(brokerWait)
	defer cancel()
	_, _, err := client.ProducerID(ctx)
	if kept, ok := err.(*kerr.Error); ok && !kept.Retriable { // one that is wrapped franz-go has not kept
		p.replace(client, "its producer id was refused: "+kept.Message, refusedWait)
	}
}

// isFinal reports whether an error is one of Kafka after which franz-go does not try again.
func isFinal(err error) bool {
	var given *kerr.Error
	return errors.As(err, &given) && !given.Retriable
}
