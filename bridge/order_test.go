package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"qlikbridge/bridge"
)

// partitions is a Publisher as franz-go is one: it keeps the order in a partition, and when it gives up a record, it fails all that it holds
// of the partition. The fate of one that fails may be unknown: Kafka has it nevertheless.
type partitions struct {
	mu       sync.Mutex
	random   *rand.Rand
	held     [3][]*try
	slow     bool           // it tells of records that failed together over a while, the first at once
	most     int            // records held in a partition; a further one is refused at once
	accepted []string       // ids
	unknown  map[string]int // :: id -> how often it was failed though Kafka has it
}

func (p *partitions) Publish(_ context.Context, r *bridge.Record, settle func(bridge.Position, error)) {
	hash := fnv.New32()
	_, _ = hash.Write(r.Key)
	n := hash.Sum32() % uint32(len(p.held))
	p.mu.Lock()
	full := len(p.held[n]) >= p.most
	if !full {
		p.held[n] = append(p.held[n], &try{r, settle})
	}
	p.mu.Unlock()
	if full {
		settle(bridge.Position{}, &bridge.Refusal{Reason: bridge.BufferFull, Err: errors.New("full")})
	}
}

// act settles some records of a random partition. It holds the lock, so that nothing comes between records that fail together.
func (p *partitions) act(healthy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.random.IntN(len(p.held))
	if healthy || p.random.IntN(3) > 0 {
		k := p.random.IntN(len(p.held[n]) + 1)
		for _, h := range p.held[n][:k] {
			p.accepted = append(p.accepted, h.record.Header("ce_id"))
			h.settle(bridge.Position{}, nil)
		}
		p.held[n] = p.held[n][k:]
		return
	}
	took := 0 // of those that fail
	if p.random.IntN(4) == 0 {
		took = p.random.IntN(len(p.held[n]) + 1)
	}
	for _, h := range p.held[n][:took] {
		p.accepted = append(p.accepted, h.record.Header("ce_id"))
		p.unknown[h.record.Header("ce_id")]++
	}
	failed, pause := p.held[n], time.Duration(0)
	if p.slow {
		pause = time.Duration(p.random.IntN(150)) * time.Millisecond
	}
	p.held[n] = nil
	if len(failed) > 0 {
		refuse(failed[0])
		go func() { // franz-go tells of them one by one
			for _, h := range failed[1:] {
				time.Sleep(pause)
				refuse(h)
			}
		}()
	}
}

func refuse(h *try) {
	h.settle(bridge.Position{}, &bridge.Refusal{Reason: bridge.NotEnoughReplicas, Err: errors.New("away")})
}

// TestOrder asserts that whatever Kafka and the disk do, each event that was answered with success is in Kafka, those of a key in the order in
// which they were sent, and none twice but where it was not known whether Kafka has it: a failure that is none, or a sender told to try again.
func TestOrder(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { checkOrder(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

const keysOfTest, eventsOfKey = 7, 40

func checkOrder(t *testing.T, random *rand.Rand) {
	p := &partitions{random: random, slow: random.IntN(2) == 0, most: 1 + random.IntN(30), unknown: map[string]int{}}
	r := newRig(t)
	r.ingester.Publisher = p
	log := r.spool.log("apps")
	log.delay = time.Duration(random.IntN(20)) * time.Millisecond
	r.start()
	var failures sync.Map // :: id -> true where the sender was told to try again
	var senders sync.WaitGroup
	for key := range keysOfTest {
		own := rand.New(rand.NewPCG(random.Uint64(), 1))
		senders.Go(func() { sendInOrder(r.ingester, fmt.Sprint("k", key), own, &failures) })
	}
	ended := make(chan struct{})
	go func() { senders.Wait(); close(ended) }()
	for round := 0; ; round++ {
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		synctest.Wait()
		healthy := round/50%2 == 1
		p.act(healthy)
		if random.IntN(20) == 0 && !p.slow { // else the first that failed may be one whose sender tries again already, which tells the lane nothing
			r.troubleDisk(random, log)
		}
		if isClosed(ended) && healthy && r.ingester.Held().Events == 0 {
			break
		}
		if round > 20000 {
			t.Fatalf("got %d events held, and %d taken, after many rounds", r.ingester.Held().Events, len(p.accepted))
		}
	}
	r.stop()
	checkAcceptedInOrder(t, p, &failures)
}

func isClosed(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// troubleDisk lets the disk fail or work again.
func (r *rig) troubleDisk(random *rand.Rand, log *memoryLog) {
	refusal := &bridge.Refusal{Reason: bridge.SpoolError, Err: errors.New("no disk")}
	r.spool.setFull(nil)
	log.mu.Lock()
	defer log.mu.Unlock()
	log.failure = nil
	switch random.IntN(6) {
	case 0:
		log.failure = refusal
	case 1:
		r.spool.setFull(refusal)
	}
}

// sendInOrder sends the events of a key, each when the one before was answered with success.
func sendInOrder(i *bridge.Ingester, key string, random *rand.Rand, failures *sync.Map) {
	for n := 0; n < eventsOfKey; {
		id := fmt.Sprintf("%s-%d", key, n)
		body := `{"specversion":"1.0","id":"` + id + `","source":"s","type":"com.qlik.app.created","time":"2026-11-20T10:00:00Z","data":{"id":"` + key + `"}}`
		if got := i.Ingest(context.Background(), deliver(body)); got.Outcome == bridge.Failed {
			failures.Store(id, true)
		} else {
			n++
		}
		time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond)
	}
}

func checkAcceptedInOrder(t *testing.T, p *partitions, failures *sync.Map) {
	t.Helper()
	seen := map[string]int{} // :: id -> how often
	next := map[string]int{} // :: key -> the next of its events
	for _, id := range p.accepted {
		if seen[id]++; seen[id] > 1 {
			if _, failed := failures.Load(id); !failed && seen[id] > 1+p.unknown[id] {
				t.Errorf("got %s twice", id)
			}
			continue
		}
		var key string
		var n int
		_, _ = fmt.Sscanf(id, "k%1s-%d", &key, &n)
		if n != next[key] {
			t.Errorf("got %s, want number %d", id, next[key])
		}
		next[key] = n + 1
	}
	if len(seen) != keysOfTest*eventsOfKey {
		t.Errorf("got %d events, want %d", len(seen), keysOfTest*eventsOfKey)
	}
}
