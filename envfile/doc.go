// Package envfile parses settings files, encrypts and decrypts their values, and changes them with
// as few changed bytes as possible.
//
// A [Document] is a plaintext file, a [Sealed] is an encrypted file, and an [Opened] is an
// encrypted file whose MAC has been verified. They are different types so that plaintext cannot be
// written to a repository by mistake.
//
//	Document --Seal--> Sealed --Open--> Opened --Document--> Document
//	                     ^                 |
//	                     +-- Reseal, Rewrap, Rotate
//
// The package works on bytes. It reads no files, starts no processes, and does not depend on
// environments.
package envfile
