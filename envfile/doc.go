// Package envfile answers one question: what does this file say, sealed or
// open, and how is it changed with the fewest bytes?
//
// A [Document] is plain text, a [Sealed] is what may be committed, and an
// [Opened] is a sealed file whose MAC has been verified. They are different
// types on purpose: only a Sealed can be written to a repository.
//
//	Document --Seal--> Sealed --Open--> Opened --Document--> Document
//	                     ^                 |
//	                     +-- Reseal, Rewrap, Rotate
//
// The package works on bytes: it reads no disk, starts no process and knows
// nothing of environments.
package envfile
