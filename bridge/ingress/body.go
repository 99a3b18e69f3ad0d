package ingress

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"

	"qlikbridge/bridge"
)

// What a body takes while it is read. Pages are used again and again: a buffer that doubles would leave as much behind for the garbage
// collector as it holds, and hold up to twice of what was sent.
const (
	freeBytes   = 8 << 10  // of each connection, whatever others send: ordinary events are a few KiB
	pageBytes   = 16 << 10 // beyond
	streamBytes = 32 << 10 // of a further request at the same time on one connection (HTTP/2), its goroutine with it
)

var (
	firsts = sync.Pool{New: func() any { return new([freeBytes]byte) }}
	pages  = sync.Pool{New: func() any { return new([pageBytes]byte) }}
)

// body is what has arrived of one request. Beyond the first bytes it takes its room from that which all requests share, as it
// really grows: a Content-Length is only a claim. It is for one goroutine.
type body struct {
	room  *room
	limit int

	taken int64    // out of room
	size  int      // bytes that arrived
	parts [][]byte // those bytes; every part but the last is full
	first *[freeBytes]byte
	pages []*[pageBytes]byte
	next  [1]byte // the byte that asks for a further part
}

// read reads the whole body. extra says that the connection has its free bytes in use already. The error is a *bridge.Refusal.
func (b *body) read(r *http.Request, extra bool) error {
	if r.ContentLength > int64(b.limit) {
		return bridge.Refuse(bridge.BodyTooLarge, "the body has %d bytes, %d at most", r.ContentLength, b.limit)
	}
	if extra && !b.take(streamBytes) {
		return busy()
	}
	for {
		space := b.space()
		n, err := r.Body.Read(space)
		if err := b.arrived(space[:n]); err != nil {
			return err
		}
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return bridge.Refuse(bridge.BodyTooSlow, "the body did not arrive in time")
		case err != nil:
			return bridge.Refuse(bridge.BodyIncomplete, "the body ended early")
		}
	}
}

func busy() error {
	return bridge.Refuse(bridge.Busy, "too many bodies are being read; send it again")
}

func (b *body) take(n int64) bool {
	if !b.room.take(n) {
		return false
	}
	b.taken += n
	return true
}

// space is where the next bytes go. Where all parts are full that is one byte, since room is made only for what came.
func (b *body) space() []byte {
	if n := len(b.parts); n > 0 {
		if last := b.parts[n-1]; len(last) < cap(last) {
			return last[len(last):cap(last)]
		}
	}
	return b.next[:]
}

// arrived takes in what was read into space.
func (b *body) arrived(bytes []byte) error {
	switch {
	case len(bytes) == 0:
		return nil
	case b.size+len(bytes) > b.limit:
		return bridge.Refuse(bridge.BodyTooLarge, "the body has more than %d bytes", b.limit)
	case &bytes[0] == &b.next[0]:
		if !b.grow() {
			return busy()
		}
		b.parts[len(b.parts)-1][:1][0] = b.next[0]
	}
	last := &b.parts[len(b.parts)-1]
	*last = (*last)[:len(*last)+len(bytes)]
	b.size += len(bytes)
	return nil
}

// grow adds a part; false: there is no room.
func (b *body) grow() bool {
	left := b.limit - b.size
	if b.first == nil {
		b.first = firsts.Get().(*[freeBytes]byte)
		b.parts = append(b.parts, b.first[:0:min(left, freeBytes)])
		return true
	}
	n := min(left, pageBytes)
	if !b.take(int64(n)) {
		return false
	}
	page := pages.Get().(*[pageBytes]byte)
	b.pages = append(b.pages, page)
	b.parts = append(b.parts, page[:0:n])
	return true
}

// whole is the body in one piece, valid until release. It is for signed bodies: those of several pages are copied, and the copy takes the place of
// the pages in the shared room.
func (b *body) whole() []byte {
	switch len(b.parts) {
	case 0:
		return nil
	case 1:
		return b.parts[0]
	}
	all := make([]byte, 0, b.size)
	for _, part := range b.parts {
		all = append(all, part...)
	}
	b.parts = [][]byte{all}
	b.recycle()
	return all
}

// release gives everything back; the bytes are no longer the caller's.
func (b *body) release() {
	b.parts = nil
	b.recycle()
	b.room.giveBack(b.taken)
	b.taken = 0
}

func (b *body) recycle() {
	if b.first != nil {
		firsts.Put(b.first)
		b.first = nil
	}
	for _, page := range b.pages {
		pages.Put(page)
	}
	b.pages = nil
}
