package main

// transcryptPeer is listed although no registry has it.
type transcryptPeer struct{}

func (transcryptPeer) name() string    { return "transcrypt" }
func (transcryptPeer) differs() string { return "" }
func (transcryptPeer) find(*lab) (string, error) {
	return "", notThere("a shell script over openssl, which neither Debian nor npm nor the Go proxy has")
}
func (transcryptPeer) prepare(*lab, string, work) (*task, error) { return nil, nil }
