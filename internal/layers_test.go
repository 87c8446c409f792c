package internal_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layers are the packages of the house, from right to left: each may import
// those before it. docs/contributing/layout.md draws the picture.
var layers = []string{
	"crypto", "keys", "envfile", "environments", "source", settingsTree, settingsPlan, settingsBind, settingsRead, "describe", ".", wire, "cmd/sealcfg-kms",
	"cmd/internal/cli", "cmd/internal/editing", "cmd/internal/sopscli", "cmd/sealcfg",
}

// The implementation of the root package. Each part imports those before it.
const (
	settingsTree = "internal/settings/tree"
	settingsPlan = "internal/settings/plan"
	settingsBind = "internal/settings/bind"
	settingsRead = "internal/settings/read"
)

// isSettings reports whether a package is a part of the implementation of the root
// package. Only the root package and describe import it.
func isSettings(name string) bool { return within(name, "internal/settings") }

// isCommandLine reports whether a package is a part of the command sealcfg.
func isCommandLine(name string) bool { return rank(name) >= rank("cmd/internal/cli") }

// wire is the protocol between the two commands.
const wire = "keys/kmswire"

// keycall is for the authors of key providers and secret managers.
const keycall = "keys/keycall"

// gitrun is the one package that starts git.
const gitrun = "internal/gitrun"

// libraries are the layers that other programs import.
var libraries = layers[:11]

func rank(name string) int {
	for i, l := range layers {
		if l == name {
			return i
		}
	}
	return -1
}

// providers are the packages for key services, with the leaf package of sops that
// each wraps and the modules of the SDK whose errors it reads. Programs import
// them, but no library does, so that a program links an SDK only by choice.
var providers = map[string][]string{
	"services/gcp":    {sops + "/gcpkms", sops + "/logging", "google.golang.org/grpc"},
	"services/azure":  {sops + "/azkv"},
	"services/huawei": {sops + "/hckms", "github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"},
	"services/aws":    {sops + "/kms", awsSDK + "/config", awsLogging},
	"services/pgp":    {sops + "/pgp"},
	"services/vault":  {sops + "/hcvault"},
}

// sources are further origins and targets of settings, and validators, with the
// modules that each may import. Programs choose them.
var sources = map[string][]string{
	"dotenv":      {"github.com/joho/godotenv"},
	"pflags":      {"github.com/spf13/pflag"},
	"playground":  {"github.com/go-playground/validator/v10"},
	"sealcfghttp": {},
}

// managers are the packages for secret managers, with the modules of the SDK that
// each needs. Like providers, they are for programs to import.
var managers = map[string][]string{
	"services/aws/awssm":     {awsSDK},
	"services/aws/awsssm":    {awsSDK},
	"services/azure/azurekv": {azureSDK},
	"services/gcp/gcpsm":     {"cloud.google.com/go/secretmanager", "google.golang.org/api", "google.golang.org/grpc"},
	"services/vault/vaultkv": {"github.com/hashicorp/vault/api", "github.com/mitchellh/go-homedir"},
}

// vendorTools are shared by the packages of one vendor, with the modules of its SDK
// that they may import. Go lets no package of another vendor import them.
var vendorTools = map[string][]string{
	"services/aws/internal/awscause":     {},
	"services/aws/internal/awsconfig":    {awsSDK, awsLogging},
	"services/azure/internal/azurecause": {azureSDK},
	"services/gcp/internal/gcpcause":     {"google.golang.org/grpc", "github.com/googleapis/gax-go/v2"},
	"services/vault/internal/vaultcause": {},
}

const (
	awsSDK = "github.com/aws/aws-sdk-go-v2"
	// awsLogging is the interface of the logger that silences awsSDK.
	awsLogging = "github.com/aws/smithy-go/logging"
	azureSDK   = "github.com/Azure/azure-sdk-for-go/sdk"
)

// ageKinds implement further kinds of age keys, with the packages of age that they
// may import. cmd/sealcfg links them, but no library does: SSH keys need another
// module, and plugins start programs.
var ageKinds = map[string][]string{
	"keys/agessh":    {"filippo.io/age", "golang.org/x/crypto/ssh"},
	"keys/ageplugin": {"filippo.io/age"},
}

const sops = "github.com/getsops/sops/v3"

// modules are the modules of the workspace, apart from the root. Those with true are
// released: programs of others require them.
var modules = map[string]bool{
	"services/aws": true, "services/azure": true, "services/gcp": true, "services/huawei": true, "services/pgp": true, "services/vault": true,
	"cmd/sealcfg-kms": true, "dotenv": true, "playground": true,
	interop: false, "examples/webservice": false,
}

// interop is the module of the tests that import sops and the SDKs.
const interop = "internal/interop"

// moduleOf returns the module of a package; "." is the root.
func moduleOf(name string) string {
	for m := range modules {
		if within(name, m) {
			return m
		}
	}
	return "."
}

// isReleased reports whether a package is in a module that other modules require.
func isReleased(name string) bool {
	m := moduleOf(name)
	return m == "." || modules[m]
}

// isInternal reports whether only packages of the same parent directory may import a package.
func isInternal(name string) bool { return slices.Contains(strings.Split(name, "/"), "internal") }

// fakes are the modules with which fakes speak the wire of a service.
var fakes = []string{
	"cloud.google.com/go/kms", "cloud.google.com/go/secretmanager", "google.golang.org/grpc", "google.golang.org/protobuf", azureSDK,
}

// isForTests reports whether only tests import a package. It may import any package
// of this module. keys/keystest and sealcfgtest are for the tests of other modules,
// too.
func isForTests(name string) bool {
	switch name {
	case "internal", "keys/keystest", "cmd/internal/clitest", "keys/kmswire/kmstest", "sealcfgtest":
		return true
	}
	return within(name, "internal/test") || within(name, interop)
}

func isFake(name string) bool {
	return within(name, "internal/test/fake") || within(name, interop+"/fake")
}
func isProvider(name string) bool {
	_, ok := providers[name]
	return ok
}
func isManager(name string) bool {
	_, ok := managers[name]
	return ok
}
func isVendorTool(name string) bool {
	_, ok := vendorTools[name]
	return ok
}
func isTool(name string) bool {
	return strings.HasPrefix(name, "internal/") && !isForTests(name) && !isSettings(name)
}
func isExample(name string) bool { return strings.HasPrefix(name, "examples/") }
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// within reports whether an import path is of a module.
func within(path, mod string) bool { return path == mod || strings.HasPrefix(path, mod+"/") }

// badImport returns the violation of an import, or "".
func badImport(from string, file *source, path string) string {
	if ours, ok := strings.CutPrefix(path, module); ok {
		to := strings.TrimPrefix(ours, "/")
		if to == "" {
			to = "."
		}
		return badOurs(from, file, to)
	}
	if isFake(from) && withinAny(path, fakes) || withinAny(path, providers[from]) || withinAny(path, managers[from]) || withinAny(path, vendorTools[from]) {
		return ""
	}
	if within(from, interop+"/services") && file.test && withinAny(path, vendorModules()) {
		return ""
	}
	if from != "keys/agessh" && withinAny(path, []string{"filippo.io/age/agessh", "golang.org/x/crypto/ssh"}) {
		return "SSH keys belong to keys/agessh: a module more, for those who want it"
	}
	if from != "keys/ageplugin" && !file.test && withinAny(path, []string{"filippo.io/age/plugin", "filippo.io/age/tag"}) {
		return "plugins belong to keys/ageplugin"
	}
	if withinAny(path, ageKinds[from]) || withinAny(path, sources[from]) {
		return ""
	}
	switch {
	case isStandard(path):
		return badStandard(from, file, path)
	case within(path, sops), within(path, "github.com/sirupsen/logrus"):
		if from != interop && from != "internal/test/shamir" || !file.test {
			return "sops is the oracle of the tests in internal/interop, and each provider wraps one leaf of it"
		}
		return ""
	case within(path, "gopkg.in/yaml.v3"):
		if from != "envfile/internal/yaml" || file.test {
			return "yaml.v3 belongs to envfile/internal/yaml"
		}
		return ""
	case within(path, "github.com/BurntSushi/toml"), within(path, "github.com/toml-lang/toml-test/v2"):
		if from != "internal/interop" || !file.test {
			return "the scanner of TOML is our own; a library and the suite judge it in the tests of internal/interop"
		}
		return ""
	case within(path, "github.com/santhosh-tekuri/jsonschema/v6"):
		if from != "internal/interop/schematest" || !file.test {
			return "the validator judges our schemas in the tests of internal/interop/schematest"
		}
		return ""
	case within(path, "github.com/rogpeppe/go-internal"):
		if from != "cmd/sealcfg" || !file.test {
			return "testscript is for the tests of the command"
		}
		return ""
	case within(path, "github.com/stretchr/testify"):
		if !file.test && from != "internal/test/servicetest" {
			return "testify is for tests"
		}
		return ""
	case within(path, "filippo.io/age"):
		if from != "keys" && !isCommandLine(from) && !isForTests(from) && !file.test {
			return "age belongs to keys, and to the command that makes identities"
		}
		return ""
	case within(path, "github.com/spf13/cobra"), within(path, "github.com/spf13/pflag"):
		if !isCommandLine(from) && (from != "pflags" || !file.test) {
			return "command lines belong to cmd/sealcfg"
		}
		return ""
	case within(path, "golang.org/x/sys") && from == "internal/atomicfile": // to rename without replacing
		return ""
	case within(path, "golang.org/x/term"), within(path, "golang.org/x/sys"):
		if !isCommandLine(from) && from != "cmd/sealcfg-kms" {
			return "terminals belong to the commands"
		}
		return ""
	}
	return "not a dependency that has been agreed on"
}

// vendorModules are the modules that packages for services may import.
func vendorModules() (all []string) {
	for _, m := range []map[string][]string{providers, managers, vendorTools} {
		for _, list := range m {
			all = append(all, list...)
		}
	}
	return append(all, fakes...)
}

func badOurs(from string, file *source, to string) string {
	if isReleased(from) && isInternal(to) && moduleOf(from) != moduleOf(to) {
		return "an internal package of another module may change in any release"
	}
	if moduleOf(from) == "." && moduleOf(to) != "." && to != from {
		return "the root module requires no other module of the repository"
	}
	if isForTests(to) && !file.test && !isForTests(from) {
		return "that is for tests"
	}
	if isFake(from) && !isFake(to) && !file.test {
		return "a fake imports nothing of the house"
	}
	if isForTests(from) || isExample(from) {
		return ""
	}
	if to == keycall && (isProvider(from) || isManager(from) || isVendorTool(from)) {
		return ""
	}
	if isVendorTool(from) {
		if from == to || to == "." && from == "services/aws/internal/awsconfig" || file.test {
			return ""
		}
		return "a tool of a vendor imports keys/keycall and its SDK"
	}
	if isVendorTool(to) {
		if isProvider(from) || isManager(from) {
			return ""
		}
		return "it links an SDK, which is for the vendor's packages"
	}
	if isManager(from) {
		if to == "." || from == to || file.test {
			return ""
		}
		return "of the house, a secret manager knows the root package alone"
	}
	if isManager(to) {
		return "programs import secret managers; an SDK costs every start of what links it"
	}
	if isProvider(from) {
		if to == "keys" || from == to || isForTests(to) {
			return ""
		}
		return "of the house, a provider knows keys and keycall alone"
	}
	if ageKinds[from] != nil {
		if isTool(to) || to == "keys" || from == to || isForTests(to) {
			return ""
		}
		return "of the house, a kind of age keys knows keys alone"
	}
	if sources[from] != nil {
		if to == "." || from == to || file.test {
			return ""
		}
		return "of the house, a source of settings knows the root package alone"
	}
	if parts, ok := envfileParts[from]; ok {
		if isTool(to) || to == "crypto" || slices.Contains(parts, to) || from == to || file.test {
			return ""
		}
		return "a part of envfile imports crypto and the parts that the table names"
	}
	if envfileParts[to] != nil {
		to = "envfile" // Go itself keeps others out of envfile/internal
		if from == to {
			return ""
		}
	}
	if ageKinds[to] != nil {
		if !isCommandLine(from) {
			return "which kinds of keys there are is for programs to say"
		}
		return ""
	}
	if isProvider(to) {
		if from == "cmd/sealcfg-kms" {
			return ""
		}
		return "cmd/sealcfg-kms and programs of others import providers; an SDK costs every start of what links it"
	}
	if isExample(to) {
		return "examples are at the end"
	}
	if from == to { // an external test
		return ""
	}
	if (from == wire || from == "cmd/sealcfg-kms") && to != "keys" && to != wire && !isTool(to) && !isForTests(to) {
		return "the helper, and what it shares with sealcfg, know keys and no files"
	}
	if to == gitrun && !strings.HasPrefix(from, "cmd/") {
		return "only the commands start git"
	}
	if from == keycall {
		if !isTool(to) {
			return "keycall imports small tools only"
		}
		return ""
	}
	if isTool(from) {
		if !isTool(to) {
			return "a small tool imports nothing of the house"
		}
		return ""
	}
	if isSettings(to) && from != "." && from != "describe" && !isSettings(from) {
		return "the root package is the way to it"
	}
	if isTool(to) || isForTests(to) || rank(to) < rank(from) {
		return ""
	}
	return "a package imports what stands to its right, never what stands to its left"
}

func badStandard(from string, file *source, path string) string {
	switch {
	case file.test || !isLibrary(from):
		return ""
	case path == "net/http" && (file.name == "services/vault/client.go" || file.name == "services/vault/vaultkv/client.go"): // to control which redirects are followed
		return ""
	case path == "net/http" && from == "sealcfghttp":
		return ""
	case path == "os/signal" && file.name == "watchsignal.go": // for programs that ask for it
		return ""
	case path == "log":
		return "a library does not log"
	case path == "os/exec" && file.name != "option.go":
		return "a library starts no process, but for what option.go hands to package keys"
	case path == "os/signal", path == "flag", path == "testing", path == "net/http":
		return "that is for programs"
	}
	return ""
}

// envfileParts are the packages of envfile, with the other parts that each may import. They know
// nothing of keys.
var envfileParts = map[string][]string{
	"envfile/tree":            {},
	"envfile/internal/layout": {"envfile/tree"},
	"envfile/internal/json":   {"envfile/tree", "envfile/internal/layout"},
	"envfile/internal/yaml":   {"envfile/tree", "envfile/internal/layout", "envfile/internal/json"},
	"envfile/internal/toml":   {"envfile/tree", "envfile/internal/layout"},
	"envfile/internal/ini":    {"envfile/tree", "envfile/internal/layout", "envfile/internal/json"},
	"envfile/internal/dotenv": {"envfile/tree", "envfile/internal/layout"},
	"envfile/internal/binary": {"envfile/tree", "envfile/internal/layout", "envfile/internal/json"},
}

// isLibrary reports whether programs in other modules import a package.
func isLibrary(name string) bool {
	return slices.Contains(libraries, name) || name == keycall || isProvider(name) || isManager(name) || ageKinds[name] != nil || sources[name] != nil || envfileParts[name] != nil
}

func withinAny(path string, mods []string) bool {
	return slices.ContainsFunc(mods, func(mod string) bool { return within(path, mod) })
}

func TestLayers(t *testing.T) {
	edges := 0
	for _, p := range packages(t) {
		from := p.name()
		assert.True(t, rank(from) >= 0 || from == keycall || isVendorTool(from) || isTool(from) || isExample(from) || isForTests(from) || isProvider(from) || isManager(from) || ageKinds[from] != nil || sources[from] != nil || envfileParts[from] != nil,
			"%s has no place in the picture: give it one in docs/contributing/layout.md and here", from)
		for _, file := range p.files {
			for _, path := range file.imports() {
				edges++
				if bad := badImport(from, &file, path); bad != "" {
					t.Errorf("%s imports %s: %s", file.name, path, bad)
				}
			}
		}
	}
	assert.Greater(t, edges, 300)
}

// The list of modules is complete.
func TestModules(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Path}}")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	require.NoError(t, err)
	want := []string{module}
	for m := range modules {
		want = append(want, module+"/"+m)
	}
	assert.ElementsMatch(t, want, strings.Fields(string(out)))
}

// The check itself: the imports that it must reject, and the imports that it must
// allow.
func TestBadImport(t *testing.T) {
	for _, c := range []struct {
		from, file, path string
		bad              bool
	}{
		{"envfile", "envfile/seal.go", module + "/keys", false},
		{"keys", "keys/age.go", module + "/envfile", true},
		{"crypto", "crypto/mac.go", module, true},
		{"environments", "environments/x_test.go", module, true},
		{"environments", "environments/x_test.go", module + "/environments", false},
		{"cmd/internal/cli", "cmd/internal/cli/app.go", module + "/environments", false},
		{"cmd/internal/cli", "cmd/internal/cli/app.go", module + "/cmd/sealcfg", true},
		{".", "load.go", module + "/cmd/sealcfg", true},
		{".", "load.go", module + "/" + settingsBind, false},
		{settingsBind, settingsBind + "/bind.go", module + "/" + settingsPlan, false},
		{settingsPlan, settingsPlan + "/plan.go", module + "/" + settingsBind, true},
		{settingsTree, settingsTree + "/node.go", module, true},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/" + settingsTree, true},
		{"source", "source/source.go", module + "/" + settingsTree, true},
		{"cmd/sealcfg", "cmd/sealcfg/services.go", module + "/services/gcp", true},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/services.go", module + "/services/gcp", false},
		{"cmd/sealcfg", "cmd/sealcfg/services.go", module + "/" + wire, false},
		{"cmd/sealcfg", "cmd/sealcfg/services.go", module + "/keys/kmswire/kmstest", true},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/" + wire, false},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/environments", true},
		{wire, wire + "/serve.go", module + "/keys", false},
		{wire, wire + "/serve.go", module + "/envfile", true},
		{wire, wire + "/serve.go", "github.com/spf13/cobra", true},
		{"internal/scratch", "internal/scratch/x.go", module + "/envfile", true},
		{"internal/editor", "internal/editor/x.go", module + "/internal/shellwords", false},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/" + gitrun, false},
		{gitrun, gitrun + "/gitrun.go", module + "/internal/errtext", false},
		{gitrun, gitrun + "/gitrun_test.go", module + "/" + gitrun, false},
		{"environments", "environments/find.go", module + "/" + gitrun, true},
		{".", "load.go", module + "/" + gitrun, true},
		{"internal/editor", "internal/editor/x.go", module + "/" + gitrun, true},
		{"internal/atomicfile", "internal/atomicfile/renamenew_linux.go", "golang.org/x/sys/unix", false},
		{"internal/editor", "internal/editor/x.go", "golang.org/x/sys/unix", true},
		{"keys", "keys/age.go", module + "/internal/test/corpus", true},
		{"envfile/internal/yaml", "envfile/internal/yaml/tree.go", "gopkg.in/yaml.v3", false},
		{"envfile/internal/yaml", "envfile/internal/yaml/tree_test.go", "gopkg.in/yaml.v3", true},
		{"envfile", "envfile/seal.go", "gopkg.in/yaml.v3", true},
		{"envfile", "envfile/formats.go", module + "/envfile/internal/ini", false},
		{"envfile/internal/ini", "envfile/internal/ini/ini.go", module + "/envfile/internal/json", false},
		{"envfile/internal/ini", "envfile/internal/ini/ini.go", module + "/envfile/internal/yaml", true},
		{"envfile/internal/ini", "envfile/internal/ini/ini.go", module + "/envfile/internal/layout", false},
		{"envfile/internal/layout", "envfile/internal/layout/format.go", module + "/envfile/internal/ini", true},
		{"envfile/internal/layout", "envfile/internal/layout/format.go", module + "/envfile/tree", false},
		{"envfile/internal/layout", "envfile/internal/layout/format.go", module + "/keys", true},
		{"envfile/tree", "envfile/tree/node.go", module + "/envfile/internal/layout", true},
		{"envfile/tree", "envfile/tree/node.go", module + "/crypto", false},
		{"environments", "environments/find.go", module + "/envfile/tree", false},
		{"keys", "keys/age.go", module + "/envfile/tree", true},
		{"envfile", "envfile/x_test.go", "github.com/getsops/sops/v3/aes", true},
		{"internal/interop", "internal/interop/x_test.go", "github.com/getsops/sops/v3", false},
		{"internal/interop", "internal/interop/x.go", "github.com/getsops/sops/v3", true},
		{"internal/interop", "internal/interop/x_test.go", "github.com/toml-lang/toml-test/v2", false},
		{"envfile", "envfile/toml.go", "github.com/BurntSushi/toml", true},
		{"envfile", "envfile/toml_test.go", "github.com/BurntSushi/toml", true},
		{"keys", "keys/age.go", "github.com/stretchr/testify/assert", true},
		{"keys", "keys/age.go", "github.com/spf13/cobra", true},
		{"envfile", "envfile/node.go", "filippo.io/age", true},
		{"envfile", "envfile/node.go", "github.com/someone/else", true},
		{"envfile", "envfile/node.go", "log", true},
		{"envfile", "envfile/node.go", "log/slog", false},
		{"keys", "keys/age.go", "os/exec", true},
		{"keys", "keys/age.go", "filippo.io/age/plugin", true},
		{"keys", "keys/age.go", "filippo.io/age/agessh", true},
		{"keys/ageplugin", "keys/ageplugin/identity.go", "filippo.io/age/plugin", false},
		{"keys/ageplugin", "keys/ageplugin/identity.go", "os/exec", true},
		{"keys/agessh", "keys/agessh/identities.go", "golang.org/x/crypto/ssh", false},
		{"keys/agessh", "keys/agessh/identities.go", "filippo.io/age/plugin", true},
		{"keys/agessh", "keys/agessh/identities.go", module + "/keys", false},
		{"keys/agessh", "keys/agessh/identities.go", module + "/internal/memo", false},
		{"keys/agessh", "keys/agessh/identities.go", module + "/envfile", true},
		{"keys/agessh", "keys/agessh/agessh_test.go", module + "/keys/keystest", false},
		{"keys/agessh", "keys/agessh/agessh.go", module + "/keys/keystest", true},
		{"keys", "keys/x_test.go", module + "/keys/agessh", true},
		{".", "load.go", module + "/keys/agessh", true},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/keys/ageplugin", false},
		{"keys", "keys/keystest_test.go", module + "/keys/keystest", false},
		{"keys", "keys/age.go", module + "/keys/keystest", true},
		{"keys/keystest", "keys/keystest/keystest.go", module + "/keys", false},
		{"services/vault", "services/vault/service.go", module + "/keys", false},
		{"services/vault", "services/vault/service.go", module + "/internal/errtext", true},
		{"services/vault", "services/vault/service.go", module + "/envfile", true},
		{"services/vault", "services/vault/service.go", module + "/services/aws", true},
		{"services/vault", "services/vault/service.go", module + "/internal/test/servicetest", true},
		{"services/vault", "services/vault/service_test.go", module + "/internal/test/servicetest", true},
		{interop + "/services/vault", interop + "/services/vault/service_test.go", module + "/internal/test/servicetest", false},
		{interop + "/services/vault", interop + "/services/vault/service_test.go", module + "/services/vault", false},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/internal/coredump", true},
		{"cmd/internal/cli", "cmd/internal/cli/app.go", module + "/internal/coredump", false},
		{".", "load_test.go", module + "/dotenv", true},
		{"internal/test/shamir", "internal/test/shamir/shamir_test.go", sops + "/shamir", false},
		{"services/vault", "services/vault/service_test.go", module + "/envfile", true},
		{"services/vault", "services/vault/service.go", "github.com/getsops/sops/v3/hcvault", false},
		{"services/vault", "services/vault/service.go", "github.com/getsops/sops/v3/kms", true},
		{"services/vault", "services/vault/service.go", "github.com/getsops/sops/v3", true},
		{"services/vault", "services/vault/client.go", "net/http", false},
		{"services/vault", "services/vault/service.go", "net/http", true},
		{"services/aws", "services/aws/service.go", "net/http", true},
		{"services/aws", "services/aws/service.go", module + "/internal/test/fake/aws", true},
		{"services/aws", "services/aws/service_test.go", module + "/internal/test/fake/aws", true},
		{"internal/test/fake/aws", "internal/test/fake/aws/kms.go", module + "/keys", true},
		{"internal/interop/fake/cmd/fakes", "internal/interop/fake/cmd/fakes/main.go", module + "/internal/test/fake/aws", false},
		{"internal/interop/fake/cmd/fakes", "internal/interop/fake/cmd/fakes/main_test.go", module + "/internal/test/servicetest", false},
		{"internal/test/fake", "internal/test/fake/run.go", "github.com/stretchr/testify/require", true},
		{"internal/test/servicetest", "internal/test/servicetest/sops.go", "github.com/stretchr/testify/require", false},
		{"envfile", "envfile/seal.go", module + "/services/pgp", true},
		{".", "load.go", module + "/services/aws", true},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/services/aws", false},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/services/aws", true},
		{".", "option.go", "os/exec", false},
		{".", "load.go", "os/exec", true},
		{".", "watchsignal.go", "os/signal", false},
		{".", "watch.go", "os/signal", true},
		{".", "context.go", "net/http", true},
		{"sealcfghttp", "sealcfghttp/settings.go", "net/http", false},
		{"sealcfghttp", "sealcfghttp/settings.go", module, false},
		{"sealcfghttp", "sealcfghttp/settings.go", module + "/keys", true},
		{"sealcfghttp", "sealcfghttp/settings.go", module + "/sealcfgtest", true},
		{"sealcfghttp", "sealcfghttp/settings_test.go", module + "/sealcfgtest", false},
		{"services/gcp", "services/gcp/gcp.go", module + "/keys", false},
		{"services/gcp", "services/gcp/gcp.go", module + "/keys/keycall", false},
		{"services/gcp", "services/gcp/gcp.go", module + "/envfile", true},
		{"services/gcp", "services/gcp/gcp.go", module + "/internal/interop/fake/gcpkms", true},
		{"services/gcp", "services/gcp/gcp_test.go", module + "/internal/interop/fake/gcpkms", true},
		{"services/gcp", "services/gcp/gcp.go", sops + "/gcpkms", false},
		{"services/gcp", "services/gcp/gcp_test.go", sops + "/decrypt", true},
		{"services/gcp", "services/gcp/gcp.go", sops + "/azkv", true},
		{"services/gcp", "services/gcp/gcp.go", "log", true},
		{"keys", "keys/service.go", module + "/services/gcp", true},
		{"keys", "keys/keystest_test.go", module + "/keys/keystest", false},
		{"keys", "keys/service.go", module + "/keys/keystest", true},
		{"keys/keystest", "keys/keystest/keystest.go", module + "/keys", false},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/services/gcp", true},
		{".", "load.go", module + "/services/azure", true},
		{"examples/webservice", "examples/webservice/main.go", module + "/services/azure", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module, false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/services/aws/internal/awscause", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/services/aws/internal/awsconfig", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/envfile", true},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/services/aws/awsssm", true},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", awsSDK + "/service/secretsmanager", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", "github.com/hashicorp/vault/api", true},
		{"services/azure/azurekv", "services/azure/azurekv/azurekv.go", "net/http", true},
		{".", "resolver.go", module + "/services/aws/awssm", true},
		{".", "resolver.go", module + "/services/azure/internal/azurecause", true},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/services/aws/awssm", true},
		{"examples/webservice", "examples/webservice/main.go", module + "/services/vault/vaultkv", false},
		{"services/azure", "services/azure/azure.go", module + "/services/azure/internal/azurecause", false},
		{"internal/interop/fake/gcpkms", "internal/interop/fake/gcpkms/x.go", "google.golang.org/grpc/codes", false},
		{"envfile", "envfile/x_test.go", "google.golang.org/grpc/codes", true},
	} {
		file := parsed(t, c.file, "package x\n")
		got := badImport(c.from, file, c.path)
		assert.Equal(t, c.bad, got != "", fmt.Sprintf("%s → %s: %s", c.file, c.path, got))
	}
}
