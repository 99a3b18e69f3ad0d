package consumer

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// mark is how far a partition is done, as it is committed. Keys run in parallel, so that much may be done beyond the oldest event that is not:
// one offset cannot say that. Kafka keeps a text beside a committed offset, its metadata, and there stands the rest. So who has the partition
// next, after a stop or a rebalance, handles nothing again, and need not wait for events that were going to be tried again.
//
// Another client that takes over the group reads the offset alone, and handles again what is done beyond it. An offset that somebody sets has
// another text or none.
type mark struct {
	offset     int64   // the oldest that is not done: what Kafka calls the committed offset
	until      int64   // before it, everything is done but what follows
	unfinished []int64 // ascending, offset the first; empty: until is offset
}

const (
	markPrefix = "qlik-bridge/1:"
	markBytes  = 4000 // of a text; brokers take 4096 (offset.metadata.max.bytes)
)

// metadata is the text: the distances from the offset itself, which stands first as a proof that the text is its own, to until, and between
// those that are not done, as varints in base64. Where they are too many it says less is done than is, and those are handled again.
func (m mark) metadata() string {
	if len(m.unfinished) == 0 {
		return ""
	}
	const room = markBytes*3/4 - len(markPrefix) - 2*binary.MaxVarintLen64
	var distances []byte
	until, last := m.until, m.offset
	for _, offset := range m.unfinished[1:] {
		if len(distances)+binary.MaxVarintLen64 > room {
			until = offset
			break
		}
		distances = binary.AppendUvarint(distances, uint64(offset-last))
		last = offset
	}
	b := binary.AppendUvarint(nil, uint64(m.offset))
	b = binary.AppendUvarint(b, uint64(until-m.offset))
	return markPrefix + base64.RawURLEncoding.EncodeToString(append(b, distances...))
}

// parseMark reads what stands committed. Whatever is no text of ours, or not this offset's, says nothing but the offset.
func parseMark(offset int64, metadata string) mark {
	plain := mark{offset: offset, until: offset}
	text, ours := strings.CutPrefix(metadata, markPrefix)
	b, err := base64.RawURLEncoding.DecodeString(text)
	if !ours || err != nil {
		return plain
	}
	var numbers []int64
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > 1<<62 {
			return plain
		}
		numbers, b = append(numbers, int64(n)), b[size:]
	}
	if len(numbers) < 2 || numbers[0] != offset || numbers[1] < 1 {
		return plain
	}
	m := mark{offset: offset, until: offset + numbers[1], unfinished: []int64{offset}}
	for _, distance := range numbers[2:] {
		next := m.unfinished[len(m.unfinished)-1] + distance
		if distance < 1 || next >= m.until {
			return plain
		}
		m.unfinished = append(m.unfinished, next)
	}
	return m
}
