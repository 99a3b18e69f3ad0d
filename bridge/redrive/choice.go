package redrive

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Named is a topic that a user names: all of its partitions, or some.
type Named struct {
	Topic      string
	Partitions []int32 // nil: all
}

// ParseNamed reads TOPIC or, as Kafka's tool does, TOPIC:PARTITION,PARTITION.
func ParseNamed(s string) (Named, error) {
	topic, list, some := strings.Cut(s, ":")
	n := Named{Topic: topic}
	bad := topic == ""
	if some {
		for part := range strings.SplitSeq(list, ",") {
			number, err := strconv.ParseUint(part, 10, 31)
			bad = bad || err != nil
			n.Partitions = append(n.Partitions, int32(number))
		}
	}
	if bad {
		return Named{}, fmt.Errorf("%q: a topic, or a topic and partitions of it such as qlik.apps:0,1", s)
	}
	return n, nil
}

// Near returns the names that may have been meant by one that there is not, the nearest first, and no more than most.
func Near(name string, names []string, most int) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	const shortest = 3 // a part of a name that is shorter says nothing
	wanted := strings.ToLower(name)
	for _, n := range names {
		lower := strings.ToLower(n)
		d := distance(wanted, lower)
		if d <= max(2, len(wanted)/3) || strings.Contains(lower, wanted) || len(lower) >= shortest && strings.Contains(wanted, lower) {
			found = append(found, candidate{n, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	var near []string
	for _, c := range found[:min(most, len(found))] {
		near = append(near, c.name)
	}
	return near
}

// distance is that of Levenshtein, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the prefix of a so far, to each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
