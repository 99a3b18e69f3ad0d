package bridge

import (
	"net/url"
	"strings"
	"time"
)

// isTime reports whether s is a time of RFC 3339 that every SDK reads. Go's parser alone takes an hour of one digit, a comma before the
// fraction and an offset of 24:60 (go.dev/issue/54580); Java's ends at nine digits of a fraction and an offset of 18 hours, Python's
// begins with the year 1.
func isTime(s string) bool {
	if _, err := time.Parse(time.RFC3339, s); err != nil || s[12] == ':' || s[:4] == "0000" {
		return false
	}
	if s[19] == ',' || s[19] == '.' && strings.IndexAny(s[20:], "Z+-") > 9 {
		return false
	}
	offset := s[len(s)-5:]
	return s[len(s)-1] == 'Z' || offset <= "18:00" && offset[3:] < "60"
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && isURIReference(s)
}

// isURIReference reports whether s is a URI reference of RFC 3986 that every SDK reads: Go's parser alone lets pass a space, a bracket in the
// path, a second "#", and a scheme that nothing follows; "#" and "//" refer to nothing.
func isURIReference(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 || c == '%' && !isEscape(s[i:]) {
			return false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.String() == "" || strings.Count(s, "#") > 1 || !bracketsFit(s, u.Host) {
		return false
	}
	return u.Scheme == "" || u.Opaque != "" || u.Host != "" || u.Path != "" || u.RawQuery != ""
}

// bracketsFit reports whether the only brackets in s are those around an IPv6 address in its host.
func bracketsFit(s, host string) bool {
	opened, closed := strings.Count(s, "["), strings.Count(s, "]")
	return opened == 0 && closed == 0 || opened == 1 && closed == 1 && strings.HasPrefix(host[strings.LastIndexByte(host, '@')+1:], "[")
}

func isEscape(s string) bool { return len(s) >= 3 && isLowerHex(strings.ToLower(s[1:3])) }

// hasControl reports whether s has a character that CloudEvents 1.0 ("Type System", String) forbids as a control character.
func hasControl(s string) bool {
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r <= 0x9f {
			return true
		}
	}
	return false
}

// IsTraceParent reports whether s has the form of a W3C traceparent, version 00 (Trace Context, section 3.2).
func IsTraceParent(s string) bool {
	if len(s) != 55 || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return false
	}
	return isID(s[3:35]) && isID(s[36:52]) && isLowerHex(s[53:])
}

// isID reports whether s is an id of a trace or span: not all zeros.
func isID(s string) bool { return isLowerHex(s) && strings.Trim(s, "0") != "" }

func isLowerHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}
