package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// grace is how long an answer may be late, past the end of the load, before its connection counts as failed.
const grace = 20 * time.Second

// load is what the server answered to one closed loop.
type load struct {
	elapsed   time.Duration
	published int             // 200, acknowledged by Kafka
	spooled   int             // 200, on the server's disk
	failed    int             // every other answer, and every broken connection
	failure   error           // the first of those
	latencies []time.Duration // of all answers, sorted
}

// generate posts events over n keep-alive connections for d. Each connection sends its next event when the last one is answered.
// It returns when all are answered, and cancelling ctx breaks the connections.
func generate(ctx context.Context, host string, secret []byte, n int, d time.Duration) load {
	workers := make([]load, n)
	start := time.Now()
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() { workers[i].run(ctx, host, secret, start.Add(d)) })
	}
	group.Wait()
	return merge(workers, time.Since(start))
}

// run is one connection's loop; a connection that breaks is not opened again.
func (l *load) run(ctx context.Context, host string, secret []byte, end time.Time) {
	raw, err := net.DialTimeout("tcp", host, grace)
	if err != nil {
		l.fail(err)
		return
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	_ = raw.SetDeadline(end.Add(grace))
	conn, events := &connection{Conn: raw}, newStream(host, secret)
	for sent := time.Now(); sent.Before(end); sent = time.Now() {
		answer, err := conn.post(events.next())
		if err != nil {
			l.fail(err)
			return
		}
		l.latencies = append(l.latencies, time.Since(sent))
		l.count(answer)
	}
}

func (l *load) count(a answer) {
	switch {
	case a.status == 200 && a.has(`"published"`):
		l.published++
	case a.status == 200 && a.has(`"spooled"`):
		l.spooled++
	default:
		l.fail(fmt.Errorf("answer %d: %.200s", a.status, a.body))
	}
}

func (l *load) fail(err error) {
	l.failed++
	if l.failure == nil {
		l.failure = err
	}
}

func merge(workers []load, elapsed time.Duration) load {
	all := load{elapsed: elapsed}
	for _, w := range workers {
		all.published += w.published
		all.spooled += w.spooled
		all.failed += w.failed
		if all.failure == nil {
			all.failure = w.failure
		}
		all.latencies = append(all.latencies, w.latencies...)
	}
	slices.Sort(all.latencies)
	return all
}

// quantile is the latency that the share q of the answers did not exceed, in milliseconds; 0 without answers.
func (l *load) quantile(q float64) float64 {
	if len(l.latencies) == 0 {
		return 0
	}
	at := min(int(q*float64(len(l.latencies))), len(l.latencies)-1)
	return l.latencies[at].Seconds() * 1000
}

// answered is the number of 200s.
func (l *load) answered() int { return l.published + l.spooled }
