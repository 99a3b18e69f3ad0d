package consumer_test

import (
	"log/slog"
	"strings"
	"testing"

	"qlikbridge/bridge/consumer"
)

// TestUnknownTypeIsTold asserts that a type which the catalogue does not have is warned of, and no other.
func TestUnknownTypeIsTold(t *testing.T) {
	t.Parallel()
	h := fake(t)
	h.topic(t, "apps", 1)
	h.send(t, h.topic(t, "other", 1), sent{id: "0", typ: "com.qlik.app.create"})
	log := &lateLog{}
	var handled book
	c := startWith(t, h.config(func(c *consumer.Config) {
		c.Families, c.Types = nil, []string{appCreated, "com.qlik.app.create"}
	}), handled.note, consumer.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	handled.wait(t, 1)
	c.stop(t)
	if text := log.String(); strings.Count(text, "is not in the catalogue") != 1 || !strings.Contains(text, "only "+h.prefix+"other can hold") {
		t.Errorf("got %s, want one line of com.qlik.app.create", text)
	}
}
