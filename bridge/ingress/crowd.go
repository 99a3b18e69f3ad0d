package ingress

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// maxHeaderBytes bounds the headers that are being read, over all connections. Parsed, a header of many short lines takes 40 times its
// length; a usual one is under 1 KiB, and comes at once.
const maxHeaderBytes = 1 << 20

// grace is what a connection has to say something signed before it can be cut off for another: a few times there and back, on a slow line, with a
// handshake of TLS.
const grace = time.Second

// readAhead is what the HTTP server may have read of the next request with the one before.
const readAhead = 4 << 10

// crowd holds all connections and sees that those who say nothing do not keep out those who do: where there are too many, the one goes
// that has waited longest without a signed delivery in work, grace at least. It is safe for concurrent use.
type crowd struct {
	most    int // connections
	metrics *Metrics

	full atomic.Bool // there are most; written under mu

	mu      sync.Mutex // guards all below, and in each conn what it says
	changed sync.Cond  // a place became free, or closed
	closed  bool
	all     int
	header  int       // bytes of headers that are being read
	waiting list.List // of *conn: those without a signed delivery in work, whoever has waited longest first
}

func newCrowd(most int, metrics *Metrics) *crowd {
	c := &crowd{most: most, metrics: metrics}
	c.changed.L = &c.mu
	return c
}

// listener accepts connections into a crowd.
type listener struct {
	net.Listener
	crowd *crowd
}

// Accept blocks while every place is taken by a signed delivery in work, or by somebody who has not waited for grace.
func (l *listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := l.crowd.enter(inner)
	if c == nil {
		_ = inner.Close()
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close ends an Accept that waits.
func (l *listener) Close() error {
	l.crowd.mu.Lock()
	l.crowd.closed = true
	l.crowd.changed.Broadcast()
	l.crowd.mu.Unlock()
	return l.Listener.Close()
}

// enter finds a place for a connection; nil: the listener was closed meanwhile.
func (c *crowd) enter(inner net.Conn) *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.all >= c.most && !c.closed {
		c.makePlace()
	}
	if c.closed {
		return nil
	}
	entered := &conn{Conn: inner, crowd: c}
	c.wait(entered)
	c.count(1)
	return entered
}

// makePlace cuts off the one that has waited longest, or waits until there is a reason to try again. mu is held, and given up while it waits.
func (c *crowd) makePlace() {
	longest := c.longest()
	if longest == nil {
		c.changed.Wait()
		return
	}
	if left := grace - time.Since(longest.since); left > 0 {
		alarm := time.AfterFunc(left, c.wake)
		c.changed.Wait()
		alarm.Stop()
		return
	}
	c.remove(longest)
	c.metrics.cut.WithLabelValues(cutConnections).Inc()
	_ = longest.Conn.Close() // does not block: what is still to be sent stays with the system
}

// wake has makePlace look again. It takes mu, so that it does not come before the wait.
func (c *crowd) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Signal()
}

// longest is the one that has waited longest, and that neither sends nor takes anything now; nil: there is none. Whoever waits for us is not cut off.
func (c *crowd) longest() *conn {
	for e := c.waiting.Front(); e != nil; e = e.Next() {
		if candidate := e.Value.(*conn); candidate.blocked.Load() > 0 {
			return candidate
		}
	}
	return nil
}

// wait puts a connection behind those that wait. mu is held.
func (c *crowd) wait(last *conn) {
	last.since, last.place = time.Now(), c.waiting.PushBack(last)
}

// remove takes a connection out of all counts; it may be called again. mu is held.
func (c *crowd) remove(out *conn) {
	if out.gone {
		return
	}
	out.gone = true
	c.header -= out.header
	out.header = 0
	if out.place != nil {
		c.waiting.Remove(out.place)
		out.place = nil
	}
	c.count(-1)
	c.changed.Signal()
}

func (c *crowd) count(change int) {
	c.all += change
	c.full.Store(c.all >= c.most)
	c.metrics.connections.Set(float64(c.all))
}

// relieve cuts off those that have waited longest over a long header, until what is being read is within its bound. An ordinary header, which
// fits into the server's first read, is not counted among them. mu is held.
func (c *crowd) relieve() {
	for e := c.waiting.Front(); e != nil && c.header > maxHeaderBytes; {
		candidate := e.Value.(*conn)
		e = e.Next()
		if candidate.header > readAhead {
			c.remove(candidate)
			c.metrics.cut.WithLabelValues(cutHeaders).Inc()
			_ = candidate.Conn.Close()
		}
	}
}

// conn is a connection of a crowd.
type conn struct {
	net.Conn
	crowd *crowd

	blocked atomic.Int32 // calls that wait until the other side sends, or takes what is sent

	// Guarded by crowd.mu.
	gone     bool
	handling bool          // what comes is no header
	refused  bool          // the last request was
	header   int           // bytes of a header that is being read
	requests int           // that are handled; more than one only with HTTP/2
	since    time.Time     // when it began to wait
	place    *list.Element // in waiting; nil while a signed delivery is in work
}

// Read counts the bytes of a header.
func (c *conn) Read(b []byte) (int, error) {
	c.block()
	n, err := c.Conn.Read(b)
	c.blocked.Add(-1)
	if n > 0 {
		c.crowd.mu.Lock()
		defer c.crowd.mu.Unlock()
		c.reads(n)
	}
	return n, err
}

// Write lets whoever does not take his answers be cut off.
func (c *conn) Write(b []byte) (int, error) {
	c.block()
	defer c.blocked.Add(-1)
	return c.Conn.Write(b)
}

// block notes a call that waits for the other side. It looks for full after that, and makePlace at blocked after full was set: one sees the other.
func (c *conn) block() {
	c.blocked.Add(1)
	if c.crowd.full.Load() {
		c.crowd.wake()
	}
}

// reads notes bytes that came. crowd.mu is held.
func (c *conn) reads(n int) {
	if !c.handling && !c.gone {
		c.header += n
		c.crowd.header += n
		c.crowd.relieve()
	}
}

// Close may be called again.
func (c *conn) Close() error {
	c.crowd.mu.Lock()
	c.crowd.remove(c)
	c.crowd.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets the HTTP server end its half first, so that an answer arrives though the sender is still sending.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// begin notes that the header of a request was read; it reports whether others are handled on the connection already.
func (c *conn) begin() bool {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	c.crowd.header -= c.header
	c.header = 0
	c.handling = true
	c.requests++
	return c.requests > 1
}

// hold keeps the connection for a signed delivery, until its answer is out.
func (c *conn) hold() {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	if c.place != nil {
		c.crowd.waiting.Remove(c.place)
		c.place = nil
	}
}

// end notes that a request was handled.
func (c *conn) end(signed bool) {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	c.requests--
	c.refused = !signed
}

// idle notes that every answer is out and the next byte begins a header. After a signed delivery the connection waits anew. The server may
// have read ahead; where nothing signed came before, that counts in full.
func (c *conn) idle() {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	c.handling = false
	if c.place == nil && !c.gone {
		c.crowd.wait(c)
		c.crowd.changed.Signal()
	}
	if c.refused {
		c.reads(readAhead)
	}
}

type connKey struct{}

// withConn lets a handler find its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, ours(c))
}

// ours is the connection of a crowd below c.
func ours(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	found, _ := c.(*conn)
	return found
}

// stateChanged is called by the HTTP server.
func stateChanged(c net.Conn, s http.ConnState) {
	if s == http.StateIdle {
		ours(c).idle()
	}
}
