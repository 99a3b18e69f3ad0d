package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// connection speaks just enough HTTP/1.1 for answers with a Content-Length, for a tenth of the cost of net/http's client.
type connection struct {
	net.Conn
	buffer [8192]byte // holds one answer
}

// answer is valid until its connection posts again.
type answer struct {
	status int
	body   []byte
}

func (a answer) has(text string) bool { return bytes.Contains(a.body, []byte(text)) }

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ") // as net/http writes it
)

// post writes one request and reads its answer whole. After an error the connection is of no more use.
func (c *connection) post(request []byte) (answer, error) {
	if _, err := c.Write(request); err != nil {
		return answer{}, err
	}
	for read := 0; ; {
		n, err := c.Read(c.buffer[read:])
		if err != nil {
			return answer{}, fmt.Errorf("reading the answer: %w", err)
		}
		read += n
		if a, whole, err := parseAnswer(c.buffer[:read]); whole || err != nil {
			return a, err
		}
		if read == len(c.buffer) {
			return answer{}, errors.New("answer over 8 KiB")
		}
	}
}

// parseAnswer is false while data is only the beginning of an answer.
func parseAnswer(data []byte) (answer, bool, error) {
	head, body, found := bytes.Cut(data, headEnd)
	if !found {
		return answer{}, false, nil
	}
	_, after, _ := bytes.Cut(head, contentLength)
	line, _, _ := bytes.Cut(after, headEnd[:2])
	length, err := strconv.Atoi(string(line))
	if err != nil || len(head) < len("HTTP/1.1 200") {
		return answer{}, false, fmt.Errorf("not understood: %.200q", data)
	}
	status, err := strconv.Atoi(string(head[9:12]))
	return answer{status, body}, len(body) >= length, err
}
