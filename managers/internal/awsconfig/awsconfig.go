// Package awsconfig is what the packages for AWS's managers of secrets have in
// common: how AWS is asked.
package awsconfig

import (
	"context"
	"errors"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/sealcfg/sealcfg"
)

// region is what a region's name looks like. It becomes part of a host's name, so
// it must not hold anything else.
var region = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

type shared struct{}

// Load returns the given configuration, or else that of the environment, once for
// all secrets of a load, so that credentials are got once. in is the region of a
// reference, "" for that of the configuration.
func Load(ctx context.Context, given *aws.Config, in string) (aws.Config, error) {
	if in != "" && !region.MatchString(in) {
		return aws.Config{}, errors.New("parameter \"region\" is not the name of a region")
	}
	var c aws.Config
	if given != nil {
		c = given.Copy()
	} else {
		var err error
		c, err = sealcfg.Shared(ctx, shared{}, func(ctx context.Context) (aws.Config, error) {
			return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // it would print warnings to stderr
		})
		if err != nil {
			return aws.Config{}, err
		}
	}
	if in != "" {
		c.Region = in
	}
	if c.Region == "" {
		return aws.Config{}, errors.New("no region: set AWS_REGION")
	}
	return c, nil
}
