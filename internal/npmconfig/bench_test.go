package npmconfig_test

import (
	"os"
	"testing"

	"npmotp/internal/npmconfig"
)

// BenchmarkTargets is on the way of every command that npmotp runs.
func BenchmarkTargets(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(dir+"/package.json", []byte(pkg("@acme/thing", "")), 0o600); err != nil {
		b.Fatal(err)
	}
	q := npmconfig.Query{
		Tool: "npm", Subcommand: "publish", Argv: []string{"npm", "publish", "--tag", "next"}, Dir: dir,
		Environ: []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")},
	}
	for b.Loop() {
		if _, err := npmconfig.Targets(q); err != nil {
			b.Fatal(err)
		}
	}
}
