package consumer

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// rig is a dispatcher whose work takes a second of the bubble's time, and notes what it does.
type rig struct {
	*dispatcher
	p     *partition
	takes func(*task) time.Duration
	fails func(*task) time.Duration // the wait for the next attempt; 0: it does not fail

	rec     sync.Mutex
	began   []string
	done    []string
	most    int // at once
	current int
}

func newRig(slots, room int, unordered bool) *rig {
	r := &rig{p: newPartition("t", 0), takes: func(*task) time.Duration { return time.Second }, fails: func(*task) time.Duration { return 0 }}
	r.dispatcher = newDispatcher(slots, room, unordered, r.work)
	r.assign(r.p)
	return r
}

func (r *rig) work(t *task) {
	r.rec.Lock()
	r.began = append(r.began, name(t))
	r.current++
	r.most = max(r.most, r.current)
	r.rec.Unlock()
	time.Sleep(r.takes(t))
	r.rec.Lock()
	r.current--
	r.rec.Unlock()
	if wait := r.fails(t); wait > 0 {
		r.again(t, wait)
		return
	}
	if r.dispatcher.done(t) {
		r.rec.Lock()
		r.done = append(r.done, name(t))
		r.rec.Unlock()
	}
}

func name(t *task) string { return fmt.Sprintf("%s%d", t.record.Key, t.record.Offset) }

// give adds events; each is its key, "-" for none, and their place is their offset.
func (r *rig) give(keys ...string) {
	for i, key := range keys {
		record := &kgo.Record{Offset: int64(i), Key: []byte(key)}
		if key == "-" {
			record.Key = nil
		}
		r.add(context.Background(), r.p, record)
	}
}

// pass lets time pass, and what is due then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestDispatch(t *testing.T) {
	tests := []struct {
		name      string
		slots     int
		unordered bool
		keys      string
		want      string // done, in order
		took      time.Duration
		most      int
	}{
		{"one key", 4, false, "a a a", "a0|a1|a2", 3 * time.Second, 1},
		{"two keys", 4, false, "a b a b", "a0 b1|a2 b3", 2 * time.Second, 2},
		{"fewer slots than keys", 2, false, "a b c d", "a0 b1|c2 d3", 2 * time.Second, 2},
		{"one slot goes round", 1, false, "a a b", "a0|b2|a1", 3 * time.Second, 1},
		{"no keys", 4, false, "- - - -", "0 1 2 3", time.Second, 4},
		{"an empty key is a key", 4, false, " ", "0|1", 2 * time.Second, 1},
		{"unordered", 4, true, "a a a a", "a0 a1 a2 a3", time.Second, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(tt.slots, 100, tt.unordered)
				began := time.Now()
				r.give(strings.Split(tt.keys, " ")...)
				pass(tt.took)
				if got, want := steps(r.done, tt.want), tt.want; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				if r.held != 0 || r.most != tt.most || len(r.p.lines) != 0 || r.slots != tt.slots {
					t.Errorf("after %s: got %d held, %d at once, %d lines, %d slots; want 0, %d, 0, %d", time.Since(began), r.held, r.most, len(r.p.lines), r.slots, tt.most, tt.slots)
				}
				if m := r.p.tracker.mark(); m.offset != int64(len(r.done)) {
					t.Errorf("got the mark %+v", m)
				}
			})
		})
	}
}

// steps writes what was done in the groups of want, each sorted, since what ends at one moment has no order.
func steps(done []string, want string) string {
	var groups []string
	for group := range strings.SplitSeq(want, "|") {
		n := min(len(strings.Fields(group)), len(done))
		slices.Sort(done[:n])
		groups = append(groups, strings.Join(done[:n], " "))
		done = done[n:]
	}
	return strings.Join(append(groups, done...), "|")
}

// TestDispatchWaits asserts that an event that waits for its next attempt takes no slot, and that those behind it of its key wait too.
func TestDispatchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1, 100, false)
		attempts := 0
		r.fails = func(task *task) time.Duration {
			if name(task) != "a0" {
				return 0
			}
			attempts++
			return map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second}[attempts]
		}
		r.give("a", "b", "a", "b")
		pass(time.Minute)
		if got, want := strings.Join(r.began, " "), "a0 b1 b3 a0 a0 a2"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// TestDispatchRoom asserts that no more is held than there is room for, and that who adds more waits, until there is room, or ctx ends, or the
// partition is taken away.
func TestDispatchRoom(t *testing.T) {
	add := func(r *rig, ctx context.Context) <-chan bool {
		added := make(chan bool, 1)
		go func() { added <- r.add(ctx, r.p, &kgo.Record{Offset: 99}) }()
		return added
	}
	tests := []struct {
		name string
		end  func(*rig, context.CancelFunc)
		want bool
	}{
		{"room", func(*rig, context.CancelFunc) { time.Sleep(2 * time.Second) }, true},
		{"ctx ends", func(_ *rig, cancel context.CancelFunc) { cancel() }, false},
		{"taken away", func(r *rig, _ context.CancelFunc) { go r.drain(r.all(), time.Hour) }, false},
		{"lost", func(r *rig, _ context.CancelFunc) { r.drop(r.all()) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(1, 3, false)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				defer context.AfterFunc(ctx, r.wakeAdders)()
				r.give("a", "b", "c")
				added := add(r, ctx)
				synctest.Wait()
				if _, held := r.lags(); held != 3 || len(added) != 0 {
					t.Fatalf("got %d held, want 3 and one that waits", held)
				}
				tt.end(r, cancel)
				if got := <-added; got != tt.want {
					t.Errorf("got %v, want %v", got, tt.want)
				}
				pass(time.Minute)
			})
		})
	}
}

// TestDrain asserts that what was begun ends and counts, that nothing else begins, that what waits for an attempt is not waited for, and that the mark
// says exactly what is done.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, 100, false)
		r.fails = func(task *task) time.Duration {
			if string(task.record.Key) == "w" {
				return time.Hour
			}
			return 0
		}
		r.give("w", "a", "b", "a", "b", "c")
		pass(1500 * time.Millisecond) // w0 has failed, a1 is done, b2 and a3 or b2 and c are at work
		before := len(r.began)
		began := time.Now()
		select {
		case <-r.p.draining:
			t.Error("got it draining before it is")
		default:
		}
		told := make(chan time.Duration, 1)
		go func() { <-r.p.draining; told <- time.Since(began) }()
		ended := r.drain(r.all(), time.Minute)
		if at := <-told; at != 0 {
			t.Errorf("got handlers told of it after %s, want at once", at)
		}
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("got an end after %s, want what was left of one handler, 500 ms", took)
		}
		synctest.Wait() // the rig notes what is done after the dispatcher knows it
		m := ended[0].tracker.mark()
		if len(r.began) != before || m.offset != 0 || len(m.unfinished) != 6-len(r.done) || r.held != 0 || len(r.unsaved(nil, false)) != 1 {
			t.Errorf("got %v begun, %v done, the mark %+v and %d held", r.began, r.done, m, r.held)
		}
		pass(2 * time.Hour)
		if len(r.began) != before || r.p.ctx.Err() == nil {
			t.Errorf("got %v begun after the end, and a context that ended: %v", r.began[before:], r.p.ctx.Err())
		}
	})
}

// TestDrainTwice asserts that a rebalance in the midst of a stop waits for handlers as well, that what they did can be committed after the stop's end,
// and that nothing is committed once the partition is another's.
func TestDrainTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, 100, false)
		r.give("a", "a")
		synctest.Wait()
		began := time.Now()
		go r.drain(r.all(), time.Minute)
		synctest.Wait()
		ended := r.drain(r.all(), time.Minute)
		if took := time.Since(began); took != time.Second || len(ended) != 1 {
			t.Errorf("got an end of %d partitions after %s, want one after the handler's second", len(ended), took)
		}
		if got := r.unsaved(nil, false); len(got) != 1 || got[0].mark.offset != 1 {
			t.Errorf("got %+v to commit, want the offset 1", got)
		}
		r.forget(ended)
		if got := r.unsaved(nil, false); len(got) != 0 {
			t.Errorf("got %+v to commit of a partition that is another's", got)
		}
		began = time.Now()
		r.assign(newPartition("t", 1))
		r.takes = func(*task) time.Duration { return time.Hour }
		r.p = r.find("t", 1)
		r.give("a")
		synctest.Wait()
		go r.drain(r.all(), time.Second)
		synctest.Wait()
		if r.drain(r.all(), time.Minute); time.Since(began) != time.Second {
			t.Errorf("got an end after %s, want that of the one who waits less, 1 s", time.Since(began))
		}
		pass(2 * time.Hour)
	})
}

// TestDrainInVain asserts that a handler that takes too long is not waited for longer, that its context ends, and that what it does counts no more.
func TestDrainInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, 100, false)
		r.takes = func(*task) time.Duration { return time.Hour }
		r.give("a", "a")
		synctest.Wait()
		began := time.Now()
		ended := r.drain(r.all(), 20*time.Second)
		if took := time.Since(began); took != 20*time.Second || r.p.ctx.Err() == nil {
			t.Errorf("got an end after %s, want 20 s, and the handler's context ended", took)
		}
		pass(2 * time.Hour)
		if m := ended[0].tracker.mark(); !equal(m, mark{0, 2, []int64{0, 1}}) || len(r.done) != 0 || len(r.began) != 1 || r.slots != 2 {
			t.Errorf("got the mark %+v, %v done, %v begun, %d slots", m, r.done, r.began, r.slots)
		}
	})
}

// TestDropStopsTimers asserts that nothing holds what waited for its next attempt once its partition is lost, with an order and without.
func TestDropStopsTimers(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(4, 100, unordered)
			r.fails = func(*task) time.Duration { return time.Hour }
			r.give("a", "-", "b")
			pass(time.Minute)
			var waiting []*line
			for l := range r.p.waiting {
				waiting = append(waiting, l)
			}
			r.drop(r.all())
			if len(waiting) != 3 || slices.ContainsFunc(waiting, func(l *line) bool { return l.timer.Stop() }) {
				t.Errorf("unordered %v: got %d lines that waited, want 3, and all of their timers stopped", unordered, len(waiting))
			}
		})
	}
}

// TestResume asserts that a partition that comes back goes on with what its earlier owner did not finish, and nothing else: 3 and 5 are owed, 4 was
// done, 6 is owed and not there any more, 8 is new.
func TestResume(t *testing.T) {
	tests := []struct {
		name   string
		wanted []int64
		want   []int64 // handled
	}{
		{"all wanted", []int64{3, 4, 5, 7, 8}, []int64{3, 5, 8}},
		{"one owed is not wanted any more", []int64{3, 8}, []int64{3, 8}},
		{"none wanted", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(8, 100, false)
				r.resume(place{"t", 0}, 3, mark{3, 8, []int64{3, 5, 6}}.metadata())
				for _, offset := range []int64{3, 4, 5, 7, 8} {
					wanted := slices.Contains(tt.wanted, offset)
					if resumed, _ := r.reach(r.p, offset); offset < resumed && r.skip(r.p, offset, wanted) || !wanted {
						continue
					}
					r.add(t.Context(), r.p, &kgo.Record{Offset: offset})
				}
				r.pass(r.p, 9)
				pass(time.Minute)
				var got []int64
				for _, done := range r.done {
					var offset int64
					fmt.Sscan(done, &offset)
					got = append(got, offset)
				}
				slices.Sort(got)
				if m := r.p.tracker.mark(); !slices.Equal(got, tt.want) || !equal(m, mark{offset: 9, until: 9}) {
					t.Errorf("got %v handled and the mark %+v, want %v and all done", got, m, tt.want)
				}
			})
		})
	}
}

// TestSlotSurvivesGoexit asserts that the slot of a handler that ends its goroutine is free again.
func TestSlotSurvivesGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1, 100, false)
		plain := r.dispatcher.work
		r.dispatcher.work = func(task *task) {
			if name(task) == "a0" {
				defer r.dispatcher.done(task)
				runtime.Goexit() // as a failed test does
			}
			plain(task)
		}
		r.give("a", "b", "a")
		pass(time.Minute)
		if len(r.done) != 2 || r.slots != 1 || r.held != 0 {
			t.Errorf("got %v done, %d slots, %d held", r.done, r.slots, r.held)
		}
	})
}
