package spool_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/spool"
)

func TestAppendTellsInOrder(t *testing.T) {
	o := open(t, t.TempDir(), plenty)
	told := o.add(t, bodies(200, 300)...)
	for i, got := range told {
		if got.number != uint64(i+1) || got.err != nil {
			t.Fatalf("done %d: got %d, %v; want %d", i, got.number, got.err, i+1)
		}
	}
	if n := o.Append(delivery(nil), func(uint64, error) {}); n != 201 {
		t.Errorf("Append: got number %d, want 201", n)
	}
}

// TestAppendIsOnDiskWhenItIsDone copies the folder inside done: what was told durable is in the files at that moment.
func TestAppendIsOnDiskWhenItIsDone(t *testing.T) {
	o := open(t, memory(t), plenty)
	for i := range 5 {
		var snapshot string
		done := make(chan struct{})
		o.Append(delivery(body(uint64(i), 50_000)), func(uint64, error) { snapshot = copied(t, o.dir); close(done) })
		wait(t, done, "done")
		if got := len(open(t, snapshot, plenty).drain(t, 1)); got != i+1 {
			t.Fatalf("a copy inside done %d: got %d entries", i+1, got)
		}
	}
}

func TestAppendKeepsItsOwnCopy(t *testing.T) {
	o := open(t, memory(t), plenty)
	b, done := []byte("as it was"), make(chan struct{})
	o.Append(delivery(b), func(uint64, error) { close(done) })
	copy(b, "otherwise")
	wait(t, done, "done")
	if e, err := o.Read(1); err != nil || string(e.Delivery.Body) != "as it was" {
		t.Errorf("got %q, %v", e.Delivery.Body, err)
	}
}

func TestAppendOfManyAtOnce(t *testing.T) {
	t.Parallel()
	const appenders = 64
	each := 40
	if testing.Short() {
		each = 10
	}
	o := open(t, memory(t), plenty)
	var mu sync.Mutex
	var last uint64
	want := map[uint64]string{}
	var all sync.WaitGroup
	for a := range appenders {
		all.Go(func() {
			for i := range each {
				text, done := fmt.Sprintf("appender %d, event %d", a, i), make(chan struct{})
				o.Append(delivery([]byte(text)), func(number uint64, err error) {
					mu.Lock()
					defer mu.Unlock()
					if err != nil || number != last+1 {
						t.Errorf("done of %d after that of %d: %v", number, last, err)
					}
					last, want[number] = number, text
					close(done)
				})
				<-done
			}
		})
	}
	all.Wait()
	entries := o.drain(t, 1)
	if len(entries) != appenders*each {
		t.Fatalf("got %d entries, want %d", len(entries), appenders*each)
	}
	for _, e := range entries {
		if got := string(e.Delivery.Body); got != want[e.Number] {
			t.Fatalf("entry %d: got %q, want %q", e.Number, got, want[e.Number])
		}
	}
}

func TestCloseWaitsForWhatIsQueued(t *testing.T) {
	o := open(t, memory(t), plenty)
	const n = 500
	told := 0 // done is called from one goroutine, which Close waits for
	for range n {
		o.Append(delivery(body(1, 2000)), func(_ uint64, err error) {
			if err == nil {
				told++
			}
		})
	}
	o.close(t)
	if told != n {
		t.Errorf("told when Close returned: got %d, want %d", told, n)
	}
	if got := len(open(t, o.dir, plenty).drain(t, 1)); got != n {
		t.Errorf("entries after Close: got %d, want %d", got, n)
	}
}

// TestAppendOfTooLarge shows that one delivery that cannot be kept does not make the disk look broken.
func TestAppendOfTooLarge(t *testing.T) {
	o := open(t, memory(t), plenty)
	told := o.add(t, []byte("before"), make([]byte, 5<<20), []byte("behind"))
	refused(t, told[1].err, bridge.SpoolError)
	if told[0].err != nil || told[2].err != nil {
		t.Errorf("beside it: got %v and %v", told[0].err, told[2].err)
	}
	if got := numbers(o.drain(t, 1)); len(got) != 2 {
		t.Errorf("got entries %v, want those beside it", got)
	}
	if got := o.setAside(t); got != 0 {
		t.Errorf("set aside: got %v", got)
	}
	if err := o.Room(); err != nil {
		t.Errorf("Room: %v", err)
	}
	o.mustAdd(t, []byte("small"))
}

func TestOpenIsForOne(t *testing.T) {
	o := open(t, memory(t), plenty)
	c := spool.Config{Enabled: true, Dir: o.dir, MaxBytes: plenty}
	if _, err := spool.Open(c, nil, slog.New(slog.DiscardHandler)); !contains(err, "spool.dir", "another process") {
		t.Errorf("second Open: got %v", err)
	}
	want := o.mustAdd(t, []byte("one"))
	o.close(t)
	same(t, open(t, o.dir, plenty).drain(t, 1), want)
}

func TestLogsOfLanesAreApart(t *testing.T) {
	o := open(t, memory(t), plenty)
	other, err := o.Spool.Log("other")
	if err != nil {
		t.Fatal(err)
	}
	o.mustAdd(t, []byte("a"), []byte("b"))
	done := make(chan struct{})
	if n := other.Append(delivery([]byte("c")), func(uint64, error) { close(done) }); n != 1 {
		t.Errorf("number in another lane: got %d, want 1", n)
	}
	wait(t, done, "done")
	again, _ := o.Spool.Log(lane)
	if again != o.Log {
		t.Error("a lane has two logs")
	}
	e, err := other.Read(1)
	if err != nil || string(e.Delivery.Body) != "c" || !e.Delivery.ReceivedAt.Equal(time.Date(2026, 3, 1, 12, 0, 1, 123456789, time.UTC)) {
		t.Errorf("got %+v, %v", e, err)
	}
}
