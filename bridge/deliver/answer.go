package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
)

// Outcome is what came of one attempt. The set is closed: the words stand in metrics, log lines and status pages.
type Outcome string

// The outcomes.
const (
	Delivered   Outcome = "delivered"   // 2xx
	Refused     Outcome = "refused"     // 4xx but the following
	Unwelcome   Outcome = "unwelcome"   // 3xx, 401, 403, 404, 405, 407: likely a wrong URL or a wrong token, whatever the event
	Gone        Outcome = "gone"        // 410: the sink wants no more of this subscription
	Limited     Outcome = "limited"     // 429, and 503 with Retry-After: the sink says that and when it wants to be asked again
	Failed      Outcome = "failed"      // 408, 425, 5xx
	TimedOut    Outcome = "timeout"     // connected, and no answer in time
	Broken      Outcome = "broken"      // connected, and no answer that can be read, or 101
	Unreachable Outcome = "unreachable" // no connection: look-up, connect, TLS
	Blocked     Outcome = "blocked"     // the address is none that is allowed
	Unsendable  Outcome = "unsendable"  // no request can be made of the event
	Cancelled   Outcome = "cancelled"   // by our own stop
)

var outcomes = []Outcome{Delivered, Refused, Unwelcome, Gone, Limited, Failed, TimedOut, Broken, Unreachable, Blocked, Unsendable, Cancelled}

// unwelcome are the answers beside 3xx that speak of who asks and where, not of what is sent.
var unwelcome = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired}

// excerptBytes bounds what is kept of an answer's body.
const excerptBytes = 512

// answer is what came of one attempt.
type answer struct {
	outcome    Outcome
	status     int           // 0: none came
	retryAfter time.Duration // 0: not said
	err        error         // nil: delivered; nothing of what the sink said but its status
	excerpt    string        // of the body, as it came, or of what came in the place of an answer
	took       time.Duration
	version    int // of the sink whose answer it is
}

// letter is the error for a dead letter: what the sink said stands there, and not in logs, since it may repeat the event.
func (a answer) letter() error {
	if a.excerpt == "" {
		return a.err
	}
	return fmt.Errorf("%w: %q", a.err, a.excerpt)
}

// post tries once, within the sink's timeout; it ends sooner with ctx.
func (k *sink) post(ctx context.Context, e *event.Event) answer {
	began := time.Now()
	a := k.exchange(ctx, e, began)
	a.took, a.version = time.Since(began), k.version
	return a
}

func (k *sink) exchange(ctx context.Context, e *event.Event, now time.Time) answer {
	limited, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	connected := false
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	r, err := k.request(limited, e, now)
	if err != nil {
		return answer{outcome: Unsendable, err: err}
	}
	response, err := k.client.Do(r)
	if err != nil {
		return unanswered(ctx, limited, connected, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return answer{outcome: Broken, status: response.StatusCode, err: errSwitched}
	}
	excerpt, _ := io.ReadAll(io.LimitReader(response.Body, excerptBytes))
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswerBody) // what is beyond it costs the connection, nothing more
	return judge(response, excerpt, now)
}

// unanswered is an attempt that brought no answer.
func unanswered(ctx, limited context.Context, connected bool, err error) answer {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // without the URL, which can be a secret
	}
	a := answer{outcome: Broken, err: err}
	switch {
	case ctx.Err() != nil:
		a.outcome = Cancelled
	case errors.Is(err, errBlocked):
		a.outcome = Blocked
	case !connected:
		a.outcome = Unreachable
	case limited.Err() != nil:
		a.outcome, a.err = TimedOut, fmt.Errorf("no answer in time: %w", err)
	case !endOfConnection(err):
		a.err, a.excerpt = errUnreadable, err.Error()[:min(len(err.Error()), excerptBytes)] // net/http quotes what it cannot read
	}
	return a
}

var errUnreadable = errors.New("the sink's answer cannot be read as HTTP")

// errSwitched is an answer without an end: after a 101 net/http hands out the bare connection as the body, and a read of that heeds no context.
var errSwitched = errors.New("the sink answered 101 Switching Protocols, which nobody asked for")

// endOfConnection reports whether an error says that a connection ended, and nothing of what came over it.
func endOfConnection(err error) bool {
	var network *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// judge reads an answer by its status (Standard Webhooks 1.0.0, "Delivery success and failure"; RFC 9110, 9.2.2 and 15).
func judge(response *http.Response, excerpt []byte, now time.Time) answer {
	a := answer{outcome: Refused, status: response.StatusCode, retryAfter: retryAfter(response.Header, now)}
	switch s := response.StatusCode; {
	case s >= 200 && s < 300:
		return answer{outcome: Delivered, status: s}
	case s == http.StatusGone:
		a.outcome = Gone
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable && a.retryAfter > 0:
		a.outcome = Limited
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		a.outcome = Failed
	case s < 400, slices.Contains(unwelcome, s):
		a.outcome = Unwelcome
	}
	a.excerpt = string(excerpt)
	a.err = fmt.Errorf("the sink answered %s", strings.TrimSpace(strconv.Itoa(a.status)+" "+http.StatusText(a.status)))
	return a
}
