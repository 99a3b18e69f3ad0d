package kafkatest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports come from below the range that Linux and macOS give to outgoing connections. From within it, a client that
// keeps dialling a killed broker on loopback sooner or later gets the broker's port as its own, connects to itself, and
// the broker cannot come back.
const lowestPort, ports = 18000, 14000

const loopback = "127.0.0.1"

// freePorts returns addresses of a host of this machine on which nothing listens. They are free until somebody else takes them, which
// is why they are chosen at random.
func freePorts(host string, n int) ([]string, error) {
	var out []string
	var last error
	for range 100 * n {
		addr := net.JoinHostPort(host, strconv.Itoa(lowestPort+rand.IntN(ports)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			last = err
			continue // taken
		}
		defer l.Close() // held until all are found, so that none comes twice
		if out = append(out, addr); len(out) == n {
			return out, nil
		}
	}
	return nil, fmt.Errorf("finding %d free ports: %w", n, last)
}
