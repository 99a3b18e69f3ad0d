package sandbox

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value makes the text that stands for a mark, for each event anew.
type value func(*scene) string

// fields are the values that are there already.
var fields = map[string]value{
	"app.id":         func(s *scene) string { return s.App.ID },
	"app.name":       func(s *scene) string { return s.App.Name },
	"app.owner.id":   func(s *scene) string { return s.App.Owner.ID },
	"app.owner.name": func(s *scene) string { return s.App.Owner.Name },
	"app.space.id":   func(s *scene) string { return s.App.Space.ID },
	"app.space.name": func(s *scene) string { return s.App.Space.Name },
	"app.space.type": func(s *scene) string { return s.App.Space.Type },
	"host":           func(s *scene) string { return s.Host },
	"license":        func(s *scene) string { return s.License },
	"person.email":   func(s *scene) string { return s.Person.Email },
	"person.id":      func(s *scene) string { return s.Person.ID },
	"person.name":    func(s *scene) string { return s.Person.Name },
	"person.subject": func(s *scene) string { return s.Person.Subject },
	"tenant":         func(s *scene) string { return s.Tenant },
	"user.id":        func(s *scene) string { return s.User.ID },
	"user.subject":   func(s *scene) string { return s.User.Subject },
}

// conditions are true or false, and as values say so.
var conditions = map[string]func(*scene) bool{
	"bool":   (*scene).Bool,
	"legacy": func(s *scene) bool { return s.Legacy },
	"rarely": (*scene).Rarely,
}

// makers :: first word of a mark -> what makes a value of the words after it
var makers = map[string]func(words string) (value, error){
	"hex":  hexOf,  // ${hex 24}, ${hex 24 alert}
	"id32": id32Of, // ${id32}, ${id32 key}
	"int":  intOf,  // ${int 1 40}
	"pick": pickOf, // ${pick one|another one}
	"time": timeOf, // ${time}, ${time -5m}
	"uuid": uuidOf, // ${uuid}, ${uuid origin}
}

func uuidOf(thing string) (value, error) {
	return func(s *scene) string { return s.UUID(thing) }, nil
}

func id32Of(thing string) (value, error) {
	return func(s *scene) string { return s.ID32(thing) }, nil
}

func hexOf(words string) (value, error) {
	digits, thing, _ := strings.Cut(words, " ")
	n, err := strconv.Atoi(digits)
	return func(s *scene) string { return s.Hex(n, thing) }, err
}

func intOf(words string) (value, error) {
	first, last, _ := strings.Cut(words, " ")
	from, err := strconv.Atoi(first)
	if err != nil {
		return nil, err
	}
	to, err := strconv.Atoi(last)
	if err == nil && to < from {
		err = fmt.Errorf("%d is less than %d", to, from)
	}
	return func(s *scene) string { return strconv.Itoa(s.Int(from, to)) }, err
}

func pickOf(words string) (value, error) {
	of := strings.Split(words, "|")
	return func(s *scene) string { return s.Pick(of...) }, nil
}

func timeOf(away string) (value, error) {
	if away == "" {
		return func(s *scene) string { return s.Time(0) }, nil
	}
	d, err := time.ParseDuration(away)
	return func(s *scene) string { return s.Time(d) }, err
}

// names lists what there is, for an error.
func names(lists ...iter.Seq[string]) string {
	var all []string
	for _, list := range lists {
		all = slices.AppendSeq(all, list)
	}
	return strings.Join(slices.Sorted(slices.Values(all)), ", ")
}
