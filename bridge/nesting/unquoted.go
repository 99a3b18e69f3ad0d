package nesting

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Unquoted is an error of the YAML library with line, column and key, and without the lines of the text that the library quotes: those beside the
// mistake can hold a URL or a password, and errors go to logs and terminals. Any other error is returned as it is.
func Unquoted(text []byte, err error) error {
	var quoting yaml.Error
	if !errors.As(err, &quoting) {
		return err
	}
	at := quoting.GetToken()
	if at == nil || at.Position == nil {
		return errors.New(quoting.GetMessage())
	}
	place := fmt.Sprintf("[%d:%d] ", at.Position.Line, at.Position.Column)
	if key := keyAt(text, at); key != "" {
		place += key + ": "
	}
	return errors.New(place + quoting.GetMessage())
}

// keyAt is the key whose value a token begins, such as kafka.brokers; "" where there is none, or the text is no YAML.
func keyAt(text []byte, at *token.Token) string {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return ""
	}
	found := &place{line: at.Position.Line, column: at.Position.Column}
	for _, document := range tree.Docs {
		ast.Walk(found, document)
	}
	return strings.TrimPrefix(strings.TrimPrefix(found.path, "$"), ".")
}

// place visits a YAML tree for the path of what is at a line and column.
type place struct {
	line, column int
	path         string
}

// Visit implements ast.Visitor.
func (p *place) Visit(node ast.Node) ast.Visitor {
	if t := node.GetToken(); t != nil && t.Position.Line == p.line && t.Position.Column == p.column {
		p.path = node.GetPath()
	}
	return p
}
