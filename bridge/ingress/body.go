package ingress

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"

	"qlikbridge/bridge"
)

// The room that a body is given at first, and the largest that is kept for the next one. It grows with what really arrives: a
// Content-Length is only a claim.
const (
	firstBytes = 4 << 10
	keepBytes  = 64 << 10
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, firstBytes); return &b }}

func release(b *[]byte) {
	if cap(*b) <= keepBytes {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}

// readBody reads the whole body into b, limit bytes at most. The error is a *bridge.Refusal.
func readBody(r *http.Request, b *[]byte, limit int64) error {
	if r.ContentLength > limit {
		return bridge.Refuse(bridge.BodyTooLarge, "the body has %d bytes, %d at most", r.ContentLength, limit)
	}
	body := io.LimitReader(r.Body, limit+1)
	for {
		if len(*b) == cap(*b) {
			*b = append(*b, 0)[:len(*b)]
		}
		n, err := body.Read((*b)[len(*b):cap(*b)])
		*b = (*b)[:len(*b)+n]
		switch {
		case int64(len(*b)) > limit:
			return bridge.Refuse(bridge.BodyTooLarge, "the body has more than %d bytes", limit)
		case err == io.EOF:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return bridge.Refuse(bridge.BodyTooSlow, "the body did not arrive in time")
		case err != nil:
			return bridge.Refuse(bridge.BodyIncomplete, "the body ended early")
		}
	}
}
