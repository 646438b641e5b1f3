// Package crashtest runs npmotp's commands while the system fails them: killed or
// refused at each system call, on a disk that is full or cannot be written, and
// with the power cut. Its tests are for root on Linux:
//
//	go test -tags crash ./internal/crashtest
//
// A sample runs; with NPMOTP_TEST_WHOLE=1 all of them do. What it exports is for the
// tests of packages that read files, and is never part of the program.
package crashtest
