package config_test

import (
	"os"
	"testing"

	"npmotp/internal/npm/config"
)

// BenchmarkTargets is on the way of every command that npmotp runs.
func BenchmarkTargets(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(dir+"/package.json", []byte(pkg("@acme/thing", "")), 0o600); err != nil {
		b.Fatal(err)
	}
	q := config.Query{
		Tool: "npm", Subcommand: "publish", Argv: []string{"npm", "publish", "--tag", "next"}, Dir: dir,
		Environ: []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")},
	}
	for b.Loop() {
		if _, err := config.Targets(q); err != nil {
			b.Fatal(err)
		}
	}
}
