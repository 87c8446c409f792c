package kmswire

import (
	"os"
	"os/signal"
)

// LeaveSignals makes this process, a helper, live until the end of its stdin.
// What a terminal sends to all programs in it is left to sealcfg: it may be meant
// for an editor, and if it is not, stdin ends soon. That sealcfg has gone and
// reads no answers must not end the helper before what it has started is
// cancelled. The signals are received, not ignored, for gpg would inherit that.
func LeaveSignals() { signal.Notify(make(chan os.Signal, 1), left...) }
