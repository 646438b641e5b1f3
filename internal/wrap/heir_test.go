package wrap_test

import (
	"encoding/json"
	"strings"
	"testing"

	"npmotp/internal/wrap"
	"npmotp/vault"
)

// A code that goes along with npm is inherited by the scripts of the package, so it goes
// along only where none of them is seen to take it to another registry.
func TestInherited(t *testing.T) {
	const (
		fine    = ""
		away    = "the script postpublish would send the code to " + elsewhere
		unseen  = "the script postpublish hands it on"
		publish = "npm publish --registry " + elsewhere
	)
	for script, says := range map[string]string{
		publish:             away,
		"(" + publish + ")": away,
		"if true; then npm publish --registry=" + elsewhere + "; fi": away,
		"exec " + publish: away,
		"echo `npm ping --registry " + elsewhere + "`":                 away,
		"sh -c '" + publish + "'":                                      away,
		"cd sub && npm publish":                                        away,
		"cd sub; npm run build; npm publish":                           away,
		"(cd sub; npm publish)":                                        away,
		"npm publish ./sub":                                            away,
		"npm publish sub/":                                             away,
		"npm run mirror":                                               away,
		"run-s more":                                                   away,
		"$npm_execpath publish --registry " + elsewhere:                away,
		"npm_config_registry=" + elsewhere + " npm publish":            away,
		"export npm_config_registry=" + elsewhere + "; npm publish":    away,
		"npm publish --registry $MIRROR":                               unseen,
		"npx --prefix sub npm publish":                                 unseen,
		"npm test && make release || true":                             fine,
		"cd sub; npm run build; npm pack":                              fine,
		"npm dist-tag add $npm_package_name@$npm_package_version next": fine,
		"git push origin mirror":                                       fine,
		"yarn publish --registry " + elsewhere:                         fine,
		"npm whoami && npm view a versions":                            fine,
	} {
		manifest, err := json.Marshal(map[string]any{"name": "a", "version": "1.0.0", "scripts": map[string]string{
			"postpublish": script, "mirror": publish, "more": "npm run mirror", "test": "node .", "build": "cd x; tsc",
		}})
		if err != nil {
			t.Fatal(err)
		}
		s := newSetup(t, map[string]string{
			"package.json": string(manifest), "sub/package.json": `{"name":"b","version":"1.0.0","publishConfig":{"registry":"` + elsewhere + `"}}`,
		}, account("ada", vault.DefaultRegistry))
		said := ""
		if err := s.runner.Run(t.Context(), wrap.Options{}, words("npm publish --ignore-scripts=false")); err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, says) || says == fine && said != "" {
			t.Errorf("%s: it says %q, want %q", script, said, says)
		}
	}
}
