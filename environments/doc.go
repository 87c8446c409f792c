// Package environments answers one question: which files make up "prod", in
// what order, and who may read them?
//
// Which files: by convention an environment prod is environments/prod.yaml (or
// another extension) under the root of a [Project], over an optional base and
// under an optional prod.local; [Layers] lists them.
//
// Who may read them: a [Policy] is a .sops.yaml, read as sops reads it. [FindPolicy]
// finds the one that applies to a file, and [Policy.RuleFor] the creation rule in it.
// A [Finder] does both for many files, and finds the [Location] of each.
//
// What the project requires of its files beyond that is in a [Config]: its sealcfg.yaml
// files, which [FindConfig] finds.
//
// The package reads the disk and never writes to it.
package environments
