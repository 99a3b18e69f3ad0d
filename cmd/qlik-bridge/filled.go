package main

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"
)

var errEmpty = errors.New("it is empty; give it a value, or leave the flag out")

// filled is the value of a flag that takes no empty one: a variable of a script that is not set would otherwise be as good as no flag, and the
// command would do something else than was asked for, or do it to more.
type filled struct{ pflag.Value }

// fill makes every flag but the switches refuse what is empty.
func fill(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() == "bool" {
			return
		}
		if f.Value = (filled{f.Value}); f.DefValue == "[]" {
			f.DefValue = "" // an empty list, which the help would show of a value that it does not know
		}
	})
}

// Set refuses an empty text, and a list with one in it.
func (v filled) Set(text string) error {
	if text == "" {
		return errEmpty
	}
	if err := v.Value.Set(text); err != nil {
		return err
	}
	if list, ok := v.Value.(pflag.SliceValue); ok && slices.Contains(list.GetSlice(), "") {
		return errEmpty
	}
	return nil
}
