package sealcfg

import (
	"os"
	"os/signal"
)

// notified returns a channel that gets the signals, until stop is called. Without
// signals, nothing of the process is touched: signal.Notify with none means all.
func notified(sig []os.Signal) (c <-chan os.Signal, stop func()) {
	if len(sig) == 0 {
		return nil, func() {}
	}
	signals := make(chan os.Signal, 1) // one is enough to reload once more
	signal.Notify(signals, sig...)
	return signals, func() { signal.Stop(signals) }
}
