package sse

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// positions are the offsets with which each partition of some families goes on; 0, or a partition beyond the list: its beginning.
//
// As a text they are the second part of the id of an event, behind its place:
//
//	qlik.apps/3/1234;apps=12,3,,1235;users=5
//
// A browser that has lost its connection sends back the last id that it saw, and nothing else. A record's place alone would not say how far
// the other partitions were, nor would its time: a spool that is replayed writes old times behind new ones. Empty partitions take no room.
type positions map[string][]int64 // :: family -> partition -> offset

// longestID is what one is read of: what the bridge itself writes has to be among it, and 31 families of 200 partitions that all hold events come to
// some 50 KiB. The admin port reads headers up to net/http's 1 MiB.
const longestID = 64 << 10

// readPositions reads an id. It takes families that the catalogue does not know, which another version may.
func readPositions(id string) (positions, error) {
	if len(id) > longestID {
		return nil, fmt.Errorf("%d bytes; at most %d", len(id), longestID)
	}
	parts := strings.Split(id, ";")
	if parts[0] != "" {
		if _, err := bridge.ParsePlace(parts[0]); err != nil {
			return nil, err
		}
	}
	p := positions{}
	for _, part := range parts[1:] {
		family, offsets, ok := strings.Cut(part, "=")
		if part == "" {
			continue
		}
		if !ok || family == "" {
			return nil, fmt.Errorf("%q is not family=offset,offset…", part)
		}
		for text := range strings.SplitSeq(offsets, ",") {
			offset, err := strconv.ParseUint("0"+text, 10, 63)
			if err != nil {
				return nil, fmt.Errorf("%q of family %s is no offset", text, family)
			}
			p[family] = append(p[family], int64(offset))
		}
	}
	return p, nil
}

// pass notes that a partition was read up to an offset.
func (p positions) pass(family string, partition int32, offset int64) {
	for int(partition) >= len(p[family]) {
		p[family] = append(p[family], 0)
	}
	p[family][partition] = offset + 1
}

// at is the offset that a partition goes on with.
func (p positions) at(family string, partition int32) int64 {
	if offsets := p[family]; int(partition) < len(offsets) {
		return offsets[partition]
	}
	return 0
}

// append writes positions as they stand in an id, families in the order of the catalogue. Where all are at their beginning a semicolon is left: a
// browser does not send an empty id, and would begin with what comes then.
func (p positions) append(b []byte, families []*topics.Family) []byte {
	written := len(b)
	for _, f := range families {
		if offsets := p[f.Name]; slices.ContainsFunc(offsets, func(n int64) bool { return n > 0 }) {
			b = append(append(append(b, ';'), f.Name...), '=')
			b = appendOffsets(b, offsets)
		}
	}
	if len(b) == written {
		return append(b, ';')
	}
	return b
}

func appendOffsets(b []byte, offsets []int64) []byte {
	for i, offset := range offsets {
		if i > 0 {
			b = append(b, ',')
		}
		if offset > 0 {
			b = strconv.AppendInt(b, offset, 10)
		}
	}
	return bytes.TrimRight(b, ",")
}

// offsets are the positions of the partitions that exist, which ends has; families are those by topic.
func (p positions) offsets(ends kafka.Offsets, families map[string]string) kafka.Offsets {
	at := kafka.Offsets{}
	for topic, partitions := range ends {
		for partition := range partitions {
			at.Set(topic, partition, p.at(families[topic], partition))
		}
	}
	return at
}

// positionsOf are offsets by family.
func positionsOf(at kafka.Offsets, families map[string]string) positions {
	p := positions{}
	for topic, partitions := range at {
		for partition, offset := range partitions {
			p.pass(families[topic], partition, offset-1)
		}
	}
	return p
}
