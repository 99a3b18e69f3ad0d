// Package ingress is the door: the HTTP server that Qlik Cloud posts to. It decides what is let in (source, method, size, speed,
// signature, rate), hands the bytes to the domain, and turns what became of them into a status. It is the home of echo; nothing here
// looks into a body.
package ingress
