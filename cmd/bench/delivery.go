package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync/atomic"
)

// apps is the number of apps that events are about, hence of partition keys.
const apps = 1000

// Marks in the templates: of the length of what replaces them, and in no other place.
const (
	markID        = "00000000-0000-4000-8000-000000000000"
	markApp       = "APPAPPAPPAPP"
	markSignature = "SGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSGSG"
)

const header = "POST /webhooks/qlik HTTP/1.1\r\nHost: %s\r\nUser-Agent: Qlik Webhook\r\nContent-Type: application/json\r\n" +
	"Content-Length: %d\r\nAccept-Encoding: gzip\r\nQlik-Signature: " + markSignature + "\r\n\r\n"

// body is an app.created as Qlik Cloud sends it, about 1 KB.
const body = `{"id":"` + markID + `","data":{"id":"5e1c9b7a-2f04-4d1e-9a63-` + markApp + `","name":"Sales overview EMEA",` +
	`"size":{"file":1048576,"memory":4194304},"custom":{},"ownerId":"64b0f7d2c1a94e5f8a7b3c21","spaceId":"64b0f8a1d3e25f6a9b8c4d32",` +
	`"published":true,"createdDate":"2026-10-30T07:06:22.318Z","description":"Weekly sales by region and product line",` +
	`"originAppId":"c35f4b70-3ce4-4a30-b62b-2aef16943bc4","publishTime":"2026-10-30T07:06:22.318Z","dynamicColor":"hsla(331,62%,47%,1)",` +
	`"modifiedDate":"2026-10-30T07:06:22.318Z","resourceType":"app","lastReloadTime":"2026-10-30T06:00:04.877Z",` +
	`"hasSectionAccess":false,"isDirectQueryMode":false},"host":"eu.qlikcloud.com","time":"2026-10-30T07:06:22.401Z",` +
	`"type":"com.qlik.app.created","source":"com.qlik/engine","userid":"64b0f7d2c1a94e5f8a7b3c21","ownerid":"64b0f7d2c1a94e5f8a7b3c21",` +
	`"spaceid":"64b0f8a1d3e25f6a9b8c4d32","authtype":"user","clientid":"0f7d2c1a94e5f8a7b3c2164b0f8a1d3e",` +
	`"tenantid":"pAyzyZ2w6Oe7cQ1wB0rV9nXkJtUs4gLm","sessionid":"Zk3vR8qT1yWn5mLx","specversion":"1.0",` +
	`"datacontenttype":"application/json","toplevelresourceid":"5e1c9b7a-2f04-4d1e-9a63-` + markApp + `"}`

// streams counts the streams made, so that no two have the same ids.
var streams atomic.Uint32

// stream makes one connection's requests, each an event with an id of its own. It patches one request in place, which costs
// little more than the signature. Not safe for concurrent use.
type stream struct {
	mac  hash.Hash
	sent uint64

	request []byte    // header and body
	body    []byte    // these and the following are parts of request
	sign    []byte    // 64 hex digits
	id      []byte    // 36 characters
	apps    [2][]byte // data.id and toplevelresourceid: the last 12 characters
}

// newStream addresses the requests to host:port.
func newStream(host string, secret []byte) *stream {
	request := []byte(fmt.Sprintf(header, host, len(body)) + body)
	s := &stream{mac: hmac.New(sha256.New, secret), request: request, body: request[len(request)-len(body):]}
	part := func(mark string, from int) []byte {
		at := from + strings.Index(string(request[from:]), mark)
		return request[at : at+len(mark)]
	}
	s.sign, s.id = part(markSignature, 0), part(markID, 0)
	s.apps = [2][]byte{part(markApp, 0), part(markApp, strings.LastIndex(string(request), "toplevelresourceid"))}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	copy(s.id, fmt.Sprintf("%x-%04x", random, uint16(streams.Add(1))))
	return s
}

// next is the next request, valid until next is called again.
func (s *stream) next() []byte {
	s.sent++
	digits(s.id[24:], s.sent, 16)
	app := (s.sent*0x9E3779B97F4A7C15>>32 + uint64(s.id[12])) % apps // scattered, and other connections elsewhere
	digits(s.apps[0], app, 10)
	digits(s.apps[1], app, 10)
	s.mac.Reset()
	s.mac.Write(s.body)
	var sum [sha256.Size]byte
	hex.Encode(s.sign, s.mac.Sum(sum[:0]))
	return s.request
}

// digits fills place with n, zeros in front.
func digits(place []byte, n, base uint64) {
	for i := len(place) - 1; i >= 0; i-- {
		place[i] = "0123456789abcdef"[n%base]
		n /= base
	}
}
