// Command qlik-bridge takes signed events from Qlik Cloud and publishes them as CloudEvents on Kafka topics, one per family.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // root certificates for images and machines that have none
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var f *failure
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &f):
		if !f.silent {
			fmt.Fprintln(os.Stderr, "qlik-bridge:", f.err)
		}
		return f.code
	}
	fmt.Fprintln(os.Stderr, "qlik-bridge:", err)
	fmt.Fprintln(os.Stderr, "See qlik-bridge --help.")
	return exitUsage
}
