// Command quickstart is a small HTTP service with settings from encrypted files. It
// shows its settings and the origin of each, but no secret.
//
//	go run ./examples/quickstart
//	QUICKSTART_HTTP__PORT=9090 go run ./examples/quickstart
//	go run ./examples/quickstart -for 0
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	lifetime := flag.Duration("for", 30*time.Second, "stop after this `time`; 0 runs until Ctrl-C")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *lifetime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *lifetime)
		defer cancel()
	}
	if err := run(ctx, os.Stdout, *lifetime); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err) // lists every problem with its origin, never a value
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, lifetime time.Duration) error {
	settings, origins, err := load(ctx)
	if err != nil {
		return err
	}
	banner(out, settings, origins)

	listener, err := listen(settings.HTTP.Port)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nserving on http://%s (/, /settings.json, /admin)\n", listener.Addr())
	if lifetime > 0 {
		fmt.Fprintf(out, "stops after %s, or on Ctrl-C; -for 0 lets it run\n", lifetime)
	} else {
		fmt.Fprintln(out, "stops on Ctrl-C")
	}

	server := &http.Server{
		Handler:           handler(settings, origins),
		ReadHeaderTimeout: settings.HTTP.Timeout,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "stopping")
	// ctx has ended; requests in progress may finish.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), settings.HTTP.Timeout)
	defer cancel()
	return server.Shutdown(grace)
}
