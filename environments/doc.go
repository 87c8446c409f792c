// Package environments finds the files of an environment, their order, and the
// policy that lists their recipients.
//
// By convention, the environment prod is environments/prod.yaml (or another
// extension) under the root of a [Project]. It overrides an optional base, and an
// optional prod.local overrides it. [Layers] lists these files.
//
// A [Policy] is a .sops.yaml, read as sops reads it. [FindPolicy] finds the one
// that applies to a file, and [Policy.RuleFor] the creation rule in it. A [Finder]
// does both for many files, and finds the [Location] of each.
//
// A [Config] holds further requirements of the project for its files. It is read
// from the project's sealcfg.yaml files, which [FindConfig] finds.
//
// The package reads the disk and never writes to it.
package environments
