// Package nesting bounds YAML before it is parsed. The parser takes memory and time by the square of how deep a text is nested, and 200 KB of
// brackets are gigabytes to it; over a tag in place of a list it panics.
package nesting

import (
	"fmt"
	"io"

	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// What one text may be made of.
const (
	mostBytes  = 512 << 10 // the parser makes 250 of each that is a bracket
	mostTokens = 50_000    // words and signs; a file for 200 subscriptions has some 20,000
	mostLevels = 64        // whether of brackets or of indentation
)

// Check refuses a text that would be much to parse, or has a tag (!!binary x, !include x): no file of the bridge has a use for one. It finds words and
// signs as the parser does, so that brackets and tags in quotes and comments neither count nor hide others. The error holds line and column, and nothing of the text. It does not wait, and keeps nothing.
func Check(text string) error {
	if len(text) > mostBytes {
		return fmt.Errorf("%d bytes of YAML; at most %d", len(text), mostBytes)
	}
	var s scanner.Scanner
	s.Init(text)
	for d, tokens := (&depth{}), 0; ; {
		some, err := s.Scan()
		if err == io.EOF {
			return nil
		}
		for _, t := range some {
			tokens++
			d.add(t)
			if what := tooMuch(t, tokens, d.levels()); what != "" {
				return fmt.Errorf("[%d:%d] %s", t.Position.Line, t.Position.Column, what)
			}
		}
	}
}

// tooMuch says what is wrong with a token, the n-th, which is so many levels deep; "": nothing.
func tooMuch(t *token.Token, n, levels int) string {
	switch {
	case n > mostTokens:
		return fmt.Sprintf("more than %d words and signs of YAML", mostTokens)
	case levels > mostLevels:
		return fmt.Sprintf("nested more than %d deep", mostLevels)
	case t.Type == token.TagType:
		return "a tag of YAML, which begins with !; write the value without it, or in quotes where the ! belongs to it"
	}
	return ""
}

// depth is how deep the tokens until now lead.
type depth struct {
	brackets int
	columns  []int        // of the collections without brackets that are open, each further in than the one before
	last     *token.Token // before, which is the key where a colon comes
}

func (d *depth) levels() int { return d.brackets + len(d.columns) }

func (d *depth) add(t *token.Token) {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		d.brackets++
	case token.SequenceEndType, token.MappingEndType:
		d.brackets = max(0, d.brackets-1) // one too many is the parser's to refuse
	case token.SequenceEntryType, token.MappingKeyType:
		d.enter(t)
	case token.MappingValueType:
		if d.last != nil {
			d.enter(d.last)
		}
	}
	d.last = t
}

// enter notes a collection that begins or goes on at a token.
func (d *depth) enter(t *token.Token) {
	if d.brackets > 0 {
		return // columns mean nothing inside brackets
	}
	at := t.Position.Column
	for len(d.columns) > 0 && d.columns[len(d.columns)-1] >= at {
		d.columns = d.columns[:len(d.columns)-1]
	}
	d.columns = append(d.columns, at)
}
