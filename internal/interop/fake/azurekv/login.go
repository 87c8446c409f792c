package azurekv

import (
	"fmt"
	"net/http"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// The login that is accepted. It is not secret. The tenant "adfs" is the name that
// Microsoft's library uses for a login host on premises: the only kind that it does
// not look up at login.microsoftonline.com first.
const (
	tenant = "adfs"
	client = "demo-client"
	secret = "demo-secret-of-the-azure-fake"
	token  = "demo-token-of-the-azure-fake"
)

var loginVariables = map[string]string{
	"AZURE_TENANT_ID":     tenant,
	"AZURE_CLIENT_ID":     client,
	"AZURE_CLIENT_SECRET": secret,
	// The other ways of logging in look for programs and for hosts of a cloud.
	"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
}

// resource is the resource that tokens are valid for. The client requires a domain
// that contains the vault's host; for 127.0.0.1 that is 0.0.1.
func (s *Server) resource() string { return "https://" + s.Host[len("127."):] }

// challenge names the address of the token endpoint, as a vault does on the first
// request.
func (s *Server) challenge(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer authorization=%q, resource=%q", s.URL()+"/"+tenant, s.resource()))
	fake.JSON(w, http.StatusUnauthorized, map[string]any{"error": map[string]string{
		"code": "Unauthorized", "message": "AKV10000: Request is missing a Bearer or PoP token.",
	}})
}

// login is an OAuth 2.0 endpoint for client credentials.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/adfs/.well-known/openid-configuration":
		fake.JSON(w, http.StatusOK, map[string]string{
			"issuer":                 s.URL() + "/adfs",
			"authorization_endpoint": s.URL() + "/adfs/oauth2/authorize",
			"token_endpoint":         s.URL() + "/adfs/oauth2/token",
		})
	case "/adfs/oauth2/token":
		switch {
		case r.ParseForm() != nil, r.PostForm.Get("grant_type") != "client_credentials":
			oauthError(w, http.StatusBadRequest, "invalid_request", "The request is malformed.")
		case r.PostForm.Get("client_id") != client, r.PostForm.Get("client_secret") != secret:
			oauthError(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
		default:
			fake.JSON(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
		}
	default:
		http.NotFound(w, r)
	}
}

func oauthError(w http.ResponseWriter, status int, code, text string) {
	fake.JSON(w, status, map[string]string{"error": code, "error_description": text})
}
