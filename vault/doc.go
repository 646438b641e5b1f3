// Package vault keeps one-time password accounts and recovery codes in one
// encrypted file.
//
// A vault file is text: a header line, one slot for each way of opening it, and
// a body. Every slot and the body are ordinary armored age files. A slot holds
// the vault identity, wrapped with a passphrase; the body holds the contents,
// encrypted to the vault identity, so that saving costs no scrypt and the stock
// age tool opens a vault without this package (doc/design.md has the recipe).
//
// What the package promises:
//   - An update is on disk, synced and read back, when [Vault.Update] returns
//     nil; when it returns an error the file holds what it held before.
//   - Updates of several processes happen one after the other.
//   - A recovery code or an HOTP counter is on disk as used before it is returned.
//   - A changed byte anywhere in the file is an error, never other contents.
//   - A file older than the newest this machine has seen is not written to.
//   - Fields of a later version that this one does not know survive a rewrite.
//
// What it does not: it does not hide how many kilobytes the contents have, in
// steps of four; it does not wipe memory; and whoever can read the process can
// read an open vault.
package vault
