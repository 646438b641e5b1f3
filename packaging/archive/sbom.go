package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"npmotp/packaging/project"
)

// What a CycloneDX document of version 1.6 consists of, as far as it is used here
// (https://cyclonedx.org/docs/1.6/json/).
type (
	document struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		SpecVersion  string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Tools     tools     `json:"tools"`
		Component component `json:"component"`
	}
	tools struct {
		Components []component `json:"components"`
	}
	component struct {
		Type       string      `json:"type"`
		Ref        string      `json:"bom-ref,omitempty"`
		Name       string      `json:"name"`
		Version    string      `json:"version"`
		Scope      string      `json:"scope,omitempty"`
		Hashes     []hash      `json:"hashes,omitempty"`
		Licences   []licence   `json:"licenses,omitempty"`
		PURL       string      `json:"purl,omitempty"`
		References []reference `json:"externalReferences,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licence struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	reference struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	}
	dependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn,omitempty"`
	}
)

func under(id string) []licence {
	var l licence
	l.Licence.ID = id
	return []licence{l}
}

// bom returns the list of the parts of an archive.
func bom(r project.Release, t project.Target, archive []byte, parts []part, used map[string][]string) ([]byte, error) {
	digest := sha256.Sum256(archive)
	main := component{
		Type: "application", Name: project.Name, Version: r.Version,
		Hashes:     []hash{{"SHA-256", hex.EncodeToString(digest[:])}},
		Licences:   under(project.Licence),
		PURL:       "pkg:github/" + strings.TrimPrefix(project.URL, "https://github.com/") + "@" + r.Version,
		References: []reference{{"vcs", project.URL}, {"distribution", t.Download(r.Version)}},
	}
	main.Ref = main.PURL
	refs := map[string]string{"": main.Ref}
	d := document{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
		Format: "CycloneDX", SpecVersion: "1.6", Serial: "urn:uuid:" + uuid(digest), Version: 1,
		Metadata: metadata{
			Timestamp: r.Time.Format(time.RFC3339),
			Tools:     tools{[]component{{Type: "application", Name: "go", Version: parts[0].version}}},
			Component: main,
		},
	}
	for _, p := range parts {
		c := component{
			Type: "library", Name: p.path, Version: p.version, Scope: "required",
			Licences: under(p.licence), PURL: "pkg:golang/" + p.path + "@" + p.version,
		}
		c.Ref = c.PURL
		refs[p.path] = c.Ref
		if p.sum != "" {
			// The hash of the module that go.sum has: SHA-256 over its list of
			// files, as other writers of these documents give it.
			sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.sum, "h1:"))
			if err != nil || len(sum) != sha256.Size {
				return nil, fmt.Errorf("%s: %q is no sum of go.sum", p.path, p.sum)
			}
			c.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum)}}
		}
		d.Components = append(d.Components, c)
	}
	for _, from := range append([]part{{}}, parts...) {
		edge := dependency{Ref: refs[from.path]}
		for _, to := range used[from.path] {
			edge.On = append(edge.On, refs[to])
		}
		d.Dependencies = append(d.Dependencies, edge)
	}
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

// uuid makes a digest a UUID of version 8 (RFC 9562, section 5.8), so that the
// same archive has the same serial number.
func uuid(digest [sha256.Size]byte) string {
	b := digest[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
