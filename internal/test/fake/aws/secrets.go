package aws

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A secretID identifies a secret or parameter: names are unique in a region.
type secretID struct{ region, name string }

// Secret is a secret of Secrets Manager: a string or bytes.
type Secret struct {
	Text   string
	Binary []byte
	Users  []string // ARNs of the users that may read it; nil permits all users
	// Staged are the values of versions with other stages than AWSCURRENT.
	Staged map[string]string
}

// AddSecret puts a secret into a region.
func (s *Server) AddSecret(region, name string, secret *Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[secretID{region, name}] = secret
}

// AddParameter puts a parameter into a region.
func (s *Server) AddParameter(region, name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parameters[secretID{region, name}] = value
}

// note records a call for [Server.Calls]. The caller must hold s.mu.
func (s *Server) note(call Call, name string) {
	call.Name = name
	s.calls = append(s.calls, call)
}

func (s *Server) doSecrets(r *http.Request, action string, body []byte) (any, error) {
	var q struct{ SecretID, VersionID, VersionStage string }
	call, err := s.read(r, "secretsmanager", action, body, &q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(call, q.SecretID)
	if action != "GetSecretValue" {
		return nil, fail("UnknownOperationException", "the fake does not support %q", action)
	}
	arn := "arn:aws:secretsmanager:" + call.Region + ":" + Account + ":secret:"
	name := strings.TrimPrefix(q.SecretID, arn)
	secret := s.secrets[secretID{call.Region, name}]
	if secret == nil {
		return nil, fail("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	if len(secret.Users) > 0 && !slices.Contains(secret.Users, call.Principal) {
		return nil, fail("AccessDeniedException", "User: %s is not authorized to perform: secretsmanager:GetSecretValue on resource: %s "+
			"because no identity-based policy allows the secretsmanager:GetSecretValue action", call.Principal, name)
	}
	answer := map[string]any{"ARN": arn + name, "Name": name, "VersionId": "00000000-0000-4000-8000-000000000001"}
	switch text, staged := secret.Staged[q.VersionStage]; {
	case q.VersionStage != "" && q.VersionStage != "AWSCURRENT" && !staged, q.VersionID != "" && q.VersionID != answer["VersionId"]:
		return nil, fail("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s", q.VersionStage)
	case staged:
		answer["SecretString"] = text
	case secret.Binary != nil:
		answer["SecretBinary"] = secret.Binary
	default:
		answer["SecretString"] = secret.Text
	}
	return answer, nil
}

// pageOfParameters is how many parameters the real service returns at a time.
const pageOfParameters = 10

func (s *Server) doParameters(r *http.Request, action string, body []byte) (any, error) {
	var q struct {
		Name, Path, NextToken     string
		Recursive, WithDecryption bool
	}
	call, err := s.read(r, "ssm", action, body, &q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(call, q.Name+q.Path)
	if !q.WithDecryption {
		return nil, fail("ValidationException", "the fake supports only SecureString parameters")
	}
	switch action {
	case "GetParameter":
		name, version, given := strings.Cut(q.Name, ":")
		value, ok := s.parameters[secretID{call.Region, name}]
		switch {
		case !ok:
			return nil, fail("ParameterNotFound", "")
		case given && version != "1":
			return nil, fail("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", version, name)
		}
		return map[string]any{"Parameter": parameter(name, value)}, nil
	case "GetParametersByPath":
		return s.byPath(call.Region, q.Path, q.NextToken, q.Recursive)
	}
	return nil, fail("UnknownOperationException", "the fake does not support %q", action)
}

func parameter(name, value string) map[string]any {
	return map[string]any{"Name": name, "Value": value, "Type": "SecureString", "Version": 1}
}

func (s *Server) byPath(region, path, token string, recursive bool) (any, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, fail("ValidationException", "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
	}
	var names []string
	for at := range s.parameters {
		rest, ok := strings.CutPrefix(at.name, strings.TrimSuffix(path, "/")+"/")
		if ok && at.region == region && (recursive || !strings.Contains(rest, "/")) {
			names = append(names, at.name)
		}
	}
	slices.Sort(names)
	begin, _ := strconv.Atoi(token)
	end := min(begin+pageOfParameters, len(names))
	page := []any{}
	for _, name := range names[min(begin, end):end] {
		page = append(page, parameter(name, s.parameters[secretID{region, name}]))
	}
	answer := map[string]any{"Parameters": page}
	if end < len(names) {
		answer["NextToken"] = strconv.Itoa(end)
	}
	return answer, nil
}
