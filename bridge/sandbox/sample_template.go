package sandbox

import (
	"fmt"
	"maps"
	"strings"
)

// template is a text with marks, read and checked, so that rendering cannot fail:
//
//	${time -5m}                     a value: sample_values.go lists them
//	${use alert}                    the family's shared text of this name, itself a template
//	${if failed}…${else}…${end}     the one or the other, by a condition; ${else} may be absent
//	${not failed}                   a condition the other way round, also after if
//
// It is ours and not text/template because that calls methods by name, for which
// the linker has to keep every exported method of the whole program: 6.5 MB.
type template []part

// part adds its share of an event to the text so far.
type part func([]byte, *scene) []byte

func (t template) render(b []byte, s *scene) []byte {
	for _, p := range t {
		b = p(b, s)
	}
	return b
}

// template reads a text; a mark that says nothing known is an error.
func (sc scope) template(text string) (template, error) {
	r := reader{scope: sc, rest: text}
	t, last, err := r.section()
	if err == nil && last != "" {
		return nil, fmt.Errorf("${%s} without ${if …}", last)
	}
	return t, err
}

// reader goes through one text.
type reader struct {
	scope
	rest string
}

// section reads up to the mark that ends it, "else" or "end", or to the end of the text, "".
func (r *reader) section() (t template, last string, err error) {
	for {
		text, mark, found, err := r.next()
		t = append(t, func(b []byte, _ *scene) []byte { return append(b, text...) })
		if err != nil || !found || mark == "else" || mark == "end" {
			return t, mark, err
		}
		p, err := r.part(mark)
		if err != nil {
			return nil, "", err
		}
		t = append(t, p)
	}
}

// next cuts off the text before the next mark, and the mark.
func (r *reader) next() (text, mark string, found bool, err error) {
	text, r.rest, found = strings.Cut(r.rest, "${")
	if !found {
		return text, "", false, nil
	}
	begun := r.rest
	if mark, r.rest, found = strings.Cut(r.rest, "}"); !found {
		return "", "", false, fmt.Errorf("${%s has no }", begun)
	}
	return text, mark, true, nil
}

func (r *reader) part(mark string) (part, error) {
	if condition, ok := strings.CutPrefix(mark, "if "); ok {
		return r.choice(condition)
	}
	if name, ok := strings.CutPrefix(mark, "use "); ok {
		return r.use(name)
	}
	v, err := r.value(mark)
	return func(b []byte, s *scene) []byte { return append(b, v(s)...) }, err
}

func (r *reader) choice(condition string) (part, error) {
	holds, ok := r.condition(condition)
	if !ok {
		return nil, fmt.Errorf("${if %s}: no such condition; there are %s, and what once draws from them", condition, names(maps.Keys(conditions)))
	}
	yes, last, err := r.section()
	var no template
	if err == nil && last == "else" {
		no, last, err = r.section()
	}
	if err == nil && last != "end" {
		err = fmt.Errorf("${if %s} has no ${end}", condition)
	}
	return func(b []byte, s *scene) []byte {
		if holds(s) {
			return yes.render(b, s)
		}
		return no.render(b, s)
	}, err
}
