package coredump

// off has nothing to do: the Go runtime turns Windows Error Reporting off for its
// process, unless $GOTRACEBACK is wer.
func off() {}

func restored(start func() error) error { return start() }
