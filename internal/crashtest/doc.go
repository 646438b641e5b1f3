// Package crashtest runs npmotp's commands while the system fails them: killed or
// refused at each system call, on a disk that is full or cannot be written, and
// with the power cut. It holds tests alone, for root on Linux:
//
//	go test -tags crash ./internal/crashtest
//
// A sample runs; with NPMOTP_TEST_WHOLE=1 all of them do.
package crashtest
