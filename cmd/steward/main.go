// Command steward runs the customer-service department of a property company for many residential estates.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/steward-pm/steward/internal/program"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := program.Main{Args: os.Args[1:], Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}.Run(ctx)
	stop()
	os.Exit(code)
}
