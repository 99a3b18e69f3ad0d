package deliver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fault is what is wrong with one key of a subscriptions file.
type fault struct {
	key string // as in subscriptions[0].sink.url
	err error
}

func faultf(key, format string, args ...any) error { return &fault{key, fmt.Errorf(format, args...)} }

func (f *fault) Error() string { return f.key + ": " + f.err.Error() }

func (f *fault) Unwrap() error { return f.err }

// each calls f with every error that a joined one holds, however deep, in order; with any other error itself, and never with nil.
func each(err error, f func(error)) {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case ok:
		for _, e := range joined.Unwrap() {
			each(e, f)
		}
	case err != nil:
		f(err)
	}
}

// located puts the lines of the file before the faults of a joined error.
func located(content []byte, err error) error {
	tree, parseErr := parser.ParseBytes(content, 0)
	if parseErr != nil {
		return err
	}
	var all []error
	each(err, func(e error) { all = append(all, locate(tree, e)) })
	return errors.Join(all...)
}

// locate puts line and column before a fault, as the YAML library writes them; of a key that is missing those of what it is missing in.
func locate(tree *ast.File, err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	for key := f.key; key != ""; key = key[:max(0, strings.LastIndexAny(key, ".["))] {
		path, pathErr := yaml.PathString("$." + key)
		if pathErr != nil {
			break
		}
		if node, nodeErr := path.FilterFile(tree); nodeErr == nil && node != nil && node.GetToken() != nil {
			at := node.GetToken().Position
			return fmt.Errorf("[%d:%d] %w", at.Line, at.Column, err)
		}
	}
	return err
}
