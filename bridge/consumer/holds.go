package consumer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// holds tells when events begin to be held, and when none is any more. That is one line for all of them: what they wait for is rarely theirs, and a
// handler holds all that comes meanwhile. It is safe for concurrent use.
type holds struct {
	mu    sync.Mutex // also while a line is written, so that lines come in order
	tasks map[*task]bool
}

// hold notes that an event is held, and says so where none was. What a stop or a rebalance ends is no news: all that waits may be held then.
func (c *Consumer) hold(t *task, err error) {
	if t.held || t.partition.leaving() || errors.Is(err, context.Canceled) {
		return
	}
	h := &c.holds
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget()
	if t.held = true; len(h.tasks) == 0 {
		c.log.Warn("an event is held until what it waits for is there; others may be too, without a line each", c.about(t), slog.Any("error", err))
		h.tasks = map[*task]bool{}
	}
	h.tasks[t] = true
}

// release notes that an event is not held any more, and says so where it was the last.
func (c *Consumer) release(t *task) {
	if !t.held {
		return
	}
	h := &c.holds
	h.mu.Lock()
	defer h.mu.Unlock()
	t.held = false
	if !h.tasks[t] {
		return
	}
	h.forget()
	if delete(h.tasks, t); len(h.tasks) == 0 {
		c.log.Info("events go on; none is held any more", c.about(t))
	}
}

// forget drops the events of partitions that leave this member: whoever has them next holds them.
func (h *holds) forget() {
	for t := range h.tasks {
		if t.partition.leaving() {
			delete(h.tasks, t)
		}
	}
}
