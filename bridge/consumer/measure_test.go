package consumer_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/consumer"
)

// TestMeasureHoldsUpNothing asserts that offsets are committed while no broker says where partitions end.
func TestMeasureHoldsUpNothing(t *testing.T) {
	t.Parallel()
	h := fake(t)
	asked, release := make(chan struct{}, 1), make(chan struct{})
	t.Cleanup(func() { close(release) })
	h.fake.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.KeepControl()
		const end = -1
		if r.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Timestamp == end {
			select {
			case asked <- struct{}{}:
			default:
			}
			h.fake.SleepControl(func() { <-release })
		}
		return nil, nil, false
	})
	topic := h.topic(t, "apps", 1)
	var handled book
	log := &lateLog{}
	c, err := consumer.New(h.config(), handled.note, consumer.Options{Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	must(t, "make a consumer", err)
	c.Measure(10*time.Millisecond, 10*patience)
	run(t, c)
	h.send(t, topic, sent{id: "0"})
	handled.wait(t, 1)
	<-asked
	h.send(t, topic, sent{id: "1"})
	eventually(t, "the second event is committed", func() bool { return h.committed(t, h.prefix+"group", topic, 0) == 2 })
	if strings.Contains(log.String(), "cannot be measured") {
		t.Error("got the commit after the question had been given up, want it beside that")
	}
}
