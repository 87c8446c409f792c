// Package azurecause describes why a call of Azure's library failed.
package azurecause

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Text returns the error response of the vault or of the login host, or the reason
// why they could not be reached. It returns "" for an unknown error.
func Text(err error) string {
	var login *azidentity.AuthenticationFailedError
	var vault *azcore.ResponseError
	var transport *url.Error
	switch {
	case errors.As(err, &login) && login.RawResponse != nil:
		return "login refused: " + answer(login.RawResponse)
	case errors.As(err, &vault) && vault.RawResponse != nil:
		return answer(vault.RawResponse)
	case errors.As(err, &transport):
		return transport.Err.Error()
	}
	if _, attempts, found := strings.Cut(err.Error(), "Attempted credentials:"); found {
		return "no login: " + attempts
	}
	return ""
}

// answer reads the two forms of Azure's error responses: the form of a service and
// the form of OAuth.
func answer(r *http.Response) string {
	var said struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	var service struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	status := fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode))
	body, err := runtime.Payload(r)
	if err != nil || json.Unmarshal(body, &said) != nil {
		return status
	}
	switch {
	case said.Description != "":
		return status + ": " + said.Description
	case json.Unmarshal(said.Error, &service) == nil && service.Message != "":
		return status + ": " + service.Message
	case service.Code != "":
		return status + ": " + service.Code
	}
	return status
}
