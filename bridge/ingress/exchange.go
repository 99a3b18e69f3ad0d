package ingress

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"qlikbridge/bridge"
)

// exchange is one request and all that was learned on the way to its answer.
type exchange struct {
	// Set when it begins.
	server      *Server
	request     *http.Request
	started     time.Time
	source      *Source    // nil: unknown
	conn        *conn      // nil: served without a connection of ours
	client      netip.Addr // not valid: not known
	extra       bool       // others are handled on the same connection
	encoded     bool       // the body has a Content-Encoding
	long        bool       // the request target is
	signature   []string   // values of the header
	traceParent string     // "": none

	// Set on the way.
	body       body
	bytes      int             // of the body, once it is there
	signed     bool            // by an accepted secret
	secret     bridge.Standing // which secret matched
	receipt    *bridge.Receipt // nil: refused at the door
	status     int
	response   response
	reason     bridge.Reason // of a refusal
	retryAfter string        // seconds
	unanswered bool          // the answer could not be written
}

// rescue answers 500 where our own code panicked; the event is not stored, and the sender is not told that it was.
func (x *exchange) rescue(w *echo.Response) {
	p := recover()
	if p == nil {
		return
	}
	x.server.log.Error("a bug: the handler panicked", "panic", p, "stack", string(debug.Stack()))
	x.status, x.response = http.StatusInternalServerError, response{Error: "internal error"}
	if !w.Committed {
		x.write(w)
	}
}

// report counts the exchange and writes its one line. There is no personal data in it: nothing of data, no claims, no partition key.
func (x *exchange) report() {
	took := x.server.now().Sub(x.started)
	x.server.metrics.observe(x, took)
	level := x.level()
	if !x.server.log.Enabled(context.Background(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 20)
	attrs = append(attrs, slog.String("source", x.sourceName()), slog.Int("status", x.status), slog.Float64("seconds", took.Seconds()),
		slog.Int("bytes", x.bytes), slog.String("remote", x.request.RemoteAddr))
	if x.server.clients.proxies > 0 && x.client.IsValid() {
		attrs = append(attrs, slog.String("client", x.client.String()))
	}
	if x.secret != "" {
		attrs = append(attrs, slog.String("secret", string(x.secret)))
	}
	if x.reason != "" {
		attrs = append(attrs, slog.String("outcome", "refused"), slog.String("reason", string(x.reason)))
	}
	if x.receipt != nil {
		attrs = appendReceipt(attrs, x.receipt)
	}
	if x.unanswered {
		attrs = append(attrs, slog.Bool("answered", false))
	}
	x.server.log.LogAttrs(context.Background(), level, "delivery", attrs...)
}

func appendReceipt(attrs []slog.Attr, r *bridge.Receipt) []slog.Attr {
	attrs = append(attrs, slog.String("outcome", string(r.Outcome)))
	if r.Topic != "" {
		attrs = append(attrs, slog.String("topic", r.Topic))
	}
	if r.Outcome == bridge.Published || r.Outcome == bridge.DeadLettered {
		attrs = append(attrs, slog.Int("partition", int(r.At.Partition)), slog.Int64("offset", r.At.Offset))
	}
	if r.Why != nil {
		attrs = append(attrs, slog.String("reason", string(r.Why.Reason)), slog.String("error", r.Why.Err.Error()))
	}
	e := r.Event
	if e == nil {
		return attrs
	}
	attrs = append(attrs, slog.String("id", e.ID), slog.String("type", e.Type), slog.String("envelope", string(e.Envelope)))
	if len(e.Repairs) > 0 {
		attrs = append(attrs, slog.String("repairs", e.Repairs.String()))
	}
	if e.TraceParent != "" {
		attrs = append(attrs, slog.String("traceparent", e.TraceParent))
	}
	return attrs
}

// level is info for an outcome, warn where something is degraded (a dead letter, Kafka away, a sender gone), error for a bug of ours.
func (x *exchange) level() slog.Level {
	switch {
	case x.status == http.StatusInternalServerError:
		return slog.LevelError
	case x.unanswered, x.receipt != nil && isDegraded(x.receipt.Outcome):
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func isDegraded(o bridge.Outcome) bool { return o != bridge.Published && o != bridge.Duplicate }

// sourceName is a label: a name that is not configured has none.
func (x *exchange) sourceName() string {
	if x.source == nil {
		return ""
	}
	return x.source.Name
}
