package sealcfg

import (
	"os"

	"github.com/sealcfg/sealcfg/internal/errchain"
	"github.com/sealcfg/sealcfg/internal/privatekey"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// keyless returns err, or an error without keys if err or its chain quotes a private
// key or a variable that names or holds one. This is the last line of defense, since
// programs log their errors.
func (o *options) keyless(err error) error {
	h := &tree.Hidden{Err: err, Harmless: func(text string) bool { return o.withoutKeys(text) == text }}
	for e := range errchain.All(err) {
		if !h.Harmless(e.Error()) {
			return &concealed{o.withoutKeys(err.Error()), func() *tree.Hidden { return h }}
		}
	}
	return err
}

// withoutKeys returns text without private keys and without variables that name or hold
// one.
func (o *options) withoutKeys(text string) string {
	return privatekey.Hide(privatekey.HideVariables(text, o.lookupEnv, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}))
}

// A concealed error replaces one that quotes a key.
type concealed struct {
	text  string
	cause func() *tree.Hidden // a closure, because printers do not look into closures
}

// Error returns the text without the key.
func (c *concealed) Error() string { return c.text }

// Is reports whether target is the replaced error or is wrapped by it.
func (c *concealed) Is(target error) bool { return c.cause().Is(target) }

// As finds an error by its concrete type, if the error does not quote a key.
func (c *concealed) As(target any) bool { return c.cause().As(target) }
