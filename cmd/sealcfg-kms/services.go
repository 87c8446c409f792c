package main

import (
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/services/aws"
	"github.com/sealcfg/sealcfg/services/azure"
	"github.com/sealcfg/sealcfg/services/gcp"
	"github.com/sealcfg/sealcfg/services/huawei"
	"github.com/sealcfg/sealcfg/services/vault"
)

// services returns the key services that this program links.
func services() []keys.Service {
	return []keys.Service{
		aws.Service{}, azure.Service{}, gcp.Service{}, huawei.Service{}, gpg{}, vault.Service{},
	}
}
