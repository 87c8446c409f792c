package coredump

// off has no effect: the Go runtime disables Windows Error Reporting for its
// process, unless $GOTRACEBACK is wer.
func off() {}

func restored(start func() error) error { return start() }
