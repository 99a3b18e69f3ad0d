package consumer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestLostEnd asserts that what stands in a partition after it has lost its end is handled, by this member or the next, whatever stood there before: 0 to
// 99 were done when the leader died, and the next had 0 to 49. kfake loses no ends, so that records are given as a fetch would give them.
func TestLostEnd(t *testing.T) {
	tests := []struct {
		name   string
		before mark // as an earlier owner left it
		first  int64
		until  int64  // what was read of the old end, all done
		typ    string // of what is read at 50 then
		holds  bool   // that waits for an attempt
		want   mark
	}{
		{"done", mark{}, 0, 100, "wanted", false, mark{offset: 51, until: 51}},
		{"it waits", mark{}, 0, 100, "wanted", true, mark{50, 51, []int64{50}}},
		{"nobody wants it", mark{}, 0, 100, "other", false, mark{offset: 51, until: 51}},
		{"while nobody read", mark{offset: 100, until: 100}, 0, 0, "wanted", true, mark{50, 51, []int64{50}}},
		{"in what is owed", mark{40, 100, []int64{40, 70}}, 40, 60, "wanted", true, mark{50, 51, []int64{50}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				back := false
				c, err := New(Config{Group: "g", Types: []string{"wanted"}, Dedupe: -1}, func(context.Context, event.Event) error {
					if back && tt.holds {
						return Hold(errors.New("away"))
					}
					return nil
				}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				p := newPartition("t", 0)
				c.dispatcher.assign(p)
				p.resume(tt.before, "")
				read := func(from, to int64, typ string) {
					var records []*kgo.Record
					for offset := from; offset < to; offset++ {
						records = append(records, &kgo.Record{Offset: offset, Headers: []kgo.RecordHeader{{Key: typeHeader, Value: []byte(typ)}},
							Value: fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"s","type":%q}`, offset, typ)})
					}
					if len(records) > 0 {
						c.take(t.Context(), batch{p, records})
					}
					synctest.Wait()
				}
				read(tt.first, tt.until, "wanted")
				back = true
				read(50, 51, tt.typ)
				if got := p.tracker.mark(); !equal(got, tt.want) {
					t.Errorf("got the mark %+v, want %+v", got, tt.want)
				}
				c.dispatcher.drop(c.dispatcher.all())
				time.Sleep(time.Hour)
			})
		})
	}
}
