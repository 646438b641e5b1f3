package approve

import (
	"context"
	"crypto/sha1" //nolint:gosec // as the registry lists them
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"npmotp/internal/wrap"
)

// printDiffs prints what approving would change.
func (p *Procedure) printDiffs(ctx context.Context, o Options, chosen []Stage) error {
	for _, s := range chosen {
		lines, err := p.look(ctx, o, s)
		if err != nil {
			return err
		}
		for _, line := range append(lines, "") {
			if err := p.Runner.UI.Line("%s", line); err != nil {
				return err
			}
		}
	}
	return nil
}

// look returns the lines that show a staged version: what npm says of it, whether
// what the registry serves is what it lists, and what changes against the version
// that is published.
func (p *Procedure) look(ctx context.Context, o Options, s Stage) ([]string, error) {
	view, _, err := p.npm(ctx, "", o, "stage", "view", s.ID)
	if err != nil {
		return nil, err
	}
	lines := linesOf(view)
	dir, err := os.MkdirTemp("", "npmotp-approve-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// npm writes into the working folder, and reads the settings of the project.
	project, _, err := p.npm(ctx, "", Options{}, "prefix")
	if err != nil {
		return nil, err
	}
	_, notices, err := p.npm(ctx, dir, o, "stage", "download", s.ID, "--prefix="+project)
	if err != nil {
		return nil, err
	}
	tarballs, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return nil, errors.New("npm did not write the staged tarball")
	}
	data, err := os.ReadFile(tarballs[0])
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(data) //nolint:gosec // compared with what the registry lists, no more
	if got := hex.EncodeToString(sum[:]); s.Shasum != "" && got != strings.ToLower(s.Shasum) {
		lines = append(lines, "", "WARNING: the tarball that the registry serves has the checksum "+got+", which is not the one above")
	}
	published, err := p.published(ctx, o, s)
	if err != nil {
		return nil, err
	}
	if published == "" {
		lines = append(lines, "", "nothing is published as "+s.Package+" yet; the tarball:", "")
		for _, line := range linesOf(notices) {
			lines = append(lines, strings.TrimSpace(strings.TrimPrefix(line, "npm notice")))
		}
		return lines, nil
	}
	diff, _, err := p.npm(ctx, "", o, "diff", "--diff="+s.Package+"@"+published, "--diff=file:"+tarballs[0])
	if err != nil {
		return nil, err
	}
	lines = append(lines, "", "what changes against "+s.Package+"@"+published+":", "")
	if diff == "" {
		return append(lines, "nothing"), nil
	}
	return append(lines, linesOf(diff)...), nil
}

// published returns the version that has the dist-tag of a staged one, or else
// the latest; "" when there is none.
func (p *Procedure) published(ctx context.Context, o Options, s Stage) (string, error) {
	stdout, _, err := p.npm(ctx, "", o, "view", s.Package, "dist-tags", "--json")
	if refusal, ok := errors.AsType[*wrap.RefusedError](err); ok && refusal.Code == "E404" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	tags, err := readTags(stdout)
	if err != nil {
		return "", fmt.Errorf("what npm says of %s cannot be read: %w", s.Package, err)
	}
	for _, tag := range []string{s.Tag, "latest"} {
		if version := tags[tag]; isWord(version) {
			return version, nil
		}
	}
	return "", nil
}

// readTags reads the dist-tags that npm view prints: an object, which npm 12 puts
// into a list.
func readTags(text string) (map[string]string, error) {
	var tags map[string]string
	if text == "" {
		return tags, nil
	}
	err := json.Unmarshal([]byte(text), &tags)
	if err == nil {
		return tags, nil
	}
	var list []map[string]string
	if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
		return list[0], nil
	}
	return nil, err
}

// linesOf splits a text, without its tabs.
func linesOf(text string) []string {
	const tab = "    "
	return strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\t", tab), "\n")
}
