package ui

import (
	"errors"
	"strconv"
	"time"
)

// A TimeFlag is a duration that may also be written as a number of seconds.
type TimeFlag time.Duration

// Set implements pflag.Value.
func (f *TimeFlag) Set(s string) error {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		*f = TimeFlag(time.Duration(n) * time.Second)
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return errors.New("not a time such as 30s or 1m")
	}
	*f = TimeFlag(d)
	return nil
}

// String implements pflag.Value.
func (f *TimeFlag) String() string { return time.Duration(*f).String() }

// Type implements pflag.Value.
func (f *TimeFlag) Type() string { return "time" }
