package main

import (
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// engines are the engines that this Vault can mount, besides the built-in ones.
type engines map[string]logical.Factory

var builtin = engines{"transit": transit.Factory, "kv": kv.Factory}

func (e engines) Contains(name string, kind consts.PluginType) bool {
	_, ok := e.Get(name, kind)
	return ok
}

func (e engines) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, ok := e[name]
	if !ok || kind != consts.PluginTypeSecrets {
		return nil, false
	}
	return func() (any, error) { return factory, nil }, true
}

func (e engines) Keys(kind consts.PluginType) []string {
	var names []string
	if kind == consts.PluginTypeSecrets {
		for name := range e {
			names = append(names, name)
		}
	}
	return names
}

func (e engines) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, e.Contains(name, kind)
}

func (engines) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
