// Package marks writes and reads what a consumer of this module leaves beside a committed offset: what it has done beyond it.
package marks

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
)

const (
	prefix = "qlik-bridge/1:"
	// Most is how long a text is at most, in bytes; brokers take 4096 (offset.metadata.max.bytes).
	Most = 4000
)

// Done is what of a partition is done: everything before Until but what is unfinished.
type Done struct {
	Until      int64
	Unfinished []int64 // ascending; the first is the committed offset, which else is Until
}

// Text is what stands beside the committed offset; empty where everything is done up to there. It has the distances from the offset itself,
// which stands first as a proof that the text is its own, to Until, and between those that are unfinished, as varints in base64. Where they are
// too many it says less is done than is, and those are handled again.
func (d Done) Text() string {
	if len(d.Unfinished) == 0 {
		return ""
	}
	const room = Most*3/4 - len(prefix) - 2*binary.MaxVarintLen64
	var distances []byte
	until, offset, last := d.Until, d.Unfinished[0], d.Unfinished[0]
	for _, next := range d.Unfinished[1:] {
		if len(distances)+binary.MaxVarintLen64 > room {
			until = next
			break
		}
		distances = binary.AppendUvarint(distances, uint64(next-last))
		last = next
	}
	b := binary.AppendUvarint(nil, uint64(offset))
	b = binary.AppendUvarint(b, uint64(until-offset))
	return prefix + base64.RawURLEncoding.EncodeToString(append(b, distances...))
}

// Parse reads a committed offset and what stands beside it. Whatever is no text of ours, or not this offset's, says nothing but the offset.
func Parse(offset int64, text string) Done {
	plain, numbers := Done{Until: offset}, parse(text)
	if len(numbers) < 2 || numbers[0] != offset || numbers[1] < 1 {
		return plain
	}
	d := Done{offset + numbers[1], []int64{offset}}
	for _, distance := range numbers[2:] {
		next := d.Unfinished[len(d.Unfinished)-1] + distance
		if distance < 1 || next >= d.Until {
			return plain
		}
		d.Unfinished = append(d.Unfinished, next)
	}
	return d
}

// parse returns the numbers of a text; nil where it is none of ours.
func parse(text string) (numbers []int64) {
	text, ours := strings.CutPrefix(text, prefix)
	b, err := base64.RawURLEncoding.DecodeString(text)
	if !ours || err != nil {
		return nil
	}
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > 1<<62 {
			return nil
		}
		numbers, b = append(numbers, int64(n)), b[size:]
	}
	return numbers
}

// Has reports whether what is at an offset is done.
func (d Done) Has(offset int64) bool {
	_, unfinished := slices.BinarySearch(d.Unfinished, offset)
	return offset < d.Until && !unfinished
}

// And is what is done of both.
func (d Done) And(o Done) Done {
	all := slices.Concat(d.Unfinished, o.Unfinished)
	slices.Sort(all)
	return Done{min(d.Until, o.Until), slices.Compact(all)}
}

// Within counts the offsets from one on and before another that are done.
func (d Done) Within(from, to int64) int64 {
	to = min(to, d.Until)
	if to <= from {
		return 0
	}
	first, _ := slices.BinarySearch(d.Unfinished, from)
	last, _ := slices.BinarySearch(d.Unfinished, to)
	return to - from - int64(last-first)
}
