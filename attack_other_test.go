//go:build !linux

package main_test

const attackVariable = "TEST_ATTACK"

// attack is for Linux; see attack_linux_test.go.
func attack(string) int { return 1 }
