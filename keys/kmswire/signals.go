package kmswire

import (
	"os"
	"os/signal"
)

// LeaveSignals keeps this process, a helper, running until the end of its stdin. A
// terminal sends its signals to all of its programs. The signal may be meant for an
// editor; if it is meant for sealcfg, sealcfg closes stdin. SIGPIPE, which means that
// sealcfg has ended, must not end the helper before it has canceled its requests. The
// signals are received instead of ignored because gpg would inherit ignored signals.
func LeaveSignals() { signal.Notify(make(chan os.Signal, 1), left...) }
