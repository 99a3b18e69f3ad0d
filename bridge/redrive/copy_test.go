package redrive_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/redrive"
	"qlikbridge/topics"
)

func record(typ, source, value string) *bridge.Record {
	return &bridge.Record{Topic: "qlik.apps", Key: []byte("k"), Value: []byte(value), Time: ago(time.Hour),
		Headers: []bridge.Header{{Key: "ce_type", Value: []byte(typ)}, {Key: "ce_source", Value: []byte(source)}}}
}

// TestChoice asserts which events are copied.
func TestChoice(t *testing.T) {
	const created, value = "com.qlik.app.created", `{"subject":"app-1","tenantid":"t-1","data":{"subject":"other","tenantid":"other"}}`
	tests := []struct {
		name     string
		types    []string
		sources  []string
		subjects []string
		tenants  []string
		record   *bridge.Record
		want     bool
	}{
		{name: "all", record: record(created, "com.qlik/engine", value), want: true},
		{name: "all, whatever it is", record: record("", "", "\xff"), want: true},
		{name: "type", types: []string{"com.qlik.app.*"}, record: record(created, "", value), want: true},
		{name: "today's name", types: []string{created}, record: record("com.qlik.v1.app.created", "", value), want: true},
		{name: "another type", types: []string{created}, record: record("com.qlik.app.deleted", "", value)},
		{name: "source", sources: []string{"x", "com.qlik/engine"}, record: record(created, "com.qlik/engine", value), want: true},
		{name: "another source", sources: []string{"x"}, record: record(created, "com.qlik/engine", value)},
		{name: "subject", subjects: []string{"app-1"}, record: record(created, "", value), want: true},
		{name: "subject of data", subjects: []string{"other"}, record: record(created, "", value)},
		{name: "tenant", tenants: []string{"t-0", "t-1"}, record: record(created, "", value), want: true},
		{name: "another tenant", tenants: []string{"t-0"}, record: record(created, "", value)},
		{name: "tenant of no JSON", tenants: []string{"t-1"}, record: record(created, "", value[:20])},
		{name: "tenant that is no text", tenants: []string{"1"}, record: record(created, "", `{"tenantid":1}`)},
		{name: "tenant and subject", tenants: []string{"t-1"}, subjects: []string{"app-2"}, record: record(created, "", value)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			selection, err := topics.Default().Select(tt.types, nil)
			if err != nil {
				t.Fatal(err)
			}
			c := redrive.Choice{Types: selection, Sources: tt.sources, Subjects: tt.subjects, Tenants: tt.tenants}
			if got := c.Matches(tt.record); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	at := bridge.Place{Topic: "qlik.apps", Position: bridge.Position{Partition: 3, Offset: 7}}
	r := record("a", "b", "{}")
	if _, ok := redrive.Origin(r); ok {
		t.Error("got an origin of an event that is no copy")
	}
	r.Headers = append(r.Headers, bridge.Header{Key: redrive.CopiedFrom, Value: []byte("x/1/2")}, bridge.Header{Key: redrive.CopiedFrom, Value: []byte(at.String())})
	got, ok := redrive.Origin(r)
	if !ok || got != at {
		t.Errorf("got %s, want that of the last copy, %s", got, at)
	}
	copied := redrive.Copied{}
	copied.Add(at)
	other := at
	other.Offset++
	if !copied.Has(at) || copied.Has(other) || copied.Has(bridge.Place{}) {
		t.Errorf("got %v, want %s alone", copied, at)
	}
}

// kafka takes what is published, and settles it when it is told to.
type kafka struct {
	mu      sync.Mutex
	records []*bridge.Record
	settle  []func(bridge.Position, error)
	answer  func(n int) error // of the nth record; nil: none yet
}

func (k *kafka) Publish(_ context.Context, r *bridge.Record, settle func(bridge.Position, error)) {
	k.mu.Lock()
	n := len(k.records)
	k.records, k.settle = append(k.records, r), append(k.settle, settle)
	answer := k.answer
	k.mu.Unlock()
	if answer != nil {
		settle(bridge.Position{Offset: int64(n)}, answer(n))
	}
}

func from(n int) bridge.Place {
	return bridge.Place{Topic: "qlik.apps", Position: bridge.Position{Partition: 1, Offset: int64(n)}}
}

var window = redrive.Window{Bytes: 1000, Records: 10}

// TestCopier asserts that a copy is the record with a header more, in the order in which they came.
func TestCopier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kafka{answer: func(int) error { return nil }}
		c := redrive.NewCopier(k, "side", window, time.Minute, func() time.Time { return now })
		for i := range 100 {
			if err := c.Send(t.Context(), record("a", "b", fmt.Sprint("value \x00", i)), from(i)); err != nil {
				t.Fatal(err)
			}
		}
		copied, refused, err := c.Wait()
		if copied != 100 || len(refused) != 0 || err != nil {
			t.Fatalf("got %d copied, %v, %v, want 100", copied, refused, err)
		}
		for i, r := range k.records {
			want := record("a", "b", fmt.Sprint("value \x00", i))
			want.Topic, want.Time, want.Headers = "side", now, append(want.Headers, bridge.Header{Key: "copiedfrom", Value: []byte(from(i).String())})
			if diff := cmp.Diff(want, r); diff != "" {
				t.Fatalf("copy %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

// TestCopierWindow asserts that no more waits for Kafka than may, in records and in bytes, and that patience ends.
func TestCopierWindow(t *testing.T) {
	tests := []struct {
		name  string
		value string
		most  int
	}{
		{"small ones", "x", 10},
		{"large ones", string(make([]byte, 300)), 3},
		{"larger than the window", string(make([]byte, 5000)), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &kafka{}
				c := redrive.NewCopier(k, "side", window, time.Minute, time.Now)
				var err error
				began := time.Now()
				for i := 0; err == nil && i < 100; i++ {
					err = c.Send(t.Context(), record("a", "b", tt.value), from(i))
				}
				if err == nil || len(k.records) != tt.most || time.Since(began) != time.Minute {
					t.Errorf("got %d waiting after %s, %v, want %d and an end after a minute", len(k.records), time.Since(began), err, tt.most)
				}
				if copied, _, err := c.Wait(); copied != 0 || err == nil || time.Since(began) != 2*time.Minute {
					t.Errorf("got %d copied, %v, after %s, want none and an error after another minute", copied, err, time.Since(began))
				}
			})
		})
	}
}

// TestCopierFails asserts that a copy that was not acknowledged ends the run, and one that never will be does not.
func TestCopierFails(t *testing.T) {
	large := &bridge.Refusal{Reason: bridge.RecordTooLarge, Err: errors.New("as it is")}
	away := &bridge.Refusal{Reason: bridge.AckTimeout, Err: errors.New("away")}
	synctest.Test(t, func(t *testing.T) {
		k := &kafka{answer: func(n int) error {
			switch n {
			case 1:
				return large
			case 5:
				return away
			}
			return nil
		}}
		c := redrive.NewCopier(k, "side", window, time.Minute, time.Now)
		var err error
		sent := 0
		for ; err == nil && sent < 100; sent++ {
			err = c.Send(t.Context(), record("a", "b", "c"), from(sent))
		}
		if !errors.Is(err, away) || sent != 7 {
			t.Errorf("got %v after %d, want the end with the next", err, sent)
		}
		copied, refused, err := c.Wait()
		if len(refused) != 1 || refused[0].From != from(1) || !errors.Is(refused[0].Why, large) || !errors.Is(err, away) || copied != int64(len(k.records)-2) {
			t.Errorf("got %d of %d copied, %v, %v, want all but two", copied, len(k.records), refused, err)
		}
	})
}

// TestCopierWaitsNoLonger asserts that once a copy has failed or the run was interrupted, and all has settled, nobody waits for anything.
func TestCopierWaitsNoLonger(t *testing.T) {
	away := &bridge.Refusal{Reason: bridge.AckTimeout, Err: errors.New("away")}
	for name, interrupted := range map[string]bool{"failed": false, "interrupted": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &kafka{answer: func(int) error {
					if interrupted {
						return nil
					}
					return away
				}}
				c := redrive.NewCopier(k, "side", window, time.Minute, time.Now)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if err := c.Send(ctx, record("a", "b", "c"), from(0)); err != nil {
					t.Fatal(err)
				}
				if interrupted {
					cancel()
				}
				began := time.Now()
				if err := c.Send(ctx, record("a", "b", "c"), from(1)); err == nil {
					t.Fatal("got no error, want why no more is to be sent")
				}
				_, _, err := c.Wait()
				if (err == nil) != interrupted || time.Since(began) != 0 || len(k.records) != 1 {
					t.Errorf("got %v after %s, want it at once", err, time.Since(began))
				}
			})
		})
	}
}

// TestCopierInterrupted asserts that a context ends the sending, and not what is on its way.
func TestCopierInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kafka{}
		c := redrive.NewCopier(k, "side", window, time.Minute, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		if err := c.Send(ctx, record("a", "b", "c"), from(0)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := c.Send(ctx, record("a", "b", "c"), from(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's", err)
		}
		go k.settle[0](bridge.Position{}, nil)
		if copied, _, err := c.Wait(); copied != 1 || err != nil {
			t.Errorf("got %d, %v, want the one that was sent", copied, err)
		}
	})
}
