package deliver

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"

	"qlikbridge/bridge/file"
	"qlikbridge/bridge/nesting"
	"qlikbridge/topics"
)

// mostSubscriptions bounds a file: each one has a consumer, and label values of its own.
const mostSubscriptions = 200

// File is a subscriptions file.
type File struct {
	Network       `yaml:",inline"`
	Subscriptions []Subscription `yaml:"subscriptions"`
}

// Load reads a subscriptions file: strictly, with defaults filled in, and checked with every file that it names. It talks to nobody. The
// error names keys and lines, and holds nothing of the files that it names. The topics say what groups are called.
func Load(path string, t topics.Config) (File, error) {
	content, err := file.Read(path)
	if err != nil {
		return File{}, fmt.Errorf("subscriptions file: %w", err)
	}
	if err := nesting.Check(string(content)); err != nil { // before located parses it, too
		return File{}, fmt.Errorf("subscriptions file %s: %w", path, err)
	}
	f, err := parse(content)
	if err == nil {
		f.complete(t)
		err = f.check(t)
	}
	if err != nil {
		return File{}, fmt.Errorf("subscriptions file %s: %w", path, located(content, err))
	}
	return f, nil
}

// Warnings say what may be a mistake of a loaded file, each in one line: types that the catalogue does not have.
func (f *File) Warnings(t topics.Config) (lines []string) {
	for _, s := range f.Subscriptions {
		selection, err := topics.Default().Select(s.Types, s.Families)
		if err != nil {
			continue // of a file that Load refuses
		}
		for _, line := range selection.Warnings(t) {
			lines = append(lines, "subscription "+s.Name+": "+line)
		}
	}
	return lines
}

func parse(content []byte) (f File, err error) {
	defer nesting.Caught(&err)
	documents := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict())
	if err := documents.Decode(&f); err != nil && err != io.EOF {
		return f, nesting.Unquoted(content, err)
	}
	if err := documents.Decode(&File{}); err != io.EOF {
		return f, errors.New("more than one YAML document; write one, without a line ---")
	}
	return f, nil
}

func (f *File) complete(t topics.Config) {
	for i := range f.Subscriptions {
		f.Subscriptions[i].complete(t)
	}
}

// check joins what is wrong with the file.
func (f *File) check(t topics.Config) error {
	if n := len(f.Subscriptions); n == 0 || n > mostSubscriptions {
		return faultf("subscriptions", "%d of them; 1 to %d", n, mostSubscriptions)
	}
	var faults []error
	if err := f.Network.check(); err != nil {
		return err
	}
	names, groups := map[string]bool{}, map[string]bool{}
	for i := range f.Subscriptions {
		s := &f.Subscriptions[i]
		at := fmt.Sprintf("subscriptions[%d]", i)
		switch {
		case names[s.Name]:
			faults = append(faults, faultf(at+".name", "%q is there twice", s.Name))
		case groups[s.Group]:
			faults = append(faults, faultf(at+".group", "%q is there twice; every subscription reads with a group of its own", s.Group))
		}
		names[s.Name], groups[s.Group] = true, true
		if err := s.check(f.Network, t); err != nil {
			each(err, func(e error) { faults = append(faults, within(at, e)) })
		}
	}
	return errors.Join(faults...)
}

// within puts a place before the key of a fault.
func within(at string, err error) error {
	if f, ok := err.(*fault); ok {
		return &fault{at + "." + f.key, f.err}
	}
	return &fault{at, err}
}
