package sealcfg

import (
	"os"
	"os/signal"
)

// notified returns a channel that receives the signals until stop is called. Without
// signals, it does not call signal.Notify, which would then send all signals.
func notified(sig []os.Signal) (c <-chan os.Signal, stop func()) {
	if len(sig) == 0 {
		return nil, func() {}
	}
	signals := make(chan os.Signal, 1) // for one more reload, one is enough
	signal.Notify(signals, sig...)
	return signals, func() { signal.Stop(signals) }
}
