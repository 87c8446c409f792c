package azurekv

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// Secret is a secret of the vault.
type Secret struct {
	Value    string
	Versions map[string]string // older values
	Disabled bool
	Denied   bool // exists, but is not for the caller
}

// AddSecret puts a secret there.
func (s *Server) AddSecret(name string, secret *Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name] = secret
}

// Asked lists the paths of the requests for secrets so far.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// askSecrets records a request for Microsoft's server, and returns the client's
// method that made the request.
func (s *Server) askSecrets(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	r.URL.Scheme, r.URL.Host = "https", r.Host // for links to the next page
	if name := strings.Trim(strings.TrimPrefix(r.URL.Path, "/secrets"), "/"); name == "" || strings.HasPrefix(name, "fake_page_") {
		return "Client.NewListSecretPropertiesPager"
	}
	return "Client.GetSecret"
}

func (s *Server) getSecret(_ context.Context, name, version string, _ *azsecrets.GetSecretOptions) (resp azfake.Responder[azsecrets.GetSecretResponse], errResp azfake.ErrorResponder) {
	name, inName, _ := strings.Cut(name, "/") // Microsoft's server takes both of a path together
	version += inName
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := s.secrets[name]
	switch {
	case secret == nil:
		errResp.SetResponseError(http.StatusNotFound, "SecretNotFound")
		return resp, errResp
	case secret.Denied:
		errResp.SetResponseError(http.StatusForbidden, "Forbidden")
		return resp, errResp
	case secret.Disabled:
		errResp.SetResponseError(http.StatusForbidden, "SecretDisabled")
		return resp, errResp
	}
	value := secret.Value
	if version != "" {
		old, ok := secret.Versions[version]
		if !ok {
			errResp.SetResponseError(http.StatusNotFound, "SecretNotFound")
			return resp, errResp
		}
		value = old
	}
	resp.SetResponse(http.StatusOK, azsecrets.GetSecretResponse{Secret: azsecrets.Secret{ID: s.secretID(name), Value: &value}}, nil)
	return resp, errResp
}

func (s *Server) secretID(name string) *azsecrets.ID {
	id := azsecrets.ID(s.URL() + "/secrets/" + name)
	return &id
}

// listSecrets has two secrets on a page.
func (s *Server) listSecrets(*azsecrets.ListSecretPropertiesOptions) (resp azfake.PagerResponder[azsecrets.ListSecretPropertiesResponse]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for names := range slices.Chunk(slices.Sorted(maps.Keys(s.secrets)), 2) {
		var page azsecrets.ListSecretPropertiesResponse
		for _, name := range names {
			enabled := !s.secrets[name].Disabled
			page.Value = append(page.Value, &azsecrets.SecretProperties{ID: s.secretID(name), Attributes: &azsecrets.SecretAttributes{Enabled: &enabled}})
		}
		resp.AddPage(http.StatusOK, page, nil)
	}
	return resp
}
