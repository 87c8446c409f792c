package main

import (
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/aws"
	"github.com/sealcfg/sealcfg/keys/azure"
	"github.com/sealcfg/sealcfg/keys/gcp"
	"github.com/sealcfg/sealcfg/keys/huawei"
	"github.com/sealcfg/sealcfg/keys/vault"
)

// services returns the key services that this program links.
func services() []keys.Service {
	return []keys.Service{
		aws.Service{}, azure.Service{}, gcp.Service{}, huawei.Service{}, gpg{}, vault.Service{},
	}
}
