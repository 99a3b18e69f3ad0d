package bridge

import (
	"fmt"
	"strconv"
	"strings"
)

// Place is where a record stands: a position in a topic.
type Place struct {
	Topic string
	Position
}

// String is topic/partition/offset, as headers and commands write it; no topic's name holds a slash.
func (p Place) String() string { return p.Topic + "/" + p.Position.String() }

// String is partition/offset.
func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Partition, p.Offset) }

// ParsePosition reads partition/offset.
func ParsePosition(s string) (Position, error) {
	first, second, _ := strings.Cut(s, "/")
	partition, err := strconv.ParseUint(first, 10, 31)
	offset, offsetErr := strconv.ParseUint(second, 10, 63)
	if err != nil || offsetErr != nil {
		return Position{}, fmt.Errorf("%q is not PARTITION/OFFSET, such as 0/17", s)
	}
	return Position{int32(partition), int64(offset)}, nil
}

// ParsePlace reads topic/partition/offset.
func ParsePlace(s string) (Place, error) {
	topic, rest, ok := strings.Cut(s, "/")
	at, err := ParsePosition(rest)
	if !ok || topic == "" || err != nil {
		return Place{}, fmt.Errorf("%q is not topic/partition/offset", s)
	}
	return Place{topic, at}, nil
}
