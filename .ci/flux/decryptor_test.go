// Package flux runs Flux's decryptor on files that the sealcfg command wrote.
// run.sh makes them.
package flux

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/kustomize-controller/internal/decryptor"
	"github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// sealedFolder returns a fresh copy of the directory that run.sh made, because Flux writes into it.
func sealedFolder(t *testing.T) string {
	t.Helper()
	from := os.Getenv("SEALCFG_FLUX_SEALED")
	require.NotEmpty(t, from, "run .ci/flux/run.sh")
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

func newDecryptor(t *testing.T, root string, keys []byte) *decryptor.Decryptor {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "sops-age", Namespace: "flux-system"},
		Data:       map[string][]byte{"demo.agekey": keys},
	}
	kustomization := &kustomizev1.Kustomization{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "flux-system"},
		Spec: kustomizev1.KustomizationSpec{Decryption: &kustomizev1.Decryption{
			Provider: decryptor.DecryptionProviderSOPS, SecretRef: &meta.LocalObjectReference{Name: "sops-age"},
		}},
	}
	d, cleanup, err := decryptor.New(fake.NewClientBuilder().WithObjects(secret).Build(), kustomization, decryptor.WithRoot(root))
	require.NoError(t, err)
	t.Cleanup(cleanup)
	require.NoError(t, d.ImportKeys(t.Context()))
	return d
}

func demoKeys(t *testing.T) []byte {
	t.Helper()
	keys, err := os.ReadFile(os.Getenv("SEALCFG_FLUX_KEYS"))
	require.NoError(t, err)
	return keys
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

func resources(t *testing.T, text string) []*resource.Resource {
	t.Helper()
	all, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes([]byte(text))
	require.NoError(t, err)
	return all
}

func asJSON(t *testing.T, r *resource.Resource) string {
	t.Helper()
	text, err := r.MarshalJSON()
	require.NoError(t, err)
	return string(text)
}

// A Secret with encrypted data, which is applied from the repository.
func TestSecrets(t *testing.T) {
	root := sealedFolder(t)
	d := newDecryptor(t, root, demoKeys(t))
	for _, name := range []string{"secrets/plain.yaml", "secrets/changed.yaml", "secrets/two.yaml", "groups/groups.yaml"} {
		want := resources(t, strings.Replace(read(t, "plain", name), "{password: hunter2,", "{password: 'after: the change',", 1))
		sealed := resources(t, read(t, root, name))
		require.NotEmpty(t, want, name)
		require.Len(t, sealed, len(want), name)
		for i, r := range sealed {
			assert.Contains(t, asJSON(t, r), "ENC[AES256_GCM", name)
			got, err := d.DecryptResource(r)
			require.NoError(t, err, name)
			require.NotNil(t, got, "%s is not taken for a sealed resource", name)
			assert.JSONEq(t, asJSON(t, want[i]), asJSON(t, got), name)
		}
	}
}

// Without a key, Flux writes no file.
func TestWrongKey(t *testing.T) {
	root := sealedFolder(t)
	const stranger = "AGE-SECRET-KEY-1AENPR0G2CCUWR33H9FMYNRSA7QCQQEH7FGK8MEVHPRPRFFS4ME7QG50PPX" // a demo key
	_, err := newDecryptor(t, root, []byte(stranger)).DecryptResource(resources(t, read(t, root, "secrets/plain.yaml"))[0])
	require.Error(t, err)

	one, _, _ := strings.Cut(string(demoKeys(t)), "\n") // one of the two groups
	_, err = newDecryptor(t, root, []byte(one)).DecryptResource(resources(t, read(t, root, "groups/groups.yaml"))[0])
	require.Error(t, err)
}

// The sources of a secretGenerator and patches are decrypted on disk, and the
// Secret is built of them.
func TestSources(t *testing.T) {
	root := sealedFolder(t)
	require.NoError(t, newDecryptor(t, root, demoKeys(t)).DecryptSources("."))

	env := read(t, root, "app.env")
	assert.Equal(t, "# a comment\nPASSWORD=hunter2\nLINES=one\\ntwo\nQUOTED=\"as it stands\"\nEMPTY=\nADDED=with spaces\n", env)
	assert.Equal(t, read(t, "plain/files/blob.bin"), read(t, root, "files/blob.bin"))
	assert.Empty(t, read(t, root, "files/empty.bin"))
	checkConfigs(t, read(t, root, "files/config.json"), read(t, root, "files/config.yaml"), read(t, root, "files/settings.ini"))

	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), root)
	require.NoError(t, err)
	require.Equal(t, 1, built.Size())
	secret := built.Resources()[0]
	data := secret.GetDataMap()
	assert.Equal(t, encode("hunter2"), data["PASSWORD"])
	assert.Equal(t, encode(read(t, "plain/files/blob.bin")), data["blob.bin"])
	assert.Contains(t, asJSON(t, secret), "hunter2 patched")
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func decode(t *testing.T, s string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return string(text)
}

// The data of this Secret are encrypted files. Flux detects their format by marks,
// such as "mac": "ENC[ with exactly one space.
func TestSealedFilesInSecret(t *testing.T) {
	root := sealedFolder(t)
	d := newDecryptor(t, root, demoKeys(t))
	data := map[string]any{}
	for _, name := range []string{"app.env", "files/config.json", "files/config.yaml", "files/settings.ini", "files/blob.bin"} {
		data[filepath.Base(name)] = encode(read(t, root, name))
	}
	secret, err := provider.NewDefaultDepProvider().GetResourceFactory().FromMap(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "files"}, "data": data,
	})
	require.NoError(t, err)
	got, err := d.DecryptResource(secret)
	require.NoError(t, err)
	opened := got.GetDataMap()
	assert.Contains(t, decode(t, opened["app.env"]), "PASSWORD=hunter2\n")
	assert.Equal(t, read(t, "plain/files/blob.bin"), decode(t, opened["blob.bin"]))
	checkConfigs(t, decode(t, opened["config.json"]), decode(t, opened["config.yaml"]), decode(t, opened["settings.ini"]))
}

// checkConfigs compares the values in the output of Flux with the plaintext files.
func checkConfigs(t *testing.T, asJSON, asYAML, asINI string) {
	t.Helper()
	require.True(t, json.Valid([]byte(asJSON)), "not decrypted")
	assert.JSONEq(t, strings.Replace(read(t, "plain/files/config.json"), "5432", "5433", 1), asJSON)
	want, err := yaml.YAMLToJSON([]byte(read(t, "plain/files/config.yaml")))
	require.NoError(t, err)
	got, err := yaml.YAMLToJSON([]byte(asYAML))
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got))
	for _, line := range []string{"host     = db.internal", "password = hunter2", "a ; b"} {
		assert.Contains(t, asINI, line)
	}
}
