package filter

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"

	"qlikbridge/bridge/nesting"
)

// mostText is how many bytes a filter has at most as a text.
const mostText = 16 << 10

// ParseText makes a filter of a text in YAML or JSON, such as {exact: {type: com.qlik.app.created}}, as Parse does of what it holds. An empty
// text matches every event. What makes much of little, anchors and aliases, is refused.
func ParseText(text string) (Filter, error) {
	v, err := decode(text)
	if err != nil {
		return nil, err
	}
	return Parse(v)
}

func decode(text string) (v any, err error) {
	defer nesting.Caught(&err)
	node, err := document(text)
	if err != nil || node == nil {
		return nil, err
	}
	if err := yaml.NodeToValue(node, &v); err != nil {
		return nil, unquoted(err)
	}
	return v, nil
}

// document is the one document of a text, or nil where there is none.
func document(text string) (ast.Node, error) {
	if len(text) > mostText {
		return nil, fmt.Errorf("filter: a text of %d bytes; at most %d", len(text), mostText)
	}
	if err := nesting.Check(text); err != nil {
		return nil, fmt.Errorf("filter: YAML %w", err)
	}
	file, err := yamlparser.ParseBytes([]byte(text), 0)
	if err != nil {
		return nil, unquoted(err)
	}
	if len(file.Docs) > 1 {
		return nil, errors.New("filter: more than one YAML document")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, nil
	}
	plain := &plainness{}
	ast.Walk(plain, file.Docs[0])
	return file.Docs[0].Body, plain.err
}

// unquoted is an error of the YAML parser in one line: of itself it quotes the text.
func unquoted(err error) error {
	return fmt.Errorf("filter: YAML %s", yaml.FormatError(err, false, false))
}

// plainness visits a YAML tree for what a filter has no use for.
type plainness struct{ err error }

// Visit implements ast.Visitor.
func (p *plainness) Visit(node ast.Node) ast.Visitor {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		p.err = fmt.Errorf("filter: anchors and aliases of YAML (%s) have no place in a filter", quoted(node.String()))
	}
	return p
}
