//go:build darwin

package ptyrun_test

// hide is for the systems whose guard is tested against it.
func hide(string) int { return 1 }

func handOn(string) int { return 1 }

func askInSecret() int { return 1 }
