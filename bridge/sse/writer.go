package sse

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

// writer writes the lines of a stream. No write waits longer than patience: then it fails with os.ErrDeadlineExceeded.
type writer struct {
	http     http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	line     bytes.Buffer
	last     time.Time // of the last write
	behind   bool      // it is not flushed yet
}

// newWriter takes a response over from the server's own deadlines, which are for short answers: reading goes on as long as the connection does,
// which shows when the client goes away.
func newWriter(w http.ResponseWriter, patience time.Duration) (*writer, error) {
	control := http.NewResponseController(w)
	if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})); err != nil {
		return nil, err
	}
	return &writer{http: w, control: control, patience: patience, last: time.Now()}, nil
}

const contentType = "text/event-stream"

// retry is how long a browser waits before it comes again, in milliseconds.
const retry = "3000"

// begin answers that there is a stream, and where it begins.
func (w *writer) begin(positions []byte) error {
	h := w.http.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies like nginx would gather what ought to be seen
	h.Set("X-Content-Type-Options", "nosniff")
	w.field("retry", []byte(retry))
	w.field("id", positions)
	return w.send()
}

// event writes one record as an event. A value of several lines is one of several data lines, which clients put together again.
func (w *writer) event(r *kafka.Stored, named bool, positions []byte) error {
	w.field("id", append([]byte(bridge.Place{Topic: r.Topic, Position: r.Position}.String()), positions...))
	if name := r.Header("ce_type"); named && !strings.ContainsAny(name, "\r\n") {
		w.field("event", []byte(name))
	}
	for line := range bytes.SplitSeq(oneLineEnd(r.Value), []byte("\n")) {
		w.field("data", line)
	}
	return w.write()
}

// oneLineEnd is a text in which every line ends with LF, as the three ends that the format knows reach a client.
func oneLineEnd(value []byte) []byte {
	if bytes.IndexByte(value, '\r') < 0 {
		return value
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// beat says that the stream lives, and how far it has come in topics where nothing was wanted.
func (w *writer) beat(positions []byte) error {
	w.line.WriteString(": heartbeat\n")
	w.field("id", positions)
	return w.send()
}

// say writes a comment.
func (w *writer) say(text string) error {
	w.line.WriteString(": " + text + "\n")
	return w.send()
}

func (w *writer) field(name string, value []byte) {
	w.line.WriteString(name)
	w.line.WriteString(": ")
	w.line.Write(value)
	w.line.WriteByte('\n')
}

// send writes and flushes.
func (w *writer) send() error {
	if err := w.write(); err != nil {
		return err
	}
	return w.flush()
}

// write ends a block and hands it to the server, which keeps 4 KiB before it waits for the client.
func (w *writer) write() error {
	w.line.WriteByte('\n')
	defer w.line.Reset()
	if err := w.control.SetWriteDeadline(time.Now().Add(w.patience)); err != nil {
		return err
	}
	_, err := w.http.Write(w.line.Bytes())
	w.last, w.behind = time.Now(), true
	return err
}

func (w *writer) flush() error {
	if !w.behind {
		return nil
	}
	w.behind = false
	return w.control.Flush()
}
