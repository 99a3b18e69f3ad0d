package sandbox

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed samples/*.yaml
var sampleFiles embed.FS

// catalog reads the embedded families once. They are part of the program, so a
// mistake in them is one of ours and panics; the tests read them all.
var catalog = sync.OnceValue(func() *library {
	lib := &library{kinds: map[string]*kind{}}
	names, _ := fs.Glob(sampleFiles, "samples/*.yaml")
	for _, name := range names {
		if err := lib.read(name); err != nil {
			panic(fmt.Sprintf("reading %s: %v", name, err))
		}
	}
	return lib
})

type library struct {
	families []string
	types    []string         // current names, in the order of the files
	kinds    map[string]*kind // :: current name or alias -> what its events look like
}

// family is one file of samples. What it says holds for each of its types that
// does not say it differently.
type family struct {
	SpecVersion string            `yaml:"specversion"` // 1.0 where Qlik sends no other
	TypeSent    string            `yaml:"type_sent"`   // what Qlik writes in type beside the right eventType
	Shared      map[string]string // templates that several types use
	About       `yaml:",inline"`
	Types       []*kind
}

// About is what the envelope says of an event beside its data; exported only
// because the YAML decoder cannot fill it otherwise.
type About struct {
	Source     string
	Attributes []string          // at top level of a CloudEvent
	Extensions []string          // inside its member extensions, which most families do not have
	Resource   string            // template of toplevelresourceid
	Updates    string            // template of the list of changes outside data
	Spelled    map[string]string // :: legacy member -> how Qlik spells it here
}

// kind is what the events of one type look like.
type kind struct {
	family *family

	Type    string
	Aliases []string
	About   `yaml:",inline"`
	Once    map[string]string // :: name -> value, which is then the same wherever the name stands
	Data    string            // template of the data, JSON

	once                    map[string]value
	data, resource, updates template
}

func (l *library) read(name string) error {
	text, err := sampleFiles.ReadFile(name)
	if err != nil {
		return err
	}
	f := &family{SpecVersion: "1.0"}
	if err := yaml.UnmarshalWithOptions(text, f, yaml.Strict()); err != nil {
		return err
	}
	for name := range f.Shared { // also what no type uses
		if _, err := (scope{shared: f.Shared}).use(name); err != nil {
			return err
		}
	}
	l.families = append(l.families, strings.TrimSuffix(path.Base(name), ".yaml"))
	for _, k := range f.Types {
		if err := k.compile(f); err != nil {
			return err
		}
		l.add(k)
	}
	return nil
}

func (l *library) add(k *kind) {
	l.types = append(l.types, k.Type)
	for _, name := range append([]string{k.Type}, k.Aliases...) {
		l.kinds[name] = k
	}
}

func (k *kind) compile(f *family) error {
	k.family = f
	k.About = k.or(f.About)
	for _, name := range slices.Concat(k.Attributes, k.Extensions) {
		if attributes[name] == nil {
			return fmt.Errorf("%s: no attribute %q", k.Type, name)
		}
	}
	if err := k.templates(scope{shared: f.Shared, once: k.Once}); err != nil {
		return fmt.Errorf("%s: %w", k.Type, err)
	}
	return nil
}

func (k *kind) templates(sc scope) (err error) {
	k.once = map[string]value{}
	for name, text := range k.Once {
		if k.once[name], err = (scope{}).value(text); err != nil {
			return err
		}
	}
	if k.data, err = sc.template(k.Data); err != nil {
		return err
	}
	if k.resource, err = sc.template(k.Resource); err != nil {
		return err
	}
	k.updates, err = sc.template(k.Updates)
	return err
}

// or takes what is not said here from the family; an empty list is said.
func (a About) or(f About) About {
	if a.Attributes == nil {
		a.Attributes = f.Attributes
	}
	if a.Extensions == nil {
		a.Extensions = f.Extensions
	}
	a.Source, a.Resource = cmp.Or(a.Source, f.Source), cmp.Or(a.Resource, f.Resource)
	return a
}

// fill renders what differs from event to event.
func (k *kind) fill(ev *event) {
	ev.drawn = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(k.once)) { // in one order, for the same bytes
		ev.drawn[name] = k.once[name](ev.scene)
	}
	ev.data = k.data.render(nil, ev.scene)
	ev.resource = k.resource.render(nil, ev.scene)
	ev.updates = k.updates.render(nil, ev.scene)
}
