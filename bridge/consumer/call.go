package consumer

import (
	"context"

	"qlikbridge/bridge"
)

// call is what a handler may ask its context about the call that it is in.
type call struct {
	at       bridge.Place
	attempt  int
	draining <-chan struct{}
}

type callKey struct{}

// callOf is the zero value where the context is none of a handler.
func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// At returns where the event stands that a handler was called with, out of the handler's context; false where the context is none of a handler.
func At(ctx context.Context) (bridge.Place, bool) {
	c, ok := ctx.Value(callKey{}).(call)
	return c.at, ok
}

// Attempt is which attempt at its event a handler's context belongs to, from 1 to Config.Retry.Attempts; those that were held do not count. 0 where the
// context is none of a handler.
func Attempt(ctx context.Context) int { return callOf(ctx).attempt }

// Draining returns a channel that is closed when the event's partition is about to leave this member, by a rebalance or a stop. Both wait for the
// handlers that run, Config.Stop at most, and with a rebalance the whole group waits. So a handler that waits for something other than its own work, such
// as for a system that is down, ends that wait then and returns an error of Hold: the event is kept, uncounted, and whoever has the partition next is
// called with it. What is under way already is better finished, in the time that is left; the context ends when that is over. It is nil, which is
// never closed, where the context is none of a handler.
func Draining(ctx context.Context) <-chan struct{} { return callOf(ctx).draining }
