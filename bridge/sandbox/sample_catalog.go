package sandbox

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"

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
	SpecVersion string `yaml:"specversion"` // 1.0 where Qlik sends no other
	TypeSent    string `yaml:"type_sent"`   // what Qlik writes in type beside the right eventType
	Shared      string // templates that several types use
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
	Data    string // template of the data, JSON

	data, resource, updates *template.Template
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
	shared, err := template.New(name).Parse(f.Shared)
	if err != nil {
		return err
	}
	l.families = append(l.families, strings.TrimSuffix(path.Base(name), ".yaml"))
	for _, k := range f.Types {
		if err := k.compile(f, shared); err != nil {
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

func (k *kind) compile(f *family, shared *template.Template) (err error) {
	k.family = f
	k.About = k.or(f.About)
	for _, name := range slices.Concat(k.Attributes, k.Extensions) {
		if attributes[name] == nil {
			return fmt.Errorf("%s: no attribute %q", k.Type, name)
		}
	}
	if k.data, err = shared.New(k.Type).Parse(k.Data); err != nil {
		return err
	}
	if k.resource, err = shared.New(k.Type + " resource").Parse(k.Resource); err != nil {
		return err
	}
	k.updates, err = shared.New(k.Type + " updates").Parse(k.Updates)
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
func (k *kind) fill(ev *event) error {
	for _, part := range []struct {
		from *template.Template
		to   *[]byte
	}{{k.data, &ev.data}, {k.resource, &ev.resource}, {k.updates, &ev.updates}} {
		var b bytes.Buffer
		if err := part.from.Execute(&b, ev.scene); err != nil {
			return err
		}
		*part.to = b.Bytes()
	}
	return nil
}
