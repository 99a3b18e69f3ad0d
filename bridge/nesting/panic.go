package nesting

import "fmt"

// Caught, deferred, makes an error of a panic of the YAML library, which has more ways to panic than are known: a file that changes while a
// process runs must not end it.
func Caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("YAML that cannot be read (%v); write it in plain lists and objects", r)
	}
}
