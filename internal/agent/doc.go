// Package agent is a process that hands out one-time passwords while a vault is
// unlocked, and the client that asks it.
//
// What it promises:
//   - It gives one-time passwords, the list of accounts and its own status. A
//     key, a secret, a recovery code or the vault identity has no place in the
//     types that go over the socket, and the package is handed functions that
//     yield codes, not the vault.
//   - It serves processes of its own user only, and the client talks to an agent
//     of its own user only: both ask the system who is at the other end.
//   - It ends at its time, when it was not used for a while, when it is told to,
//     at SIGTERM and SIGHUP, and when the machine has slept.
//   - One agent serves one vault; a second one does not start.
//   - It remembers what it gave to which process.
//   - Where each code needs a yes, it shows a person what asks, one question at a
//     time, and gives nothing without one.
//
// What it does not: a process of the same user that asks gets a code, unless a code
// needs a yes; and one that can type where the question is asked can say that yes.
// There is no agent on systems other than Linux and macOS.
//
// A message is a frame: its length in four bytes, the most significant first,
// and that many bytes of JSON, 64 KiB at most. Each request is answered by one
// frame, before which another may say that a person is asked. A connection carries
// as many requests as the client likes.
package agent
