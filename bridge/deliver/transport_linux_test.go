package deliver

import (
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestBlackHole asserts that a dial which nothing answers ends with the sink's timeout, even though net/http detaches it from its request: by itself
// Linux gives it up after two minutes.
func TestBlackHole(t *testing.T) {
	address := blackHole(t)
	client, err := newClient(local, Sink{Timeout: Duration(100 * time.Millisecond)}, 1)
	must(t, err)
	began := time.Now()
	conn, err := client.Transport.(*http.Transport).DialContext(t.Context(), "tcp", address)
	if err == nil {
		_ = conn.Close()
		t.Fatal("got a connection, want none")
	}
	if took := time.Since(began); !os.IsTimeout(err) || took > patience {
		t.Errorf("got %v after %s, want a timeout within the sink's", err, took)
	}
}

// blackHole is an address that does not answer: a listener whose queue is full.
func blackHole(t *testing.T) (address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	must(t, err)
	at := name.(*syscall.SockaddrInet4)
	address = (&net.TCPAddr{IP: at.Addr[:], Port: at.Port}).String()
	for range 16 {
		conn, err := net.DialTimeout("tcp", address, 500*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("the queue of a listener does not fill up here")
	return ""
}
