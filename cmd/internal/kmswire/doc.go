// Package kmswire is how sealcfg and the helper program sealcfg-kms talk to each
// other: the messages, the end that serves (in sealcfg-kms), and the end that
// starts the helper and asks (in sealcfg). docs/kms-protocol.md describes it for
// those who write another helper.
package kmswire
