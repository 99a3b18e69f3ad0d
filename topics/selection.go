package topics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Selection is a choice of events by type and family. It is immutable and safe for concurrent use.
//
// A type is exact or ends in * and stands for all that begin so. Today's name of a type finds events under its older names as well; an older
// name finds those alone that were sent under it. Families narrow the choice: an event has to be of one of them too.
type Selection struct {
	patterns []string
	families []*Family       // whose topics can hold what is chosen, in the order of the catalogue
	known    map[string]bool // :: every name of the catalogue's types -> whether it is chosen
	lengths  [longest]bool   // :: bytes of a name, at most the last -> whether one of that length can be chosen
}

// longest is the length from which on names are not told apart by it.
const longest = 128

// Select makes a selection; no types are all, no families are all but dead letters, which are no events. The error names what the
// catalogue does not know, or says that nothing could ever be chosen.
func (c *Catalog) Select(types, families []string) (*Selection, error) {
	s := &Selection{patterns: types, known: map[string]bool{}}
	for _, name := range families {
		if _, ok := c.Family(name); !ok {
			return nil, fmt.Errorf("family %q is not in the catalogue; `qlik-bridge topics list --offline` lists them", name)
		}
	}
	for _, pattern := range types {
		if i := strings.IndexByte(pattern, '*'); pattern == "" || i >= 0 && i < len(pattern)-1 {
			return nil, fmt.Errorf("type %q: exact, or with one * at its end, such as com.qlik.app.*", pattern)
		}
	}
	for _, pattern := range types {
		s.measure(pattern)
	}
	for _, f := range c.Families {
		if wanted := s.index(f); wanted && (slices.Contains(families, f.Name) || len(families) == 0 && f.Name != DeadLetter) {
			s.families = append(s.families, f)
		}
	}
	if len(s.families) == 0 {
		return nil, fmt.Errorf("no event of type %s can be in the families %s", strings.Join(types, ", "), strings.Join(families, ", "))
	}
	return s, nil
}

// index notes which names of a family's types are chosen, and reports whether its topic can hold any that are.
func (s *Selection) index(f *Family) (wanted bool) {
	for _, t := range f.Types {
		for _, name := range append([]string{t.Name}, t.Aliases...) {
			s.known[name] = s.finds(name) || s.finds(t.Name)
			if s.known[name] {
				s.measure(name)
				wanted = true
			}
		}
	}
	return wanted || len(s.patterns) == 0 || f.Name == Other // which holds types that the catalogue does not know
}

// measure notes how long a name may be that a pattern finds.
func (s *Selection) measure(pattern string) {
	prefix, wild := strings.CutSuffix(pattern, "*")
	for n := min(len(prefix), longest-1); n < longest; n++ {
		if s.lengths[n] = true; !wild {
			return
		}
	}
}

func (s *Selection) finds(name string) bool {
	return len(s.patterns) == 0 || slices.ContainsFunc(s.patterns, func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return pattern == name || wild && strings.HasPrefix(name, prefix)
	})
}

// Families are those whose topics can hold what is chosen, in the order of the catalogue. The slice is not to be changed.
func (s *Selection) Families() []*Family { return s.families }

// Unknown are the types, as they were asked for, that no name of the catalogue matches. Qlik may have them and the catalogue not yet, or they are
// misspelt; only the topic of the family other can hold events of theirs.
func (s *Selection) Unknown() (unknown []string) {
	for _, pattern := range s.patterns {
		if one := (&Selection{patterns: []string{pattern}}); !slices.ContainsFunc(slices.Collect(maps.Keys(s.known)), one.finds) {
			unknown = append(unknown, pattern)
		}
	}
	return unknown
}

// Warnings say of each type that is Unknown where it is looked for, in topics of a configuration. Each is one line.
func (s *Selection) Warnings(c Config) (lines []string) {
	for _, pattern := range s.Unknown() {
		lines = append(lines, fmt.Sprintf("type %q is not in the catalogue, so that only %s can hold events of it; is it misspelt?", pattern, c.Topic(Other)))
	}
	return lines
}

// Has reports whether a type is chosen, in whatever family it is: its topic is one of Families, or the event is not chosen. It allocates nothing,
// and does not look at a name whose length is none of a chosen one: of a topic's records most are told so, whose names are in no cache.
func (s *Selection) Has(name []byte) bool {
	if len(s.patterns) > 0 && !s.lengths[min(len(name), longest-1)] {
		return false
	}
	if chosen, ok := s.known[string(name)]; ok {
		return chosen
	}
	return s.finds(string(name))
}
