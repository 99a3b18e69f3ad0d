package kafkatest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports come from below the range that Linux and macOS give to outgoing connections. From within it, a client that
// keeps dialling a killed broker on loopback sooner or later gets the broker's port as its own, connects to itself, and
// the broker cannot come back.
const lowestPort, ports = 18000, 14000

// freePorts returns loopback addresses on which nothing listens. They are free until somebody else takes them, which
// is why they are chosen at random.
func freePorts(n int) ([]string, error) {
	var out []string
	for range 100 * n {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowestPort+rand.IntN(ports)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue // taken
		}
		defer l.Close() // held until all are found, so that none comes twice
		if out = append(out, addr); len(out) == n {
			return out, nil
		}
	}
	return nil, fmt.Errorf("finding %d free ports: %w", n, errors.New("nearly all are taken"))
}
