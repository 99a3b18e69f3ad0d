// Package topics holds the catalogue: which types of Qlik events exist, under which names, which family each belongs to, and what
// the topic of a family looks like. It is pure: tables and rules, no network, no disk, no Kafka client. What a cluster has is given
// to it as a State, what is to be done comes out as a Plan.
package topics

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/goccy/go-yaml"
)

// The two families that are not pages of Qlik's documentation.
const (
	Other      = "other"       // signed events of a type that the catalogue does not know
	DeadLetter = "dead-letter" // what no event can be read from
)

// DefaultSource stands in for a source that neither the event nor the catalogue names.
const DefaultSource = "com.qlik"

//go:embed catalog.yaml
var catalogYAML []byte

// Family is the set of types that share one topic; its Name is the slug of Qlik's page and the end of the topic's name.
type Family struct {
	Name       string    `yaml:"name"`
	Title      string    `yaml:"title"`
	Source     string    `yaml:"source"`
	Partitions int32     `yaml:"partitions"`
	Retention  Retention `yaml:"retention"`
	Key        Rules     `yaml:"key"`
	Types      []*Type   `yaml:"types"`
}

// Type is one kind of event, under today's name.
type Type struct {
	Name     string   `yaml:"type"`
	Aliases  []string `yaml:"aliases"` // names it was sent under before
	Source   string   `yaml:"source"`  // Qlik's documented source, "" where none is
	Channels string   `yaml:"channels"`
	Status   string   `yaml:"status"` // current or deprecated
	Key      Rules    `yaml:"key"`

	Family *Family `yaml:"-"`
}

// Catalog is the table of all families and types. It is immutable and safe for concurrent use.
type Catalog struct {
	Families []*Family `yaml:"families"`

	byName map[string]*Type   // :: today's name or alias -> type
	family map[string]*Family // :: slug -> family
}

// Default returns the catalogue that is part of the binary. It panics where that is broken, which a test excludes.
var Default = sync.OnceValue(func() *Catalog {
	c, err := Parse(catalogYAML)
	if err != nil {
		panic(err)
	}
	return c
})

// Parse reads a catalogue; an unknown key, a name given twice and a missing Other or DeadLetter are errors.
func Parse(text []byte) (*Catalog, error) {
	c := &Catalog{byName: map[string]*Type{}, family: map[string]*Family{}}
	if err := yaml.UnmarshalWithOptions(text, c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	for _, f := range c.Families {
		if err := c.index(f); err != nil {
			return nil, err
		}
	}
	if c.family[Other] == nil || c.family[DeadLetter] == nil {
		return nil, fmt.Errorf("the catalogue lacks the family %s or %s", Other, DeadLetter)
	}
	return c, nil
}

func (c *Catalog) index(f *Family) error {
	if c.family[f.Name] != nil {
		return fmt.Errorf("family %s is in the catalogue twice", f.Name)
	}
	c.family[f.Name] = f
	for _, t := range f.Types {
		t.complete(f)
		for _, name := range append([]string{t.Name}, t.Aliases...) {
			if c.byName[name] != nil {
				return fmt.Errorf("type %s is in the catalogue twice", name)
			}
			c.byName[name] = t
		}
	}
	return nil
}

// complete fills in what a type inherits from its family.
func (t *Type) complete(f *Family) {
	t.Family = f
	if t.Source == "" {
		t.Source = f.Source
	}
	if t.Key == nil {
		t.Key = f.Key
	}
	if t.Status == "" {
		t.Status = "current"
	}
}

// Lookup finds a type by today's name or by one of its aliases.
func (c *Catalog) Lookup(name string) (*Type, bool) {
	t, ok := c.byName[name]
	return t, ok
}

// IsCurrent reports whether name is the name that a type has today.
func (c *Catalog) IsCurrent(name string) bool {
	t, ok := c.byName[name]
	return ok && t.Name == name
}

// Family finds a family by its slug.
func (c *Catalog) Family(name string) (*Family, bool) {
	f, ok := c.family[name]
	return f, ok
}
