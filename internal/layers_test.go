package internal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A rule allows a package to import packages of this repository and modules of others. The
// standard library is always allowed: see standard.
//
// importer is a package of this repository, or a tree of packages (with /...). The longest match
// applies. "tests of X" are the test files of X; they may also import X, everything that X may
// import, and the tools for tests.
//
// may lists packages and trees of packages. "tools" are the small tools in internal, "tests" are
// testify and the tools for tests, and "." is the root package.
type rule struct{ importer, may, why string }

var rules = []rule{
	{"crypto", "tools", "encrypts single values; knows no files, formats or recipients"},

	{"keys", "tools crypto filippo.io/age filippo.io/age/armor", "knows no files and no values"},
	{"keys/agessh", "tools keys filippo.io/age filippo.io/age/agessh golang.org/x/crypto/ssh", "SSH keys need another module, so programs choose them"},
	{"keys/ageplugin", "tools keys filippo.io/age filippo.io/age/armor filippo.io/age/plugin filippo.io/age/tag", "plugins start programs, so programs choose them"},
	{"keys/keycall", "tools", "for authors of key providers in other modules"},
	{"keys/kmswire", "tools keys", "the protocol between sealcfg and sealcfg-kms; knows no files"},
	{"keys/keystest", "tests tools keys", "the test suite of key providers"},
	{"keys/kmswire/kmstest", "tests keys", "a key service for tests"},
	{"tests of keys", "filippo.io/age/...", ""},

	{"envfile/tree", "crypto", "the nodes of every format"},
	{"envfile/internal/layout", "tools crypto envfile/tree", "the contract of a format"},
	{"envfile/internal/yaml", "tools crypto envfile/tree envfile/internal/layout envfile/internal/json gopkg.in/yaml.v3", "YAML; the decoder of yaml.v3 for maps can panic, and its errors quote values, so no other package uses it"},
	{"envfile/internal/...", "tools crypto envfile/tree envfile/internal/layout envfile/internal/json", "one format each; JSON is also the notation of values in other formats"},
	{"envfile", "tools crypto keys envfile/...", "knows no environments, disk or processes"},
	{"tests of envfile/internal/...", "envfile envfile/... keys filippo.io/age", ""},

	{"environments", "tools crypto keys envfile envfile/tree", "finds files and policy; knows no Go structs"},
	{"tests of environments", "filippo.io/age", ""},

	{"source", "tools", "types for authors of sources and resolvers"},
	{"internal/settings/tree", "tools crypto envfile envfile/tree source", "the settings of a source"},
	{"internal/settings/plan", "tools crypto envfile envfile/tree source internal/settings/tree", "a settings type"},
	{"internal/settings/...", "tools crypto envfile envfile/tree source internal/settings/tree internal/settings/plan", "binding and layering"},
	{"describe", "tools crypto envfile envfile/tree source internal/settings/...", "documents about a settings type"},
	{".", "tools crypto keys envfile envfile/tree environments source describe internal/settings/...", "the library; knows no command lines"},

	{"pflags", ". github.com/spf13/pflag", "an adapter"},
	{"tests of pflags", "github.com/spf13/cobra", ""},
	{"sealcfghttp", ".", "an adapter"},
	{"dotenv", ". github.com/joho/godotenv", "an adapter in a module of its own, because of its parser"},
	{"tests of dotenv", "keys envfile", ""},
	{"playground", ". github.com/go-playground/validator/v10", "an adapter in a module of its own, because of its validator"},
	{"sealcfgtest", "tests tools . keys envfile environments filippo.io/age", "for the tests of programs"},

	{"services/aws", "keys keys/keycall services/aws/internal/... github.com/getsops/sops/v3/kms github.com/aws/aws-sdk-go-v2/... github.com/aws/smithy-go/logging", "a key provider wraps one leaf package of sops"},
	{"services/azure", "keys keys/keycall services/azure/internal/... github.com/getsops/sops/v3/azkv", "a key provider"},
	{"services/gcp", "keys keys/keycall services/gcp/internal/... github.com/getsops/sops/v3/gcpkms github.com/getsops/sops/v3/logging google.golang.org/grpc", "a key provider"},
	{"services/huawei", "keys keys/keycall github.com/getsops/sops/v3/hckms github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr", "a key provider"},
	{"services/pgp", "keys keys/keycall github.com/getsops/sops/v3/pgp", "a key provider"},
	{"services/vault", "keys keys/keycall services/vault/internal/... github.com/getsops/sops/v3/hcvault", "a key provider"},
	{"services/aws/...", ". keys/keycall services/aws/internal/... github.com/aws/aws-sdk-go-v2/... github.com/aws/smithy-go/logging", "secret managers, which use the root package only, and their tools"},
	{"services/azure/...", ". keys/keycall services/azure/internal/... github.com/Azure/azure-sdk-for-go/sdk/...", "a secret manager and its tools"},
	{"services/gcp/...", ". keys/keycall services/gcp/internal/... cloud.google.com/go/secretmanager/... google.golang.org/api/... google.golang.org/grpc/... github.com/googleapis/gax-go/v2/...", "a secret manager and its tools"},
	{"services/vault/...", ". keys/keycall services/vault/internal/... github.com/hashicorp/vault/api github.com/mitchellh/go-homedir", "a secret manager and its tools"},

	{"cmd/sealcfg-kms", "keys keys/kmswire services/aws services/azure services/gcp services/huawei services/pgp services/vault golang.org/x/term", "links all key providers; knows no files"},
	{"cmd/internal/cli", "tools crypto keys keys/agessh keys/ageplugin keys/kmswire envfile environments internal/gitrun github.com/spf13/cobra golang.org/x/term golang.org/x/sys/unix", "shared by both command lines"},
	{"cmd/internal/editing", "tools crypto keys envfile environments cmd/internal/cli", "an edit and its merge"},
	{"cmd/internal/sopscli", "tools crypto keys keys/ageplugin envfile environments internal/gitrun cmd/internal/cli cmd/internal/editing github.com/spf13/cobra github.com/spf13/pflag golang.org/x/sys/unix", "the command line of sops; knows no command of sealcfg"},
	{"cmd/internal/clitest", "tests", "for the tests of the commands"},
	{"cmd/sealcfg", "tools crypto keys keys/ageplugin envfile environments internal/gitrun cmd/internal/cli cmd/internal/editing cmd/internal/sopscli github.com/spf13/cobra github.com/spf13/pflag filippo.io/age", "the commands; SDKs of key services would slow down every start"},
	{"tests of cmd/...", ". keys/... filippo.io/age/... github.com/rogpeppe/go-internal/testscript golang.org/x/sys/unix", ""},

	{"internal/atomicfile", "tools golang.org/x/sys/unix", "renames without replacing"},
	{"tests of internal/privatekey", "filippo.io/age", ""},
	{"internal/...", "tools", "a small tool imports no package that answers a question of sealcfg"},

	{"internal/test/fake/...", "internal/test/fake", "a fake imports nothing of the code under test"},
	{"internal/test/servicetest", "tests tools . keys envfile environments filippo.io/age", "tests key providers with the real sops"},
	{"tests of internal/test/settings", ". keys envfile environments filippo.io/age", "the tests of the root package"},
	{"tests of internal/test/shamir", "crypto github.com/getsops/sops/v3/shamir", "not a test of crypto, because that would add sops to the go.sum of users"},
	{"internal/interop/fake/cmd/fakes", "internal/interop/fake/... internal/test/fake/...", "the fakes as a program"},
	{"internal/interop/fake/...", "internal/test/fake google.golang.org/grpc/... google.golang.org/protobuf/... cloud.google.com/go/... github.com/Azure/azure-sdk-for-go/sdk/...", "fakes that need an SDK"},
	{"tests of internal/interop/services/...", ". keys keys/keycall services/... internal/interop/fake/... github.com/aws/aws-sdk-go-v2/config github.com/Azure/azure-sdk-for-go/sdk/azidentity google.golang.org/api/option github.com/hashicorp/vault/api", "the tests of services"},
	{"tests of internal/interop/schematest", ". crypto keys envfile github.com/santhosh-tekuri/jsonschema/v6", "a validator checks our schemas"},
	{"tests of internal/interop", "crypto keys envfile github.com/getsops/sops/v3/... github.com/sirupsen/logrus/... github.com/BurntSushi/toml github.com/toml-lang/toml-test/v2/...", "sops and other libraries are the oracles"},

	{"examples/webservice/...", ". sealcfghttp dotenv services/vault/vaultkv examples/webservice/config", ""},
	{"examples/...", ".", ""},
	{"tests of examples/...", "keys envfile", ""},
}

// standard lists packages of the standard library that libraries do not import, except the listed
// packages and files.
var standard = []rule{
	{"log", "", "a library does not log"},
	{"os/exec", "option.go", "a library starts no process; option.go passes one to package keys"},
	{"os/signal", "watchsignal.go", "only for programs that ask for it"},
	{"net/http", "sealcfghttp/settings.go services/vault/client.go services/vault/vaultkv/client.go services/azure/internal/azurecause/azurecause.go", "the Vault clients restrict redirects"},
	{"flag", "", "for programs"},
	{"testing", "", "for tests"},
}

// modules are the modules of the workspace, apart from the root. Those with true are
// released: programs of others require them.
var modules = map[string]bool{
	"services/aws": true, "services/azure": true, "services/gcp": true, "services/huawei": true, "services/pgp": true, "services/vault": true,
	"cmd/sealcfg-kms": true, "dotenv": true, "playground": true,
	"internal/interop": false, "examples/webservice": false,
}

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

// isForTests reports whether only tests import a package. keys/keystest, kmstest and sealcfgtest
// are for the tests of other modules, too.
func isForTests(name string) bool {
	switch name {
	case "internal", "keys/keystest", "keys/kmswire/kmstest", "cmd/internal/clitest", "sealcfgtest":
		return true
	}
	return within(name, "internal/test") || within(name, "internal/interop")
}

// gitrun is the one package that starts git. Only the commands import it.
const gitrun = "internal/gitrun"

// isTool reports whether a package is a small tool that every package may import.
func isTool(name string) bool {
	return strings.HasPrefix(name, "internal/") && !isForTests(name) && !within(name, "internal/settings") && name != gitrun
}

// isLibrary reports whether a package is part of a library: programs import it, or packages that
// they import.
func isLibrary(name string) bool {
	return !isForTests(name) && !isTool(name) && name != gitrun && name != "keys/kmswire" && !within(name, "cmd") && !within(name, "examples")
}

// within reports whether an import path is in a tree of packages.
func within(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

// matches reports whether a package is the one of a pattern, or in its tree.
func matches(name, pattern string) bool {
	if top, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(name, top)
	}
	return name == pattern
}

// ruleFor returns the rule of a package, or of the smallest tree that contains it.
func ruleFor(importer string) (found rule, ok bool) {
	for _, r := range rules {
		switch {
		case r.importer == importer:
			return r, true
		case matches(importer, r.importer) && len(r.importer) > len(found.importer):
			found, ok = r, true
		}
	}
	return found, ok
}

// allows reports whether a list of packages contains a path.
func allows(may, path string) bool {
	for _, pattern := range strings.Fields(may) {
		switch pattern {
		case "tools":
			if isTool(path) {
				return true
			}
		case "tests":
			if isForTests(path) || within(path, "github.com/stretchr/testify") {
				return true
			}
		default:
			if matches(path, pattern) {
				return true
			}
		}
	}
	return false
}

// badImport returns the violation of an import, or "".
func badImport(from string, file *source, path string) string {
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return badStandard(from, file, path)
	}
	if path == module {
		path = "."
	} else if ours, ok := strings.CutPrefix(path, module+"/"); ok {
		path = ours
		if bad := badModule(from, path); bad != "" {
			return bad
		}
	}
	r, _ := ruleFor(from)
	if allows(r.may, path) {
		return ""
	}
	if file.test || isForTests(from) && r.may == "" {
		r, _ = ruleFor("tests of " + from)
		if path == from || allows("tests tools "+r.may, path) {
			return ""
		}
	}
	if r.why == "" {
		return "not in the list of rules"
	}
	return "not in the list of rules: " + r.why
}

// badModule returns the violation of an import of a package of this repository by another module.
func badModule(from, to string) string {
	switch {
	case isReleased(from) && isInternal(to) && moduleOf(from) != moduleOf(to):
		return "an internal package of another module may change in any release"
	case moduleOf(from) == "." && moduleOf(to) != ".":
		return "the root module requires no other module of the repository"
	}
	return ""
}

func badStandard(from string, file *source, path string) string {
	if file.test || !isLibrary(from) {
		return ""
	}
	for _, r := range standard {
		if r.importer == path && !slices.Contains(strings.Fields(r.may), file.name) {
			return r.why
		}
	}
	return ""
}

func TestLayers(t *testing.T) {
	edges := 0
	for _, p := range packages(t) {
		from := p.name()
		_, ok := ruleFor(from)
		_, tests := ruleFor("tests of " + from)
		assert.True(t, ok || tests || isForTests(from), "%s has no rule: add one here, and a line to docs/contributing/layout.md", from)
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
		{".", "load.go", module + "/internal/settings/bind", false},
		{"internal/settings/bind", "internal/settings/bind/bind.go", module + "/internal/settings/plan", false},
		{"internal/settings/plan", "internal/settings/plan/plan.go", module + "/internal/settings/bind", true},
		{"internal/settings/tree", "internal/settings/tree/node.go", module, true},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/internal/settings/tree", true},
		{"source", "source/source.go", module + "/internal/settings/tree", true},
		{"cmd/sealcfg", "cmd/sealcfg/services.go", module + "/services/gcp", true},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/services.go", module + "/services/gcp", false},
		{"cmd/internal/cli", "cmd/internal/cli/services.go", module + "/keys/kmswire", false},
		{"cmd/sealcfg", "cmd/sealcfg/services.go", module + "/keys/kmswire/kmstest", true},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/keys/kmswire", false},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/environments", true},
		{"keys/kmswire", "keys/kmswire/serve.go", module + "/keys", false},
		{"keys/kmswire", "keys/kmswire/serve.go", module + "/envfile", true},
		{"keys/kmswire", "keys/kmswire/serve.go", "github.com/spf13/cobra", true},
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
		{"internal/interop" + "/services/vault", "internal/interop" + "/services/vault/service_test.go", module + "/internal/test/servicetest", false},
		{"internal/interop" + "/services/vault", "internal/interop" + "/services/vault/service_test.go", module + "/services/vault", false},
		{"cmd/sealcfg-kms", "cmd/sealcfg-kms/main.go", module + "/internal/coredump", true},
		{"cmd/internal/cli", "cmd/internal/cli/app.go", module + "/internal/coredump", false},
		{".", "load_test.go", module + "/dotenv", true},
		{"internal/test/shamir", "internal/test/shamir/shamir_test.go", "github.com/getsops/sops/v3/shamir", false},
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
		{"services/gcp", "services/gcp/gcp.go", "github.com/getsops/sops/v3/gcpkms", false},
		{"services/gcp", "services/gcp/gcp_test.go", "github.com/getsops/sops/v3/decrypt", true},
		{"services/gcp", "services/gcp/gcp.go", "github.com/getsops/sops/v3/azkv", true},
		{"services/gcp", "services/gcp/gcp.go", "log", true},
		{"keys", "keys/service.go", module + "/services/gcp", true},
		{"keys", "keys/keystest_test.go", module + "/keys/keystest", false},
		{"keys", "keys/service.go", module + "/keys/keystest", true},
		{"keys/keystest", "keys/keystest/keystest.go", module + "/keys", false},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/services/gcp", true},
		{".", "load.go", module + "/services/azure", true},
		{"examples/webservice/config", "examples/webservice/config/settings.go", module + "/services/vault/vaultkv", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module, false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/services/aws/internal/awscause", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/services/aws/internal/awsconfig", false},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/envfile", true},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", module + "/services/aws/awsssm", true},
		{"services/aws/awssm", "services/aws/awssm/awssm.go", "github.com/aws/aws-sdk-go-v2/service/secretsmanager", false},
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
