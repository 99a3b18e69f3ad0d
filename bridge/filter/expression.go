package filter

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/antlr/antlr4/runtime/Go/antlr"
	cesql "github.com/cloudevents/sdk-go/sql/v2"
	"github.com/cloudevents/sdk-go/sql/v2/gen"
	cesqlparser "github.com/cloudevents/sdk-go/sql/v2/parser"
	"github.com/cloudevents/sdk-go/sql/v2/runtime"
)

// compiling is held while a text is parsed: all parsers share the caches of one grammar.
var compiling sync.Mutex

// compile makes an expression of a text, or says what is wrong with it. The library gets only what has been checked here, since of itself
// it panics over most mistakes (1-1, type =), takes a text with characters that CESQL does not know and writes a line about them to standard
// error, finds an unknown function when an event comes, and has no bounds.
func compile(text string) (expression cesql.Expression, err error) {
	compiling.Lock()
	defer compiling.Unlock()
	defer func() {
		if r := recover(); r != nil {
			expression, err = nil, fmt.Errorf("CESQL that cannot be read: %v", r)
		}
	}()
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	if err := check(tokens); err != nil {
		return nil, err
	}
	return cesqlparser.Parse(text)
}

// lex splits a text into tokens, within the bounds.
func lex(text string) (*antlr.CommonTokenStream, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("CESQL that is no UTF-8")
	}
	lexer := gen.NewCESQLParserLexer(cesqlparser.NewCaseChangingStream(antlr.NewInputStream(text), true))
	mistake := &mistake{}
	lexer.RemoveErrorListeners()
	lexer.AddErrorListener(mistake)
	tokens := antlr.NewCommonTokenStream(lexer, antlr.TokenDefaultChannel)
	tokens.Fill()
	if mistake.err != nil {
		return nil, mistake.err
	}
	return tokens, bound(tokens.GetAllTokens())
}

// bound keeps what is parsed small: the parser calls itself for each bracket, and takes long where many are open.
func bound(tokens []antlr.Token) error {
	if len(tokens) > mostTokens {
		return fmt.Errorf("CESQL of %d words and signs; at most %d", len(tokens), mostTokens)
	}
	open := 0
	for _, t := range tokens {
		switch t.GetTokenType() {
		case gen.CESQLParserLexerLR_BRACKET:
			open++
		case gen.CESQLParserLexerRR_BRACKET:
			open--
		case gen.CESQLParserLexerINTEGER_LITERAL:
			if _, err := strconv.ParseInt(t.GetText(), 10, 32); err != nil {
				return fmt.Errorf("CESQL at %s: a number of 32 bits is wanted", quoted(t.GetText()))
			}
		}
		if open > mostBracket {
			return fmt.Errorf("CESQL with brackets nested more than %d deep", mostBracket)
		}
	}
	return nil
}

// check finds mistakes of grammar, names of functions and attributes that cannot be, and what can be read in two ways.
func check(tokens antlr.TokenStream) error {
	p := gen.NewCESQLParserParser(tokens)
	mistake := &mistake{}
	p.RemoveErrorListeners()
	p.AddErrorListener(mistake)
	tree := p.Cesql()
	if mistake.err != nil {
		return mistake.err
	}
	return checkNode(tree)
}

func checkNode(tree antlr.Tree) error {
	switch node := tree.(type) {
	case *gen.IdentifierContext:
		if err := checkAttribute(strings.ToLower(node.GetText())); err != nil {
			return fmt.Errorf("CESQL: %w", err)
		}
	case *gen.BinaryLogicExpressionContext:
		if err := checkMixed(node); err != nil {
			return err
		}
	case *gen.FunctionInvocationExpressionContext:
		name, arguments := node.FunctionIdentifier().GetText(), node.FunctionParameterList().(*gen.FunctionParameterListContext).AllExpression()
		if runtime.ResolveFunction(name, len(arguments)) == nil {
			return fmt.Errorf("CESQL has no function %s of %d arguments", quoted(strings.ToUpper(name)), len(arguments))
		}
	}
	for _, child := range tree.GetChildren() {
		if err := checkNode(child); err != nil {
			return err
		}
	}
	return nil
}

// checkMixed refuses a AND b OR c without brackets: the grammar knows no precedence among AND, OR and XOR and begins at the right, a AND (b OR c), where
// whoever knows another language means (a AND b) OR c, and would get other events than he asked for.
func checkMixed(node *gen.BinaryLogicExpressionContext) error {
	for _, side := range node.AllExpression() {
		inner, ok := side.(*gen.BinaryLogicExpressionContext)
		if ok && operator(inner) != operator(node) {
			return fmt.Errorf("CESQL: %s and %s side by side; put brackets around what belongs together, (a AND b) OR c", operator(node), operator(inner))
		}
	}
	return nil
}

// operator is AND, OR or XOR, which stands between the two sides.
func operator(node *gen.BinaryLogicExpressionContext) string {
	return strings.ToUpper(node.GetChild(1).(antlr.ParseTree).GetText())
}

// mistake keeps the first mistake that a lexer or parser reports.
type mistake struct {
	antlr.DefaultErrorListener
	err error
}

// SyntaxError implements antlr.ErrorListener.
func (m *mistake) SyntaxError(_ antlr.Recognizer, _ any, line, column int, text string, _ antlr.RecognitionException) {
	if m.err == nil {
		m.err = fmt.Errorf("CESQL, line %d, column %d: %s", line, column+1, text)
	}
}
