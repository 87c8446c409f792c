// Command webservice is a small but complete HTTP service. Its settings contain
// secrets. They come from encrypted files, .env, variables, flags and Vault, are
// checked at start-up, and are reloaded while the service runs.
//
//	cd examples/webservice
//	export SEALCFG_ENV=dev SOPS_AGE_KEY_FILE=demo-key.txt
//	go run . --help
//	go run . --http.listen 127.0.0.1:8081
//
// In another terminal, in the same directory:
//
//	export SOPS_AGE_KEY_FILE=demo-key.txt
//	curl http://127.0.0.1:8081/settings
//	curl -H "Authorization: Bearer $(go run ../../cmd/sealcfg get dev api_key)" http://127.0.0.1:8081/
//	printf another-key-0123456789 | go run ../../cmd/sealcfg set dev api_key -
//	curl -H "Authorization: Bearer another-key-0123456789" http://127.0.0.1:8081/
//
// In prod, the API key is in Vault: $VAULT_ADDR and $VAULT_TOKEN set the server and the
// login. After SIGHUP, the service requests the key again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/examples/webservice/config"
)

//go:generate go run ./gen

func main() {
	// From here on, SIGHUP does not end the program. Watch begins with a reload, so a signal before
	// it is not lost.
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr, config.Options()...); err != nil {
		fmt.Fprintln(os.Stderr, "webservice:", err) // lists every problem with its origin, never a value
		os.Exit(1)
	}
}

// run loads the settings once and passes them down.
func run(ctx context.Context, args []string, out io.Writer, opts ...sealcfg.Option) error {
	loader := sealcfg.New[config.Settings](opts...)
	flags := flag.NewFlagSet("webservice", flag.ExitOnError)
	flags.SetOutput(out)
	if err := sealcfg.Flags(loader, flags.Var); err != nil {
		return err
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	handle, err := loader.Load(ctx)
	if err != nil {
		return err
	}

	level := new(slog.LevelVar)
	level.Set(levelOf(handle.Get()))
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	watching, end := context.WithCancel(ctx)
	defer end()
	go func() { // it ends with its context, which is its only error
		_ = handle.Watch(watching, func(changed []string, err error) {
			if err != nil {
				log.Error("settings not reloaded; the old ones stay", "err", err)
				return
			}
			level.Set(levelOf(handle.Get()))
			log.Info("settings reloaded", "changed", changed)
		}, sealcfg.OnSignal(syscall.SIGHUP), sealcfg.Every(10*time.Minute)) // Vault sends no notification of a change
	}()
	return serve(ctx, handle, log)
}

func levelOf(s *config.Settings) slog.Level {
	if s.Debug {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func serve(ctx context.Context, handle *sealcfg.Handle[config.Settings], log *slog.Logger) error {
	settings := handle.Get() // the address does not change while the service runs
	listener, err := net.Listen("tcp", settings.HTTP.Listen)
	if err != nil {
		return err
	}
	log.Info("serving", "url", "http://"+listener.Addr().String(), "env", handle.Env(), "database", settings.Database())
	server := &http.Server{Handler: newHandler(handle, log), ReadHeaderTimeout: settings.HTTP.Timeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	// ctx has ended; requests in progress may finish.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), settings.HTTP.Timeout)
	defer cancel()
	if err := server.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New("requests were in progress at the end")
}
