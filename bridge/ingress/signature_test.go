package ingress_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"qlikbridge/bridge"
)

var signatureCases = []statusCase{
	{name: "signature in lower case", send: wire{body: event, signed: []string{sign(activeSecret, event)}}, status: 200, taken: true, body: good},
	{name: "signature in upper case", send: wire{body: event, signed: []string{strings.ToUpper(sign(activeSecret, event))}}, status: 200, taken: true, body: good},
	{name: "signature in both cases", send: wire{body: event, signed: []string{mixed(sign(activeSecret, event))}}, status: 200, taken: true, body: good},
	{name: "signature of the retiring secret", send: wire{body: event, signed: []string{sign(retiringSecret, event)}}, status: 200, taken: true, body: good},
	{name: "signature missing", send: wire{body: event, signed: unsigned}, status: 401, reason: bridge.SignatureMissing},
	{name: "signature missing, no body", send: wire{signed: unsigned}, status: 401, reason: bridge.SignatureMissing},
	{name: "signature empty", send: wire{body: event, signed: []string{""}}, status: 401, reason: bridge.SignatureMissing},
	{name: "signature of spaces", send: wire{body: event, signed: []string{"   "}}, status: 401, reason: bridge.SignatureMissing},
	{name: "signature twice", send: wire{body: event, signed: []string{sign(activeSecret, event), sign(activeSecret, event)}}, status: 401, reason: bridge.SignatureRepeated},
	{name: "signature once right, once wrong", send: wire{body: event, signed: []string{sign(activeSecret, event), sign(activeSecret, "x")}}, status: 401, reason: bridge.SignatureRepeated},
	{name: "signatures in one header", send: wire{body: event, signed: []string{sign(activeSecret, event) + ", " + sign(activeSecret, event)}}, status: 401, reason: bridge.SignatureMalformed},
	{name: "signature truncated", send: wire{body: event, signed: []string{sign(activeSecret, event)[:62]}}, status: 401, reason: bridge.SignatureMalformed},
	{name: "signature truncated to an odd length", send: wire{body: event, signed: []string{sign(activeSecret, event)[:63]}}, status: 401, reason: bridge.SignatureMalformed},
	{name: "signature with a digit more", send: wire{body: event, signed: []string{sign(activeSecret, event) + "00"}}, status: 401, reason: bridge.SignatureMalformed},
	{name: "signature with a prefix", send: wire{body: event, signed: []string{"sha256=" + sign(activeSecret, event)}}, status: 401, reason: bridge.SignatureMalformed},
	{name: "signature in base64", send: wire{body: event, signed: []string{inBase64(sign(activeSecret, event))}}, status: 401, reason: bridge.SignatureMalformed},
	{name: "signature of another body", send: wire{body: event, signed: []string{sign(activeSecret, event+" ")}}, status: 401, reason: bridge.SignatureWrong},
	{name: "signature of another secret", send: wire{body: event, signed: []string{sign(strings.Repeat("x", 32), event)}}, status: 401, reason: bridge.SignatureWrong},
	{name: "signature of zeros", send: wire{body: event, signed: []string{strings.Repeat("0", 64)}}, status: 401, reason: bridge.SignatureWrong},
}

// mixed writes every other letter large.
func mixed(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); i += 2 {
		b[i] = strings.ToUpper(string(b[i]))[0]
	}
	return string(b)
}

func inBase64(signature string) string {
	sum, err := hex.DecodeString(signature)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(sum)
}
