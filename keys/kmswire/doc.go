// Package kmswire is the protocol between sealcfg and the KMS helper, sealcfg-kms.
// It contains the messages, the server (for sealcfg-kms) and the client, which
// starts the helper (for sealcfg). docs/kms-protocol.md describes the protocol for
// authors of other helpers.
package kmswire
