// Package environments answers one question: which files make up "prod", in
// what order, and who may read them?
//
// Which files: by convention an environment prod is environments/prod.yaml (or
// another extension) under the root of a [Project], over an optional base and
// under an optional prod.local; [Layers] lists them.
//
// Who may read them: a [Policy] is a .sops.yaml, read with the semantics of
// sops, but strictly. [FindPolicy] finds the one that governs a file, and
// [Policy.RuleFor] the rule in it.
//
// What the project demands of its files beyond that is in a [Config], its
// sealcfg.yaml, which [FindConfig] finds.
//
// The package reads the disk and never writes to it.
package environments
