module github.com/sealcfg/sealcfg/ci/readers

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0
	github.com/goccy/go-yaml v1.19.2
	github.com/joho/godotenv v1.5.1
	github.com/sealcfg/sealcfg v0.0.0
	github.com/stretchr/testify v1.12.1
	gopkg.in/ini.v1 v1.67.3
)

require (
	filippo.io/age v1.3.2 // indirect
	filippo.io/hpke v0.4.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/sealcfg/sealcfg => ../..
